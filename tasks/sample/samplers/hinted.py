"""Sampler `hinted`: tries of a problem with help, one after the other, until enough are right. Pure.

The four kinds of help, and what a try is asked, are in `tasks/sample/guide/help.py`; who is helped, and for how long,
in `tasks/sample/guide/plan.py`. Called through `drive.py` by the guide stage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from configs.schema.around_generate import Guide
from configs.schema.drawing import Sampling
from configs.schema.draws.draw import HELPED
from configs.schema.judges.kinds import Judge
from infra.engines.questions import Completion, Messages, Request
from tasks.core.records import Judgement, Label, Message, Problem, Sample
from tasks.core.step import Summary, derive_seed
from tasks.sample.episode import POLICY, Answer, Episode, Opinions, Question, Texts, to_sample
from tasks.sample.guide.help import Ask, ask_for_feedback, ask_with_feedback, ask_with_help
from tasks.sample.guide.plan import Standing, wants_more

TEACHER = "teacher"
"""name of the answerer that comments on failed tries"""


@dataclass(frozen=True)
class Guided(Episode):
    """Tries of one problem; `nodes` are those that were judged, with their verdicts.

    Attributes:
        comments: a teacher's on the first failed try, one for every try there may be; None before they are drawn.
        num_asked: tries asked for, those that are missing included.
        drawn: the try that was drawn, and not judged yet.
    """

    comments: tuple[Judgement, ...] | None = None
    num_asked: int = 0
    drawn: Sample | None = None

    @property
    def outcomes(self) -> list[bool]:
        """Whether each try was right."""
        return [verdict.label == Label.CORRECT for verdict in self.verdicts]


@dataclass(frozen=True)
class Hinted:
    """Tries with help.

    Attributes:
        prompts: texts of the kind's prompts, in the order of `prompt_names`.
        judge: says which tries are right.
        standing: how each problem stands before guidance, by id.
        model: digest of the model that writes the tries.
    """

    config: Guide
    sampling: Sampling
    prompts: Sequence[str]
    judge: Judge
    standing: Mapping[str, Standing]
    model: str
    is_single_wave = False
    has_one_writer = False
    makes_problems = False

    @property
    def settings(self) -> Sequence[Sampling]:
        return [self.sampling]

    @property
    def judges(self) -> Sequence[Judge]:
        return (self.judge,)

    def begin(self, problem: Problem, index: int, seed: int) -> Guided:
        return Guided(problem, index, seed)

    def ask(self, episode: Guided) -> Sequence[Question] | None:
        if episode.drawn is not None:
            return [Opinions(self.judge, episode.problem, (episode.drawn,))]
        if not self._wants_more(episode):
            return None
        if self.config.kind == "interactive" and episode.comments is None:
            return [Texts(TEACHER, self.sampling, (self._comments_request(episode),))]
        asked, seed = self._help(episode), derive_seed(episode.seed, "try", episode.num_asked)
        request = Request(episode.problem.id, chat_to_ask(asked.messages), 1, asked.prefix, seed)
        return [Texts(POLICY, self.sampling, (request,))]

    def take(self, episode: Guided, answers: Sequence[Answer]) -> Guided:
        (answer,) = answers
        if episode.drawn is not None:
            nodes, verdicts = (*episode.nodes, episode.drawn), (*episode.verdicts, *answer)
            return replace(episode, nodes=nodes, verdicts=verdicts, drawn=None)
        (completions,) = answer
        if self.config.kind == "interactive" and episode.comments is None:
            return replace(episode, comments=tuple(self._comment(episode, row) for row in completions))
        drawn = self._try(episode, completions[0]) if completions else None
        return replace(episode, drawn=drawn, num_asked=episode.num_asked + 1)

    def numbers(self, episode: Guided) -> Mapping[str, int]:
        return {}

    def summary(self, num_problems: int, sums: Mapping[str, int]) -> Summary:
        return {}

    def _wants_more(self, episode: Guided) -> bool:
        config, standing = self.config, self.standing[episode.problem.id]
        if config.kind == "interactive" and standing.failed is None:
            return False  # a comment needs a failed try to comment on
        if episode.comments is not None and episode.num_asked >= len(episode.comments):
            return False  # the teacher's other comments are missing
        if episode.num_asked >= config.max_extra:
            return False
        return wants_more(standing.num_correct, episode.outcomes, config.min_correct, config.max_extra)

    def _help(self, episode: Guided) -> Ask:
        if self.config.kind != "interactive":
            return ask_with_help(episode.problem, self.config, self.prompts[0] if self.prompts else "")
        failed, comments = self.standing[episode.problem.id].failed, episode.comments
        assert failed is not None and comments, "without them nothing is asked"
        return ask_with_feedback(episode.problem, failed, comments[episode.num_asked].text, self.prompts[1])

    def _comments_request(self, episode: Guided) -> Request:
        """All comments at once: a teacher with a model of its own would take turns with the policy on the device."""
        messages = chat_to_ask(self._feedback_chat(episode))
        seed = derive_seed(episode.seed, "feedback")
        return Request(episode.problem.id, messages, self.config.max_extra, seed=seed)

    def _feedback_chat(self, episode: Guided) -> tuple[Message, ...]:
        failed = self.standing[episode.problem.id].failed
        assert failed is not None, "without a failed try nothing is asked"
        return ask_for_feedback(episode.problem, failed, self.prompts[0])

    def _comment(self, episode: Guided, row: Completion) -> Judgement:
        failed = self.standing[episode.problem.id].failed
        assert failed is not None, "without a failed try nothing is asked"
        asked = self._feedback_chat(episode)
        return Judgement(self.config.role, episode.problem.id, failed.id, row.index, asked, row.text, None)

    def _try(self, episode: Guided, row: Completion) -> Sample:
        """A guided try as a sample of the original problem.

        The log-probability is kept where the chat is the original one; under a chat with help it is that of other text.
        """
        kind, asked, standing = self.config.kind, self._help(episode), self.standing[episode.problem.id]
        index = standing.num_samples + episode.num_asked
        is_reset = kind == "state_reset"
        return to_sample(
            row,
            episode.problem,
            self.model,
            id=f"{episode.problem.id}/g{index}",
            index=index,
            text=asked.prefix + row.text,
            logprob=row.logprob if is_reset else None,
            parent_id=standing.failed.id if standing.failed and kind == "interactive" else None,
            draw=HELPED[kind],
            prefix=asked.prefix,
            messages=() if is_reset else asked.messages,
            privileged=True,
        )


def chat_to_ask(messages: Sequence[Message]) -> Messages:
    """What an engine reads of a chat."""
    return tuple((message.role, message.content) for message in messages)
