"""The command line, run inside the tests' own process."""

import sys

import pytest

from dataset_build.cli import main


class Shell:
    """Runs a command and keeps what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.capsys, self.patch = capsys, patch

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        self.patch.setattr(sys, "argv", ["dataset-build", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
            sys.exit(0)
        printed = self.capsys.readouterr()
        return int(end.value.code or 0), printed.out, printed.err
