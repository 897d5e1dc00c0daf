"""The clock of an image stops while others are waited for."""

import signal

from dataset_build import watchdog


def test_waiting_for_others_takes_no_time_of_the_image() -> None:
    signal.setitimer(signal.ITIMER_REAL, 1000)
    try:
        with watchdog.paused():
            assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 1000
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def test_where_no_clock_runs_none_is_started() -> None:
    with watchdog.paused():
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
