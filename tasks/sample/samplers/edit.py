"""Sampler `edit`: attempts, and a step of a right one that the model spoils itself. Pure.

RISE, "Subtle Errors in Reasoning: Preference Learning via Error-injected Self-editing" (arXiv 2410.06638). One right
attempt is drawn by seed, one of its steps, and one of the edits that fit it; the model writes the step again.

    PROBLEM      the attempts, as the first judge sees them
    PROBLEM#1    after the steps before: the step as it was, right, and as it is now, wrong

so that `pair: {kind: right_vs_wrong, per_problem: 1}` makes the paper's two kinds of pairs.

Where the code differs from the paper's: edits are continued, and one from which an answer still ends right is dropped;
both sides keep their format, where the released builder unwraps boxed answers of rejected texts alone. One step of a
problem is edited, where the paper edits all and draws one of the pairs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from configs.schema.drawing import Sampling
from configs.schema.generate import Edit, EditGenerate
from configs.schema.judges.kinds import Judge
from infra.engines.questions import Completion, Request
from tasks.core.prompts import render
from tasks.core.records import FinishReason, Label, Message, Part, Problem, Sample, Verdict
from tasks.core.step import Summary, derive_seed
from tasks.sample.episode import POLICY, Answer, Episode, Opinions, Question, Texts, chat_of, to_sample
from tasks.sample.revision.cutting import steps_of
from tasks.sample.samplers.given import Given

COUNTED = (
    "num_edited",
    "num_unchanged",
    "num_given_away",
    "num_still_right",
    "num_unjudged_edits",
    "num_without_right",
)
ATTEMPTS, LABELS, EDIT, ROLLOUTS, OPINIONS, DONE = range(6)
"""what is asked next"""
_SHOWN = 4
"""sentences of a step that the editor sees, the last ones"""
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True)
class Editing(Episode):
    """Attempts at one problem, and the edit of one of them.

    Attributes:
        attempts: as they were drawn.
        labelled: what the judge said of them.
        before, own, edited: of the attempt that is edited: the steps before, the step, and the step as it is now.
        edit: how it is changed.
        continued: answers that go on from the edited step.
        counts: see COUNTED.
    """

    wave: int = ATTEMPTS
    attempts: tuple[Sample, ...] = ()
    labelled: tuple[Verdict, ...] = ()
    before: str = ""
    own: str = ""
    edited: str = ""
    edit: str = ""
    continued: tuple[Sample, ...] = ()
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def step_problem(self) -> Problem:
        """The step as a problem of its own; the steps before are no part of its messages."""
        return replace(self.problem, id=f"{self.problem.id}#1")

    @property
    def question(self) -> str:
        """The last user turn."""
        return next((turn.content for turn in reversed(self.problem.messages) if turn.role == "user"), "")

    def ended(self, reason: str) -> Editing:
        """Without an edit, and why."""
        return replace(self, wave=DONE, counts=self.counts + Counter({reason: 1}))


@dataclass(frozen=True)
class Edits:
    """Spoils steps.

    Attributes:
        judge: the recipe's first, which compares with gold.
        prompt: of the editor; its text.
    """

    config: EditGenerate
    judge: Judge
    model: str
    prompt: str
    is_single_wave = False
    has_one_writer = False
    makes_problems = True

    @property
    def settings(self) -> Sequence[Sampling]:
        return [self.config.sampling(), self._edit_sampling()]

    @property
    def judges(self) -> Sequence[Judge]:
        return (self.judge,)

    def begin(self, problem: Problem, index: int, seed: int) -> Editing:
        return Editing(problem, index, seed)

    def ask(self, episode: Editing) -> Sequence[Question] | None:
        name, chat, config = episode.problem.id, chat_of(episode.problem), self.config
        if episode.wave == ATTEMPTS:
            return [Texts(POLICY, config.sampling(), (Request(name, chat, config.num_samples, seed=episode.seed),))]
        if episode.wave == LABELS:
            return [Opinions(self.judge, episode.problem, episode.attempts)]
        if episode.wave == EDIT:
            request = Request(
                f"{name}:edit", (("user", self._asked(episode)),), 1, seed=derive_seed(episode.seed, "edit")
            )
            return [Texts(POLICY, self._edit_sampling(), (request,))]
        if episode.wave == ROLLOUTS:
            seed = derive_seed(episode.seed, "rollout")
            request = Request(f"{name}:rollout", chat, config.rollouts, episode.before + episode.edited, seed)
            return [Texts(POLICY, config.sampling(), (request,))]
        return [Opinions(self.judge, episode.problem, episode.continued)] if episode.wave == OPINIONS else None

    def take(self, episode: Editing, answers: Sequence[Answer]) -> Editing:
        (answer,) = answers
        if episode.wave == ATTEMPTS:
            rows = tuple(to_sample(row, episode.problem, self.model) for row in answer[0])
            return replace(episode, wave=LABELS, attempts=rows, nodes=rows, problems=(episode.problem,))
        if episode.wave == LABELS:
            return self._chosen(replace(episode, labelled=tuple(answer), verdicts=tuple(answer)))
        if episode.wave == EDIT:
            return self._edited(episode, answer[0])
        if episode.wave == ROLLOUTS:
            return self._continued(episode, answer[0])
        return self._looked_at(episode, answer)

    def numbers(self, episode: Editing) -> Mapping[str, int]:
        return episode.counts

    def summary(self, num_problems: int, sums: Mapping[str, int]) -> Summary:
        return {name: sums.get(name, 0) for name in COUNTED}

    def _edit_sampling(self) -> Sampling:
        cooler = {"temperature": self.config.edit_temperature, "top_p": 1.0, "top_k": 0, "min_p": 0.0}
        return self.config.sampling().model_copy(update=cooler)

    def _chosen(self, episode: Editing) -> Editing:
        """A right attempt, one of its steps, and an edit that fits it, all by seed."""
        pairs = zip(episode.attempts, episode.labelled, strict=True)
        right = [one for one, verdict in pairs if verdict.label == Label.CORRECT]
        if not right:
            return episode.ended("num_without_right")
        steps = steps_of(right[derive_seed(episode.seed, "attempt") % len(right)].text, self.config.step_end)
        place = derive_seed(episode.seed, "place") % len(steps)
        fitting = [edit for edit in edits_of(steps[place]) if edit in self.config.edits]
        if not fitting:
            return episode.ended("num_unchanged")
        edit = fitting[derive_seed(episode.seed, "kind") % len(fitting)]
        return replace(episode, wave=EDIT, before="".join(steps[:place]), own=steps[place], edit=edit)

    def _asked(self, episode: Editing) -> str:
        shown = self._shown(episode)
        told = {"prompt": episode.question, "steps": episode.before, "step": shown, "edit": episode.edit}
        return render(self.prompt, **told)

    def _shown(self, episode: Editing) -> str:
        """What the editor sees of the step, without its end."""
        return last_sentences(episode.own.removesuffix(self.config.step_end).strip(), _SHOWN)

    def _edited(self, episode: Editing, rows: Sequence[Completion]) -> Editing:
        """The step with what was written in the place of what was shown, or why there is none."""
        shown = self._shown(episode)
        if not rows or rows[0].finish_reason == FinishReason.LENGTH:
            return episode.ended("num_unjudged_edits")
        written = rows[0].text.strip()
        if not written or " ".join(written.split()) == " ".join(shown.split()):
            return episode.ended("num_unchanged")
        if gives_away(written, self.config.leak_words, episode.question):
            return episode.ended("num_given_away")
        before, _, after = episode.own.rpartition(shown)
        episode = replace(episode, edited=before + written + after)
        if not self.config.rollouts:
            return self._finished(episode, "nobody went on from it")
        return replace(episode, wave=ROLLOUTS) if self._goes_on(episode) else self._continued(episode, [rows[0]])

    def _goes_on(self, episode: Editing) -> bool:
        return episode.own.endswith(self.config.step_end)

    def _continued(self, episode: Editing, rows: Sequence[Completion]) -> Editing:
        """Answers that begin with the edited step; one that ends the attempt is an answer itself."""
        begun = episode.before + episode.edited
        name = f"{episode.problem.id}/edited"
        written = [replace(row, text=row.text if self._goes_on(episode) else "") for row in rows]
        answers = tuple(
            to_sample(row, episode.problem, self.model, id=f"{name}.{row.index}", text=begun + row.text, prefix=begun)
            for row in written
        )
        return replace(episode, wave=OPINIONS, continued=answers) if answers else episode.ended("num_unjudged_edits")

    def _looked_at(self, episode: Editing, opinions: Sequence[Verdict]) -> Editing:
        labels = [one.label for one in opinions]
        if Label.MISSING in labels:
            return episode.ended("num_unjudged_edits")
        if Label.CORRECT in labels:
            return episode.ended("num_still_right")
        return self._finished(episode, f"none of {len(labels)} continuations is right")

    def _finished(self, episode: Editing, note: str) -> Editing:
        """Both steps as samples of a problem of their own, with what is known of them."""
        steps = (self._step(episode, episode.own, 0), self._step(episode, episode.edited, 1))
        right = Verdict(
            steps[0].id, steps[0].problem_id, self.judge.name, Label.CORRECT, 1.0, note="of a right attempt"
        )
        wrong = Verdict(steps[1].id, steps[1].problem_id, self.judge.name, Label.WRONG, 0.0, note=note)
        return replace(
            episode,
            wave=DONE,
            nodes=(*episode.nodes, *steps),
            verdicts=(*episode.verdicts, right, wrong),
            problems=(*episode.problems, episode.step_problem),
            counts=episode.counts + Counter(num_edited=1),
        )

    def _step(self, episode: Editing, text: str, index: int) -> Sample:
        asked = (Message("user", self._asked(episode)),) if index else ()
        return Sample(
            f"{episode.step_problem.id}/{index}", episode.step_problem.id, index, episode.before + text,
            FinishReason.STEP if self._goes_on(episode) else FinishReason.STOP, 0, None, self.model, part=Part.STEP,
            prefix=episode.before, messages=asked, stored=episode.problem.messages if index else (),
        )  # fmt: skip


def edits_of(step: str) -> Iterator[Edit]:
    """The edits that fit a step: `3 + 4 = 7` has several numbers and an equals sign, and so five of them."""
    number = len(_NUMBER.findall(step))
    if number > 1:
        yield "values"
    if number == 1:
        yield "value"
    if "=" in step:
        yield from ("substitution", "deletion", "operator", "swap")
    elif not number:
        yield "adjective"


def last_sentences(text: str, number: int) -> str:
    """The end of a text, from the sentence on that is as many before the last."""
    starts = [0, *(found.end() for found in _SENTENCE.finditer(text))]
    return text[starts[max(len(starts) - number, 0)] :]


def gives_away(edit: str, words: Sequence[str], question: str) -> bool:
    """Whether an edit has one of the words, whole and in any case of letters, that the problem itself does not have."""

    def has(text: str, word: str) -> bool:
        return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) is not None

    return any(has(edit, word) and not has(question, word) for word in words)


def make(config: EditGenerate, given: Given) -> Edits:
    """The sampler of a recipe.

    Raises:
        RecipeError: the prompt is not there.
    """
    return Edits(config, given.recipe.judge[0], given.model, given.prompt(config.prompt))
