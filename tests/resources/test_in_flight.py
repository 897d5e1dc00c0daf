"""How many requests a server is given: more while it has room, fewer when they only wait."""

from resources.in_flight import FEWEST, FIRST, Load, load_in, next_limit

METRICS = """\
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="m"} 3.0
vllm:num_requests_running{engine="1",model_name="m"} 4.0
vllm:num_requests_waiting{engine="0",model_name="m"} 1.0
vllm:num_requests_waiting_by_reason{engine="0",model_name="m",reason="capacity"} 9.0
vllm:num_requests_waiting{engine="1",model_name="m"} 0.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.5
"""


def test_the_load_of_all_engines_is_read_from_metrics() -> None:
    assert load_in(METRICS) == Load(running=7, waiting=1, cache=0.5)
    assert load_in("process_cpu_seconds_total 1.0") is None


def test_a_server_with_room_gets_half_as_many_more_up_to_the_most() -> None:
    assert next_limit(32, 32, Load(32, 0, 0.2), 256) == 48
    assert next_limit(200, 200, Load(200, 0, 0.2), 256) == 256


def test_a_server_that_could_not_be_filled_or_has_a_full_cache_gets_no_more() -> None:
    assert next_limit(32, 20, Load(20, 0, 0.2), 256) == 32
    assert next_limit(32, 32, Load(32, 0, 0.99), 256) == 32


def test_as_many_may_wait_as_run_and_no_more() -> None:
    assert next_limit(32, 32, Load(16, 16, 0.5), 256) == 32
    assert next_limit(64, 64, Load(16, 48, 0.5), 256) == 32
    assert next_limit(10, 10, Load(0, 10, 0.5), 256) == FEWEST


def test_a_server_that_says_nothing_recovers_to_the_first_number() -> None:
    assert next_limit(8, 8, None, 256) == 9
    assert next_limit(FIRST, 32, None, 256) == FIRST
    assert next_limit(8, 8, None, 4) == 4


def test_the_number_settles_for_a_server_that_works_on_sixteen() -> None:
    limit, seen = FIRST, []
    for _ in range(6):
        limit = next_limit(limit, limit, Load(min(limit, 16), max(0, limit - 16), 0.1), 256)
        seen.append(limit)
    assert seen[-1] == 32
