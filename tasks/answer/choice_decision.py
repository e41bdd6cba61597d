"""Which choice a text takes in the end, by all that it claims. Called by `choices.py`."""

from __future__ import annotations

from tasks.answer.choice_before import Claim
from tasks.answer.value import UnreadableError


def decide(events: list[Claim], choices: str) -> str | None:
    """What is taken in the end."""
    events = _after_turn(events)
    takes = [(place, claim) for place, claim in enumerate(events) if claim.kind == "take"]
    strongest = max((claim.strength for _, claim in takes), default=0)
    if strongest == 1:
        items = {claim.options for claim in events if claim.kind == "item"}
        if items - {claim.options for _, claim in takes}:
            return None
        takes = _without_list(takes, choices)
    takes = [(place, claim) for place, claim in takes if claim.strength == strongest or len(claim.options) > 1]
    takes = _without_texts(takes, events)
    if not takes:
        if any(claim.kind == "deny" for claim in events):
            raise UnreadableError("choices are denied, and none is taken")
        return None
    place, last = takes[-1]
    later = [claim for claim in events[place + 1 :] if claim.kind == "deny" and set(claim.options) & set(last.options)]
    if later:
        raise UnreadableError(f"the choice {last.options[0]} is taken back")
    if len(last.options) > 1:
        raise UnreadableError(f"two choices are taken together: {last.options[0]} and {last.options[1]}")
    others = [claim for before, claim in takes[:-1] if claim.options != last.options and len(claim.options) == 1
              and not _is_denied(events[before:place], claim)]  # fmt: skip
    if others:
        raise UnreadableError(f"two choices are taken: {others[-1].options[0]} and {last.options[0]}")
    return last.options[0]


def _without_texts(takes: list[tuple[int, Claim]], events: list[Claim]) -> list[tuple[int, Claim]]:
    """Without what the text of an option says of several others, behind the option: `D. Both A and B are right`."""
    kept = list[tuple[int, Claim]]()
    for place, claim in takes:
        before = events[place - 1] if place else claim
        is_text = before.kind == "take" and before.strength in (1, 3) and not set(before.options) & set(claim.options)
        if is_text and len(claim.options) > 1 and len(before.options) == 1:
            kept = kept if (place - 1, before) in kept else [*kept, (place - 1, before)]
        else:
            kept.append((place, claim))
    return kept


def _is_denied(events: list[Claim], claim: Claim) -> bool:
    return any(one.kind == "but" or (one.kind == "deny" and set(claim.options) <= set(one.options)) for one in events)


def _after_turn(events: list[Claim]) -> list[Claim]:
    """The claims after the last change of mind."""
    turns = [place for place, claim in enumerate(events) if claim.kind == "turn"]
    if not turns:
        return events
    after = events[turns[-1] + 1 :]
    if not any(claim.kind == "take" for claim in after):
        if any(claim.kind == "take" for claim in events):
            raise UnreadableError("the text takes its choice back")
        return after
    return after


def _without_list(takes: list[tuple[int, Claim]], choices: str) -> list[tuple[int, Claim]]:
    """Letters alone without those that list all choices, each on its line."""
    letters = [claim.options[0] for _, claim in takes if len(claim.options) == 1]
    length = next((n for n, letter in enumerate(letters) if n >= len(choices) or letter != choices[n]), len(letters))
    is_list = length > 1
    listed = takes[length:] if is_list else takes
    return listed
