"""What can go wrong with a release, each said in one line that names the fix."""

from dataset_build.errors import UserError


class ReleaseError(UserError):
    """Something about a release can't be done; the message is one line for the user."""


class BadVersion(ReleaseError):
    """A release can't be given that name."""


class NoRelease(ReleaseError):
    """The lake holds no release yet."""


class UnknownRelease(ReleaseError):
    """The lake holds no release of that name."""


class PurgedRelease(ReleaseError):
    """A release's data was deleted after a take-down; only its manifest is left."""


class BrokenTag(ReleaseError):
    """A tag's file can't be read, or it names no release."""


class IncompleteRelease(ReleaseError):
    """A release's files are not those that its manifest lists."""


class NoSuchTable(ReleaseError):
    """A release has no table of that name."""


class MissingExtra(ReleaseError, ImportError):
    """An optional package isn't installed."""


class BadQuery(ReleaseError):
    """DuckDB refuses a query."""


class NoSuchImage(ReleaseError):
    """No image or file of the release fits the description."""


class Ambiguous(ReleaseError):
    """More than one image fits the description."""
