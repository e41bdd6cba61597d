"""`selfloop stage`."""


def stage() -> None:
    """stage."""
