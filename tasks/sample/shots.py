"""Worked examples shown before a problem (`generate.few_shot`): what is asked, and never what is trained on.

A sampler is given problems whose chats begin with the examples, each a user's turn and the model's, and knows nothing
of it; so every sampler has them. What comes out is put back under the problem's own chat: `Sample.messages` says what
was asked, `Sample.stored` what training shows. Pure but for `shots_of`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from configs.errors import ProblemsError
from configs.schema.judges.kinds import Judge
from configs.schema.recipe import Recipe
from tasks.core.files import FEW_SHOT_SET
from tasks.core.ledger import Ledger
from tasks.core.records import Message, Problem, Sample, Verdict
from tasks.core.refs import StepRef
from tasks.core.stage import Without, without
from tasks.sample.drive import Partners
from tasks.sample.episode import E


@dataclass(frozen=True)
class Shots:
    """The examples of a round; none where `count` is 0.

    Attributes:
        solved: problems with worked solutions, in the order in which they are shown.
        count: how many each problem is shown: the first ones that are not the problem itself.
    """

    solved: tuple[Problem, ...] = ()
    count: int = 0

    def shown(self, problems: Iterable[Problem]) -> list[Problem]:
        """The problems with the examples in their chats, after a system turn.

        Raises:
            ProblemsError: there are too few examples beside the problem itself.
        """
        return [self._shown(problem) for problem in problems] if self.count else list(problems)

    def _shown(self, problem: Problem) -> Problem:
        others = (one for one in self.solved if one.messages != problem.messages)
        turns = [turn for one in islice(others, self.count) for turn in _turns(one)]
        if len(turns) < 2 * self.count:
            raise ProblemsError(
                f"generate.few_shot shows {self.count} examples, and beside problem {problem.id} its source has "
                f"{len(turns) // 2}",
                "add a problem to generate.few_shot.source, or write a smaller count",
            )
        start = _num_system(problem.messages)
        return replace(problem, messages=(*problem.messages[:start], *turns, *problem.messages[start:]))

    def hidden(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """A chat that began with the examples, without them."""
        start = _num_system(messages)
        return (*messages[:start], *messages[start + 2 * self.count :])

    def put_back(self, episodes: Iterable[E]) -> Iterator[E]:
        """What became of shown problems, as samples of the problems themselves."""
        return map(self._put_back, episodes) if self.count else iter(episodes)

    def _put_back(self, episode: E) -> E:
        return replace(
            episode,
            problem=self._own(episode.problem),
            nodes=tuple(self._sample(node, episode.problem) for node in episode.nodes),
            problems=tuple(map(self._own, episode.problems)),
        )

    def _own(self, problem: Problem) -> Problem:
        return replace(problem, messages=self.hidden(problem.messages))

    def _sample(self, node: Sample, problem: Problem) -> Sample:
        """The node with the chat that it was asked, and the one that training shows; its log-probability is that of
        another chat. What saw more than the examples keeps what it was asked."""
        if node.privileged and node.messages:
            return replace(node, stored=self._without(problem, node.stored), logprob=None)
        if node.parent_id is not None and not node.messages:
            return replace(node, logprob=None)  # the path below the problem's own chat is what training shows
        asked = node.messages or problem.messages
        return replace(node, messages=asked, stored=self._without(problem, node.stored or asked), logprob=None)

    def _without(self, problem: Problem, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """A chat about a shown problem without the examples; one that does not begin with them stays as it is."""
        start, own = _num_system(messages), _num_system(problem.messages)
        examples = problem.messages[own : own + 2 * self.count]
        return self.hidden(messages) if messages[start : start + 2 * self.count] == examples else messages

    def before(self, partners: Partners) -> Partners:
        """Partners whose judges see the problems themselves."""

        def judge(judge: Judge, samples: Sequence[Sample], problems: Mapping[str, Problem]) -> Iterable[Verdict]:
            return partners.judge(judge, samples, {name: self._own(problem) for name, problem in problems.items()})

        return replace(partners, judge=judge) if self.count else partners


NO_SHOTS = Shots()


def shots_of(recipe: Recipe, ledger: Ledger, problems: StepRef, round: int) -> Shots:
    """The examples that a round shows.

    Args:
        recipe: of the round.
        problems: the step with the set of examples.
    """
    config = recipe.generate.few_shot
    if config is None or (config.rounds is not None and round > config.rounds):
        return NO_SHOTS
    return Shots(tuple(FEW_SHOT_SET.read(ledger, problems)), config.count)


def shots_told(recipe: Recipe) -> dict[str, Without]:
    """What of the examples enters a step's key, beside the step that holds them; nothing where there are none."""
    config = recipe.generate.few_shot
    return {"few_shot": without(config, "source")} if config else {}


def _num_system(messages: Sequence[Message]) -> int:
    return next((place for place, message in enumerate(messages) if message.role != "system"), len(messages))


def _turns(problem: Problem) -> tuple[Message, ...]:
    """An example as a user's turn and the model's."""
    asked = "\n".join(message.content for message in problem.messages if message.role != "system")
    assert problem.solution is not None, "the set was checked for solutions"
    return (Message("user", asked), Message("assistant", problem.solution))
