"""`selfloop export`."""


def export() -> None:
    """export."""
