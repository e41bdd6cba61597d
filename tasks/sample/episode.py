"""What happens in sampling one problem, as values: an episode, what it asks next, and the rule that says so.

A sampler is a state machine without I/O. `drive.py` runs many episodes of it side by side: it asks what they want to
know, in batches, and hands the answers back. To add a sampler: a class of the schema, and a file in `samplers/`
that is called as the kind is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from configs.schema.drawing import Sampling
from configs.schema.judges.kinds import Judge
from infra.engines.questions import Completion, Messages, Request
from tasks.core.records import Inserted, Problem, Sample, Verdict
from tasks.core.step import Summary
from tasks.sample.interpreter.tool import ToolCompletion

POLICY = "policy"
"""name of the answerer that writes samples"""


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts that somebody is asked to write. Answer: the completions of each request, less the draws that are missing.

    Attributes:
        who: name of an answerer, see `drive.Partners`.
        requests: ids are unique in the round, and seeds come from the episode's.
    """

    who: str
    sampling: Sampling
    requests: tuple[Request, ...]


@dataclass(frozen=True, slots=True)
class Opinions:
    """What a judge is asked about samples. Answer: one verdict a sample.

    Attributes:
        problem: what the samples answer.
        samples: those of the problem that the judge sees together.
    """

    judge: Judge
    problem: Problem
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Runs:
    """What comes out when samples are run on tests that are shown. Answer: one report a sample.

    Attributes:
        judge: with a verifier of kind `code`.
        is_public: whether public tests are shown, or those that grade.
    """

    judge: Judge
    problem: Problem
    samples: tuple[Sample, ...]
    is_public: bool


Question = Texts | Opinions | Runs
Answer = Sequence[Any]
"""of Texts, Sequence[tuple[Completion, ...]]; of Opinions, Sequence[Verdict]; of Runs, Sequence[RunReport]"""


@dataclass(frozen=True)
class Episode:
    """The sampling of one problem, as far as it has come; samplers add fields of their own.

    Attributes:
        index: number of the episode among those of the problem.
        seed: all randomness of the episode comes from it.
        nodes: the texts so far, depth first.
        verdicts: of judges that were asked on the way and are not asked again, in the order of the nodes.
        problems: what the nodes answer, where that is not the problem itself.
        starts: of nodes that are pieces of one drawn text, by id, the place in it where they begin, in characters.
    """

    problem: Problem
    index: int
    seed: int
    nodes: tuple[Sample, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    problems: tuple[Problem, ...] = ()
    starts: Mapping[str, int] = field(default_factory=dict)


E = TypeVar("E", bound=Episode)


class Sampler(Protocol[E]):
    """One kind of sampling. All methods are pure.

    Attributes:
        is_single_wave: whether every episode asks once, the same of the same answerers: such episodes are streamed.
        has_one_writer: whether episodes that ask more than once ask one thing at a time, and all texts of one writer at
            one setting: what they ask flows on, and nobody waits for the rest of a wave.
        makes_problems: whether episodes end with problems and verdicts of their own, beside their nodes.
    """

    is_single_wave: bool
    has_one_writer: bool
    makes_problems: bool

    @property
    def settings(self) -> Sequence[Sampling]:
        """How the policy is asked; a plan counts the answers that are there already."""

    @property
    def judges(self) -> Sequence[Judge]:
        """Judges that are asked on the way; they enter the step's key."""

    def begin(self, problem: Problem, index: int, seed: int) -> E:
        """An episode that has asked nothing yet."""

    def ask(self, episode: E) -> Sequence[Question] | None:
        """What the episode wants to know next; None at its end."""

    def take(self, episode: E, answers: Sequence[Answer]) -> E:
        """The episode with the answers to what it asked, in the places of the questions."""

    def numbers(self, episode: E) -> Mapping[str, int]:
        """What is counted of a finished episode."""

    def summary(self, num_problems: int, sums: Mapping[str, int]) -> Summary:
        """Numbers of a step, besides those of problems and samples.

        Args:
            sums: of `numbers` over all episodes.
        """


def chat_of(problem: Problem) -> Messages:
    """What an engine reads of a problem."""
    return tuple((message.role, message.content) for message in problem.messages)


def inserted_in(completion: Completion) -> tuple[Inserted, ...]:
    """Outputs of an interpreter in a completion."""
    return completion.inserted if isinstance(completion, ToolCompletion) else ()


def to_sample(completion: Completion, problem: Problem, model: str, **fields: Any) -> Sample:
    """A completion of a problem's chat as a sample.

    Args:
        model: digest of the model that wrote it.
        fields: of the sample, in place of what the completion says.
    """
    told: dict[str, Any] = {
        "id": f"{problem.id}/{completion.index}",
        "problem_id": problem.id,
        "index": completion.index,
        "text": completion.text,
        "finish_reason": completion.finish_reason,
        "num_tokens": completion.num_tokens,
        "logprob": completion.logprob,
        "model": model,
        "inserted": inserted_in(completion),
    }
    return Sample(**{**told, **fields})
