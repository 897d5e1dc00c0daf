"""What can be wrong with the wish for an export."""

from dataset_build.errors import UserError


class ExportError(UserError):
    """An export can't be made as asked; the message is one line for the user."""
