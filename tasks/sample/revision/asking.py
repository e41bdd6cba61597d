"""What the writer of a step is shown, and the texts that nobody is asked for. Pure.

Names of a prompt that show more than a model has at test time are privileged: label, answer, solution, peer. A step
that uses one stores another prompt for training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from configs.errors import ProblemsError, RecipeError
from configs.schema.revision.parts import Writer
from configs.schema.revision.sampler import ReviseStep
from tasks.core.prompts import names_used, render, render_within
from tasks.core.records import Message, Part, Problem, Sample
from tasks.judge.verifiers.code_report import RunReport
from tasks.sample.revision.chain import Asked, Chain, Talk

PRIVILEGED = frozenset({"label", "answer", "solution", "peer"})
_ALWAYS = frozenset({"prompt", "messages", "attempt", "attempts"})
_OF_RUN = frozenset({"passed", "num_passed", "num_tests", "first_failure"})
"""what prompts may use after an execution"""
_FEEDBACK = frozenset({"critique", "verdict", "execution", "hint"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a chain beside its texts.

    Attributes:
        label: the first judge's of the last attempt; empty where nobody was asked.
        peer: a right sibling; None where there is none, or nobody was asked.
        run: what came out when the last attempt was run; None where it was not.
    """

    label: str
    peer: Sample | None
    run: RunReport | None = None


@dataclass(frozen=True, slots=True)
class LoadedStep:
    """A step with the texts of its prompts; empty where it has none."""

    config: ReviseStep
    prompt: str
    stored: str

    @property
    def writers(self) -> tuple[Writer, ...]:
        """The models that write it; none for text by rule."""
        return self.config.writers

    @property
    def is_attempt(self) -> bool:
        """Whether it ends a turn."""
        return self.config.part == Part.ATTEMPT

    @property
    def names(self) -> frozenset[str]:
        """What its prompts use."""
        return names_used(self.prompt) | names_used(self.stored)

    @property
    def sees(self) -> frozenset[str]:
        """The privileged names that it depends on."""
        own = {"peer", "solution"} & {self.config.by}
        return frozenset((self.names & PRIVILEGED) | own)

    def asked(self, chain: Chain, problem: Problem, facts: Facts) -> Asked:
        """What its writer is given.

        Raises:
            RecipeError: a prompt cannot be filled in.
        """
        values, is_privileged = _values(chain, problem, facts, self.names), bool(self.sees)
        is_asked = bool(self.prompt) and self.config.by != "template"
        if self.config.form == "inline":
            text = render_within(self.prompt, **values) if is_asked else ""
            return Asked(chain.talk[:-1], chain.stored[:-1], chain.talk[-1].content, text, is_privileged)
        text = render(self.prompt, **values) if is_asked else ""
        stored = render(self.stored, **values) if self.stored else text
        if self.config.form == "single":
            before = tuple(turn for turn in problem.messages if turn.role == "system")
            return Asked((*before, Message("user", text)), (*before, Message("user", stored)),
                         is_privileged=is_privileged)  # fmt: skip
        if not is_asked and not self.is_attempt:
            return Asked(chain.talk, chain.stored, is_privileged=is_privileged)
        shown = self.names | ({Part.EXECUTION} if self.names & _OF_RUN else set())
        said = [node.text for node in chain.pending if node.part not in shown]
        return Asked(_with_user(chain.talk, [*said, text]), _with_user(chain.stored, [*said, stored]),
                     is_privileged=is_privileged)  # fmt: skip

    def text(self, chain: Chain, problem: Problem, facts: Facts, note: str) -> str:
        """What a step without a model writes.

        Args:
            note: of the judge that it speaks for.
        """
        if self.config.by == "template":
            fill = render_within if self.config.form == "inline" else render
            return fill(self.prompt, **_values(chain, problem, facts, self.names))
        if self.config.by == "peer":
            assert facts.peer is not None, "without one the chain ends"
            return facts.peer.text
        return problem.solution or "" if self.config.by == "solution" else note


def load_steps(
    steps: Sequence[ReviseStep], read: Callable[[str], str], address: str = "generate.steps"
) -> tuple[LoadedStep, ...]:
    """The steps with their prompts.

    Args:
        read: the text of a prompt by its name.
        address: of the steps in the recipe.

    Raises:
        RecipeError: a prompt cannot be read, uses a name that it does not get, or shows what training must not show.
    """
    loaded, written = [], set[str]()
    for place, step in enumerate(steps):
        prompt, stored = (read(name) if name else "" for name in (step.prompt, step.stored_prompt))
        one = LoadedStep(step, prompt, stored)
        _check(f"{address}.{place}", one, written)
        loaded.append(one)
        written |= set(step.parts)
    return tuple(loaded)


def require_known(problem: Problem, steps: Sequence[LoadedStep]) -> None:
    """Nothing, where the problem has what the steps show of it.

    Raises:
        ProblemsError: it has no worked solution, or no gold answer.
    """
    for field, value, what in (
        ("solution", problem.solution, "worked solution"),
        ("answer", problem.gold, "gold answer"),
    ):
        using = next((step.config.name for step in steps if field in step.sees), None)
        if using is not None and not value:
            raise ProblemsError(
                f"problem {problem.id} has no {what}, which step '{using}' of generate shows",
                f"say where it is: mapping.{field}; or write other steps",
            )


def _check(address: str, step: LoadedStep, written: set[str]) -> None:
    known = _ALWAYS | PRIVILEGED | (_FEEDBACK & written) | (_OF_RUN if Part.EXECUTION in written else frozenset())
    if unknown := sorted(step.names - known):
        raise RecipeError(
            f"{address}.prompt: '{unknown[0]}' is nothing that it gets",
            f"write a step before that gives it, or use {', '.join(sorted(known))}",
        )
    if shown := sorted(names_used(step.stored) & PRIVILEGED):
        raise RecipeError(
            f"{address}.stored_prompt: it shows '{shown[0]}', which training must not show", "leave it out"
        )
    if step.config.peers != 1 and "peer" not in step.sees:
        raise RecipeError(f"{address}.peers: its prompt shows no peer", "leave it out, or use {{ peer }} in the prompt")
    seen = sorted(names_used(step.prompt) & PRIVILEGED)
    if seen and (step.config.form == "inline" or step.config.by == "template"):
        raise RecipeError(
            f"{address}.prompt: it shows '{seen[0]}', and becomes part of the text that is trained on",
            "leave it out, or ask a model for the step, with a stored_prompt",
        )
    if seen and step.config.stored_prompt is None:
        raise RecipeError(
            f"{address}.prompt: it shows '{seen[0]}', which no model has at test time, and there is no stored_prompt",
            "write stored_prompt: the prompt without it, which stands in training rows",
        )


def _values(chain: Chain, problem: Problem, facts: Facts, names: frozenset[str]) -> dict[str, Any]:
    run = facts.run or RunReport(0, 0)
    feedback = {part: chain.feedback[part].text if part in chain.feedback else "" for part in _FEEDBACK}
    known = {
        "prompt": next((turn.content for turn in reversed(problem.messages) if turn.role == "user"), ""),
        "messages": [{"role": turn.role, "content": turn.content} for turn in problem.messages],
        "attempt": chain.attempts[-1].text,
        "attempts": [attempt.text for attempt in chain.attempts],
        "label": facts.label,
        "answer": problem.gold,
        "solution": problem.solution,
        "peer": facts.peer.text if facts.peer else None,
        **feedback,
        **{name: getattr(run, name) for name in _OF_RUN},
    }
    return {name: known[name] for name in names}


def _with_user(talk: Talk, said: Sequence[str]) -> Talk:
    """The chat with one turn of the user more; without words none."""
    text = "\n\n".join(one for one in said if one)
    return (*talk, Message("user", text)) if text else talk
