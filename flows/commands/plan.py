"""`selfloop plan`."""


def plan() -> None:
    """plan."""
