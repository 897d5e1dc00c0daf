"""The kind of error that a user can mend: its message is one line that names what is wrong and the fix."""


class UserError(Exception):
    """Shown as one line on the command line, without a traceback."""

    exit_code = 2


class RunError(UserError):
    """What was asked for is right, but it could not be done now."""

    exit_code = 1
