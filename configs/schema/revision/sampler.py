"""The steps of a revision: who writes which text after an attempt, what the writer sees, when, and what ends a chain.

Used by `ReviseGenerate` in generate.py; rules with other sections of the recipe stand in revise_rules.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, field_validator, model_validator

from configs.schema.base import check_pattern
from configs.schema.changed_sampling import ChangedSampling
from configs.schema.marks import Content, Later
from configs.schema.revision.parts import POLICY, Gate, State, Stop, TextsKept, Writer

RevisionPart = Literal["critique", "verdict", "execution", "hint", "attempt"]
JUDGE = "judge:"
NO_MODEL = ("template", "solution", "peer")
"""writers that are no model; `judge:NAME` is none either"""
SAID = r"(?i)\bverdict: *(correct|wrong)\b"
"""default pattern of what a verdict says"""
PROMPTS: dict[str, str] = {"critique": "critique", "verdict": "verdict", "attempt": "revise"}
"""prompt of configs/prompts by part, where a model writes"""


class ReviseStep(ChangedSampling):
    """One text of a revision.

    Its prompt may use prompt (the last user turn), messages, attempt, attempts, and what the steps before wrote after
    the attempt: critique, verdict, execution, hint; after an execution also passed, num_passed, num_tests, and
    first_failure with input, expected, got, error and line. The names label (the first judge's of the attempt), answer,
    solution and peer are privileged: a step whose prompt uses one needs a `stored_prompt`, which stands in training
    rows instead.
    """

    name: str = Field(pattern="^[a-z][a-z0-9_]*$", description="unique; default: the part")
    part: RevisionPart = Field(description="what the text is")
    by: str = Field(
        POLICY,
        pattern=r"^(judge:)?[a-z][a-z0-9_]*$",
        description="policy, an entry of roles, judge:NAME (what that judge notes of the attempt), template (the "
        "prompt is the text), solution (the worked one), or peer (a right first attempt of the problem, by seed); the "
        "prompt of an attempt by the last two is what training shows before it",
    )
    also_by: tuple[str, ...] = Field((), description="further models, each with `num` texts after each parent")
    state: State = Field("round_start", description="of the policy, or of a role that learns")
    prompt: Annotated[str | None, Content("prompt")] = Field(
        None,
        description="prompt of configs/prompts, or path of a .j2 file; default: revise, critique or verdict by part; "
        "inline: none, and the turn just goes on",
    )
    stored_prompt: Annotated[str | None, Content("prompt")] = Field(
        None, description="what training shows in its place"
    )
    form: Literal["chat", "single", "inline"] = Field(
        "chat",
        description="chat: the prompt is the user's turn after all turns so far. single: it is the only turn. inline: "
        "it is text within the model's own turn, which goes on",
    )
    tests: Literal["public", "first_failing", "all"] | None = Field(
        None,
        description="execution by a code judge: what it tells. first_failing (default) and all: the first, or every "
        "test that failed of those that grade: oracle feedback. public: those of the gold answer's field `public`",
    )
    when: Gate | None = Field(None, description="where it does not hold: `otherwise`")
    otherwise: Literal["end", "skip"] = Field("end", description="end the chain, or leave out this step alone")
    num: int = Field(1, ge=1, description="texts drawn from each parent")
    peers: Annotated[int | None, Later] = Field(
        1,
        ge=1,
        description="where its prompt shows a peer: right first attempts shown, one at a time with `num` texts each, "
        "drawn by seed; null: all of them, so that wrong and right ones are paired in all ways",
    )
    split: str | None = Field(
        None,
        description="pattern whose named groups, such as (?P<critique>...)(?P<attempt>...), are the parts of one text",
    )
    pattern: str | None = Field(None, description="verdict: its first group is what is said; found exactly once")
    right: str = Field("correct", min_length=1, description="verdict: what means right")
    wrong: str = Field("wrong", min_length=1, description="verdict: what means wrong")
    last: bool = Field(False, description="verdict: of several matches the last is read")
    keep: TextsKept | None = Field(None, description="which of the texts drawn go on; default: all")

    @model_validator(mode="before")
    @classmethod
    def _defaults_by_part(cls, tree: Any) -> Any:
        """The part is the name, and says the prompt where a model writes."""
        if not isinstance(tree, dict) or not isinstance(part := tree.get("part"), str):
            return tree
        by = str(tree.get("by", POLICY))
        is_model = by not in NO_MODEL and not by.startswith(JUDGE)
        is_shown = part == "attempt" and by in ("solution", "peer") and tree.get("form") != "inline"
        is_asked = is_model and tree.get("form") != "inline"
        prompt = PROMPTS.get(part) if is_asked or is_shown else None
        says = part == "verdict" or "(?P<verdict>" in str(tree.get("split"))
        pattern = SAID if says else None
        filled = {"name": part, "prompt": prompt, "pattern": pattern}
        return {**tree, **{name: value for name, value in filled.items() if tree.get(name) is None}}

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        return None if pattern is None else check_pattern(pattern)

    @model_validator(mode="after")
    def _fits_together(self) -> ReviseStep:
        for problem in _problems(self):
            raise ValueError(problem)
        return self

    @property
    def judge(self) -> str | None:
        """The judge whose note it is; none for other writers."""
        return self.by.removeprefix(JUDGE) if self.by.startswith(JUDGE) else None

    @property
    def writers(self) -> tuple[Writer, ...]:
        """The models that write it, each after every parent; none for text by rule."""
        is_rule = self.by in NO_MODEL or self.judge is not None
        return () if is_rule else tuple(Writer(by, self.state) for by in (self.by, *self.also_by))

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that one text of it gives, in order."""
        return tuple(re.compile(self.split).groupindex) if self.split else (self.part,)


def _problems(step: ReviseStep) -> Iterator[str]:
    """What does not fit together in one step, in words."""
    is_model = bool(step.writers)
    if is_model and step.prompt is None and step.form != "inline" and step.part != "execution":  # which no model writes
        yield f"prompt: a {step.part} has no prompt of its own: name one"
    if step.by == "template" and step.prompt is None:
        yield "prompt: by: template writes the prompt itself: name one"
    if step.part == "attempt" and (step.by == "template" or step.judge is not None):
        yield f"by: {step.by} solves nothing: write by: policy, solution or peer"
    if step.by in ("solution", "peer") and step.part != "attempt" and step.prompt is not None:
        yield f"prompt: a {step.part} by: {step.by} is asked nothing: leave it out"
    if step.stored_prompt is not None and step.form == "inline":
        yield "stored_prompt: form: inline puts the prompt into the text itself: leave it out"
    if step.judge is not None and step.part != "execution":
        yield f"by: {step.by} writes what was found when an attempt was run: write part: execution"
    if step.tests is not None and step.judge is None:
        yield "tests: an execution by: judge:NAME tells them: leave it out"
    if not is_model and (step.num > 1 or step.changed_sampling or step.keep):
        yield f"by: {step.by} writes one text by rule: leave num, keep and settings of a draw out"
    if not is_model and step.peers != 1:
        yield f"peers: by: {step.by} is shown none: leave it out"
    if step.also_by and (not is_model or len({step.by, *step.also_by}) <= len(step.also_by)):
        yield f"also_by: other models than by: {step.by}, each once: it names roles, or policy"
    if not is_model and step.form == "single":
        yield f"form: by: {step.by} reads no chat: write chat or inline"
    if step.pattern is not None and "verdict" not in (step.part, *_groups(step)):
        yield f"pattern: it reads verdicts, and this is a {step.part}: leave it out, or write split"
    yield from _keep_problems(step)
    yield from _split_problems(step)


def _keep_problems(step: ReviseStep) -> Iterator[str]:
    if step.keep is None:
        return
    if step.keep.true_verdict is not None and step.part != "verdict":
        yield f"keep.true_verdict: it is a {step.part}, which says neither right nor wrong: write first"
    if step.keep.best is not None and step.part != "attempt":
        yield f"keep.best: judges look at attempts, and this is a {step.part}: write first"


def _split_problems(step: ReviseStep) -> Iterator[str]:
    if step.split is None:
        return
    groups = _groups(step)
    known = set(get_args(RevisionPart))
    if not groups or not set(groups) <= known or groups[-1] != step.part or "attempt" in groups[:-1]:
        yield (
            "split: a pattern whose named groups are the parts of the text, of which the last is the step's: write for "
            f"example (?s)(?P<critique>.*)---(?P<{step.part}>.*)"
        )
    if not step.writers or step.form == "inline":
        yield "split: it cuts a turn that a model wrote: write by: policy, and form chat or single"
    if step.part == "verdict":
        yield "split: a verdict's text is read by pattern, which leaves the words before it: leave split out"


def _groups(step: ReviseStep) -> tuple[str, ...]:
    """Names of the groups of `split`; none where it is not there, or no regular expression."""
    try:
        return tuple(re.compile(step.split or "").groupindex)
    except re.error:
        return ()


def check_steps(steps: tuple[ReviseStep, ...], until: tuple[Stop, ...], temperature: float) -> None:
    """Nothing, where the steps of a revision fit together; ValueError names the first that does not.

    Args:
        temperature: of the sampler.
    """
    attempts = [place for place, step in enumerate(steps) if step.part == "attempt"]
    if attempts != [len(steps) - 1]:
        raise ValueError("steps: exactly one has part attempt, and it is the last: the others lead to it")
    if steps[-1].otherwise == "skip":
        raise ValueError(f"steps.{attempts[0]}.otherwise: without an attempt there is no revision: leave skip out")
    names: set[str] = set()
    said: set[str] = set()
    for place, step in enumerate(steps):
        if step.name in names:
            raise ValueError(f"steps.{place}.name: two steps are called '{step.name}': give each its own name")
        if step.when is not None and step.when.verdict is not None and not said:
            raise ValueError(
                f"steps.{place}.when.verdict: no step before writes a verdict: add one with part: verdict, or write "
                "when: {judge: NAME, says: [wrong]}"
            )
        if step.num > 1 and (temperature if step.temperature is None else step.temperature) == 0:
            raise ValueError(f"steps.{place}.num: temperature 0 draws the same text {step.num} times: write num: 1, "
                             "or a temperature above 0")  # fmt: skip
        names.add(step.name)
        said |= {step.name} if step.part == "verdict" else set()  # one cut out of an attempt comes with it
    for place, stop in enumerate(until):
        if stop.verdict is not None and not said:
            raise ValueError(f"until.{place}.verdict: no step writes a verdict: add one with part: verdict")
