"""A chain of attempts and the texts between them, as far as it has come, and what its next writer is shown. Pure.

Two chats are kept side by side: what was really asked, and what training shows in its place (`stored_prompt`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tasks.core.records import Message, Part, Sample

Talk = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the writer of one text is given.

    Attributes:
        talk: the chat; it ends before the turn that is written.
        stored: the same as training shows it.
        turn: the model's own turn so far, where the text goes on within it.
        given: text that is put before what is written, and belongs to it.
        is_privileged: whether the writer sees the answer, the solution or a sibling here.
    """

    talk: Talk
    stored: Talk
    turn: str = ""
    given: str = ""
    is_privileged: bool = False

    @property
    def prefix(self) -> str:
        """The beginning of the model's turn."""
        return self.turn + self.given


@dataclass(frozen=True, slots=True)
class Chain:
    """One path through the tree of a problem's texts.

    Attributes:
        path: first attempt first.
        talk: all turns so far; it ends with the model's.
        stored: the same as training shows it.
        pending: texts by rule since the model's last turn: they stand in the user's next one.
    """

    path: tuple[Sample, ...]
    talk: Talk
    stored: Talk
    pending: tuple[Sample, ...] = ()

    @property
    def tip(self) -> Sample:
        """The text written last."""
        return self.path[-1]

    @property
    def attempts(self) -> tuple[Sample, ...]:
        """First attempt first."""
        return tuple(node for node in self.path if node.part == Part.ATTEMPT)

    @property
    def feedback(self) -> dict[str, Sample]:
        """By part, what was written last since the last attempt."""
        start = self.path.index(self.attempts[-1])
        return {node.part: node for node in self.path[start + 1 :]}

    @property
    def said(self) -> str:
        """What the verdict since the last attempt was read as: right, wrong, or unread. Unread too without one."""
        found = self.feedback.get(Part.VERDICT)
        return (found.said if found else None) or "unread"


def begun(first: Sample, problem: Talk) -> Chain:
    """A chain with its first attempt."""
    talk = (*problem, Message("assistant", first.text))
    return Chain((first,), talk, talk)


def goes_on_in_turn(chain: Chain, node: Sample, asked: Asked) -> Chain:
    """With a text within the model's own turn."""
    own = Message("assistant", asked.turn + node.text)
    return replace(chain, path=(*chain.path, node), talk=(*asked.talk, own), stored=(*asked.stored, own))


def with_turn(chain: Chain, node: Sample, asked: Asked) -> Chain:
    """With a turn of its own, written in a chat."""
    own = Message("assistant", node.text)
    return Chain((*chain.path, node), (*asked.talk, own), (*asked.stored, own))


def beside(chain: Chain, node: Sample) -> Chain:
    """With a text that is written outside of the chat: later writers see it where their prompts name it."""
    return replace(chain, path=(*chain.path, node))


def told(chain: Chain, node: Sample) -> Chain:
    """With a text by rule that the user says."""
    return replace(chain, path=(*chain.path, node), pending=(*chain.pending, node))
