"""A chat that a model's format cannot write, where it writes others. Raised by the other files of this folder."""

from configs.errors import UserError


class ChatRefused(UserError):
    """This chat or text cannot become tokens of this model; others may."""
