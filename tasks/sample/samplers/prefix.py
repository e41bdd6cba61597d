"""Sampler `prefix`: other next steps of a worked solution, those of them that are wrong, and what corrects them. Pure.

S3c-Math (arXiv 2409.01524). From the first m steps of the solution, m drawn by seed, `width` next steps are drawn. One
is wrong if none of `rollouts` continuations of it is right: wrong(s') iff 0 of K from (s_1..s_m, s'). After each wrong
step somebody says what is wrong with it, and the solution goes on from the step that stands in its place:

    attempt    s_1..s_m as given, then the wrong step; its verdict says how many continuations were right
    critique   by the policy or a role, which sees the solution
    attempt    the rest of the solution

1. A step that the solution itself has, a second one with the same text, and one that ended at max_tokens are left out.
2. Continuations are judged and counted, and not stored. A step that ends the answer is its own only continuation.
3. With few rollouts a hard step is called wrong: of one that is right with chance p none of K is with (1 - p)^K.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from configs.errors import ProblemsError
from configs.schema.drawing import Sampling
from configs.schema.generate import PrefixGenerate
from configs.schema.judges.kinds import Judge
from infra.engines.questions import Completion, Request
from tasks.core.prompts import render
from tasks.core.records import Author, FinishReason, Label, Message, Part, Problem, Sample, Verdict
from tasks.core.step import Summary, derive_seed
from tasks.sample.episode import POLICY, Answer, Episode, Opinions, Question, Texts, chat_of, to_sample
from tasks.sample.revision.cutting import steps_of
from tasks.sample.samplers.given import Given

COUNTED = ("num_steps_tried", "num_wrong_steps", "num_unjudged_steps", "num_rollouts", "num_without_critique")


@dataclass(frozen=True)
class Branching(Episode):
    """One solution, left after m steps.

    Attributes:
        before, after: the solution's text up to the place, and from there on.
        wave: steps, rollouts, opinions, critiques: what was asked last.
        tried: the other steps.
        rollouts: of each, as answers of their own.
        counts: see COUNTED.
    """

    before: str = ""
    after: str = ""
    wave: int = 0
    tried: tuple[Completion, ...] = ()
    rollouts: tuple[tuple[Sample, ...], ...] = ()
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def ending(self) -> Sample:
        """The rest of the solution, as an answer to be judged."""
        return Sample(f"{self.problem.id}/rest", self.problem.id, 0, self.after, FinishReason.STOP, 0, None, "solution",
                      by=Author.SOLUTION)  # fmt: skip


@dataclass(frozen=True)
class Prefix:
    """Branches off worked solutions.

    Attributes:
        judge: the recipe's first, which compares with gold.
        critic: name of who says what is wrong.
        models: digest of each writer's model, by its name.
        prompt: of the critic; its text.
    """

    config: PrefixGenerate
    judge: Judge
    critic: str
    models: Mapping[str, str]
    prompt: str
    is_single_wave = False
    has_one_writer = False
    makes_problems = False

    @property
    def settings(self) -> Sequence[Sampling]:
        return [self._step_sampling(), self.config.sampling()]

    @property
    def judges(self) -> Sequence[Judge]:
        return (self.judge,)

    def begin(self, problem: Problem, index: int, seed: int) -> Branching:
        steps = steps_of(problem.solution or "", self.config.step_end)
        if not steps:
            raise ProblemsError(
                f"problem {problem.id} has no worked solution, which generate.kind prefix goes on from",
                "say where it is: mapping.solution",
            )
        place = derive_seed(seed, "place") % len(steps)
        return Branching(problem, index, seed, before="".join(steps[:place]), after="".join(steps[place:]))

    def ask(self, episode: Branching) -> Sequence[Question] | None:
        name, chat = episode.problem.id, chat_of(episode.problem)
        if episode.wave == 0:
            seed = derive_seed(episode.seed, "step")
            request = Request(f"{name}:step", chat, self.config.width, episode.before, seed)
            return [Texts(POLICY, self._step_sampling(), (request,))]
        if not episode.tried:
            return None
        if episode.wave == 1:
            requests = (
                Request(f"{name}:{step.index}", chat, self.config.rollouts, episode.before + step.text,
                        derive_seed(episode.seed, "rollout", step.index))
                for step in episode.tried if self._goes_on(step)
            )  # fmt: skip
            return [Texts(POLICY, self.config.sampling(), tuple(requests))]
        if episode.wave == 2:
            answers = [sample for samples in episode.rollouts for sample in samples]
            return [Opinions(self.judge, episode.problem, (*answers, episode.ending))]
        return [Texts(self.critic, self.config.sampling(), self._critiques(episode))] if episode.wave == 3 else None

    def take(self, episode: Branching, answers: Sequence[Answer]) -> Branching:
        (answer,) = answers
        after = replace(episode, wave=episode.wave + 1)
        if episode.wave == 0:
            tried = self._tried(episode, answer[0])
            return replace(after, tried=tried, counts=Counter(num_steps_tried=len(tried)))
        if episode.wave == 1:
            return self._with_rollouts(after, answer)
        return self._with_opinions(after, answer) if episode.wave == 2 else self._with_critiques(after, answer)

    def numbers(self, episode: Branching) -> Mapping[str, int]:
        return episode.counts

    def summary(self, num_problems: int, sums: Mapping[str, int]) -> Summary:
        return {name: sums.get(name, 0) for name in COUNTED}

    def _step_sampling(self) -> Sampling:
        return self.config.sampling().model_copy(update={"stop": (self.config.step_end, *self.config.stop)})

    def _goes_on(self, step: Completion) -> bool:
        return step.text.endswith(self.config.step_end)

    def _tried(self, episode: Branching, rows: Sequence[Completion]) -> tuple[Completion, ...]:
        """The steps that are neither the solution's nor there already, each with its end."""
        own = steps_of(episode.after, self.config.step_end)[0].strip()
        found: dict[str, Completion] = {own: rows[0]} if rows else {}
        for row in (row for row in rows if row.finish_reason != FinishReason.LENGTH and row.text.strip()):
            end = self.config.step_end if row.stop_text == self.config.step_end else ""
            found.setdefault((row.text + end).strip(), replace(row, text=row.text + end))
        return tuple(list(found.values())[1:])

    def _with_rollouts(self, episode: Branching, answer: Sequence[Sequence[Completion]]) -> Branching:
        drawn, rollouts = iter(answer), list[tuple[Sample, ...]]()
        for step in episode.tried:
            rows = next(drawn) if self._goes_on(step) else [replace(step, text="")]
            begun = episode.before + step.text
            name = f"{episode.problem.id}/{step.index}"
            own = [
                to_sample(row, episode.problem, self.models[POLICY], id=f"{name}.{row.index}", text=begun + row.text,
                          prefix=begun)
                for row in rows
            ]  # fmt: skip
            rollouts.append(tuple(own))
        counts = episode.counts + Counter(num_rollouts=sum(map(len, rollouts)))
        return replace(episode, rollouts=tuple(rollouts), counts=counts)

    def _with_opinions(self, episode: Branching, opinions: Sequence[Verdict]) -> Branching:
        """The steps of which no continuation is right, as attempts; what was not judged is not known to be wrong."""
        said, wrong = iter(opinions), list[int]()
        nodes, verdicts, counts = list[Sample](), list[Verdict](), Counter(episode.counts)
        labels = [[next(said).label for _ in samples] for samples in episode.rollouts]
        ending = next(said)
        for place, (step, found) in enumerate(zip(episode.tried, labels, strict=True)):
            if not found or Label.MISSING in found:
                counts["num_unjudged_steps"] += 1
            elif Label.CORRECT not in found:
                wrong.append(place)
                nodes.append(self._attempt(episode, step, len(wrong) - 1))
                verdicts += [_wrong(nodes[-1], self.judge.name, len(found)), ending]
        counts["num_wrong_steps"] += len(wrong)
        tried = tuple(episode.tried[place] for place in wrong)
        return replace(episode, tried=tried, nodes=tuple(nodes), verdicts=tuple(verdicts), counts=counts)

    def _attempt(self, episode: Branching, step: Completion, index: int) -> Sample:
        name = episode.problem.id
        return to_sample(step, episode.problem, self.models[POLICY], id=f"{name}/{index}", index=index,
                         text=episode.before + step.text, prefix=episode.before, logprob=None, privileged=True,
                         finish_reason=FinishReason.STEP if self._goes_on(step) else step.finish_reason,
                         draw="prefix")  # fmt: skip

    def _critiques(self, episode: Branching) -> tuple[Request, ...]:
        asked = (render(self.prompt, **self._shown(episode, node)) for node in episode.nodes)
        return tuple(
            Request(f"{node.id}:critique", (("user", text),), 1, "", derive_seed(episode.seed, "critique", node.index))
            for node, text in zip(episode.nodes, asked, strict=True)
        )

    def _shown(self, episode: Branching, node: Sample) -> dict[str, str]:
        question = next((turn.content for turn in reversed(episode.problem.messages) if turn.role == "user"), "")
        step = node.text.removeprefix(node.prefix)
        return {"prompt": question, "steps": episode.before, "step": step, "solution": episode.problem.solution or ""}

    def _with_critiques(self, episode: Branching, answer: Sequence[Sequence[Completion]]) -> Branching:
        """Chains of the wrong steps that somebody spoke of."""
        nodes, verdicts, counts = list[Sample](), list[Verdict](), Counter(episode.counts)
        for place, (first, rows) in enumerate(zip(episode.nodes, answer, strict=True)):
            if not rows or rows[0].finish_reason == FinishReason.LENGTH or not rows[0].text.strip():
                counts["num_without_critique"] += 1
                continue
            asked = (Message("user", render(self.prompt, **self._shown(episode, first))),)
            name, model = f"{first.id}:critique0", self.models[self.critic]
            told = {"parent_id": first.id, "part": Part.CRITIQUE, "by": self.config.critic, "messages": asked}
            critique = to_sample(rows[0], episode.problem, model, id=name, index=0, privileged=True, **told)
            last = replace(episode.ending, id=f"{critique.id}/0", parent_id=critique.id, privileged=True)
            nodes += [first, critique, last]
            verdicts += [episode.verdicts[2 * place], replace(episode.verdicts[2 * place + 1], sample_id=last.id)]
        return replace(episode, nodes=tuple(nodes), verdicts=tuple(verdicts), counts=counts)


def _wrong(node: Sample, judge: str, number: int) -> Verdict:
    note = f"none of {number} continuations is right"
    return Verdict(node.id, node.problem_id, judge, Label.WRONG, 0.0, note=note)


def make(config: PrefixGenerate, given: Given) -> Prefix:
    """The sampler of a recipe.

    Raises:
        RecipeError: the prompt is not there.
    """
    critic = next((writer.name for writer in config.writers), POLICY)
    models = {**given.others, POLICY: given.model}
    return Prefix(config, given.recipe.judge[0], critic, models, given.prompt(config.prompt))
