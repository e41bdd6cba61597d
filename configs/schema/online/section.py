"""The section `online`: a round is a segment of one RL run. It stands in for generate to pair."""

from __future__ import annotations

from math import ceil
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from configs.schema.base import Component, compile_pattern
from configs.schema.draws.draw import PLAIN, Draw
from configs.schema.generate import Generate, IndependentGenerate
from configs.schema.marks import Execution
from configs.schema.online.credit import WITHOUT_GROUP, Credit, SettledCredit
from configs.schema.online.derived import Derived
from configs.schema.online.objectives import StreamObjective
from configs.schema.online.rewards import JudgeTerm, KlTerm, RewardTerm
from configs.schema.online.sampler import Sampler
from configs.schema.online.waves import Curriculum, Moving, Probe, VoteShare
from configs.schema.revision.parts import POLICY, Writer

Fork = Literal["problem", "turn"]


class Online(Component):
    """How a segment draws, rewards and trains.

    A wave is a number of groups, drawn with one state of the weights, judged, published, and then trained on in
    `steps_per_wave` optimizer steps, `inner_epochs` times over. A segment has `train.max_steps` of them. An episode is
    what `generate` draws; the members of a group share the problem (`fork: problem`), or the first attempt too
    (`fork: turn`: an episode that revises, with one first attempt and a group of revisions).
    """

    problems_per_wave: int = Field(16, ge=1, description="groups that a wave trains on")
    group_size: int = Field(8, ge=1, description="episodes that are compared with each other")
    steps_per_wave: int = Field(1, ge=1, description="optimizer steps that share out a wave")
    inner_epochs: int = Field(1, ge=1, description="passes over a wave")
    episode: Generate = Field(
        IndependentGenerate(num_samples=8, temperature=1.0, top_k=0),
        description="how an episode is drawn, as in generate; default: one text at temperature 1, with top_k 0",
    )
    fork: Fork = Field("problem", description="what the members of a group share, as told above")
    starts: Literal["problems", "twins"] = Field(
        "problems", description="twins: a problem and the one that its tag `twin` names come in the same wave"
    )
    control: str | None = Field(
        None, description="a draw of the episode that the others are compared with: judged, published, not trained on"
    )
    reward: tuple[RewardTerm, ...] = Field((JudgeTerm(),), min_length=1, description="terms, added up for every text")
    credit: Credit = Field(Credit(), description="how rewards become advantages")
    flat_groups: Literal["drop", "keep"] = Field(
        "drop", description="groups whose returns are all equal; drop: further groups are drawn in their place"
    )
    max_extra_waves: int = Field(10, ge=0, description="drop: further draws of a wave, at most")
    min_share: float = Field(
        0.25, gt=0, le=1, description="drop: share of problems_per_wave that is enough to train on; with less it ends"
    )
    curriculum: Curriculum | None = Field(None, description="which problems are drawn; default: all")
    derived: tuple[Derived, ...] = Field((), description="rows beside those of episodes; default: none")
    moving: Moving | None = Field(None, description="a copy of the policy that teaches or votes; default: none")
    choice: str | None = Field(
        None,
        description="searched in last attempts; its one group is what a text chose, such as a strategy, whose "
        "shares and accuracies are shown by wave",
    )
    probe: Probe | None = Field(Probe(), description="accuracy on the way; null: none")
    sampler: Annotated[Sampler, Execution] = Field(Sampler(), description="where samples are drawn")

    @model_validator(mode="before")
    @classmethod
    def _episode_fits_the_group(cls, tree: Any) -> Any:
        """What is not written of an episode: the group's size and plain sampling."""
        if not isinstance(tree, dict) or not isinstance(tree.get("episode", {}), dict):
            return tree
        episode = tree.get("episode", {})
        if episode.get("kind") == "stepwise":
            return tree  # refused below
        size = 1 if tree.get("fork") == "turn" else tree.get("group_size", 8)
        return {**tree, "episode": {"num_samples": size, "temperature": 1.0, "top_k": 0, **episode}}

    @field_validator("choice")
    @classmethod
    def _has_one_group(cls, pattern: str | None) -> str | None:
        if pattern is not None and compile_pattern(pattern).groups != 1:
            raise ValueError("needs exactly one group, around what is chosen: write for example 'Strategy: *(\\w+)'")
        return pattern

    @model_validator(mode="after")
    def _can_be_drawn(self) -> Online:
        for check in (_group, _episode, _names, _credit):
            check(self)
        return self

    @property
    def steps_of_wave(self) -> int:
        """Optimizer steps between two states that draw."""
        return self.steps_per_wave * self.inner_epochs

    @property
    def groups_of_draw(self) -> int:
        """Groups that are drawn together: a wave's, or more where a curriculum drops some of them."""
        keep = self.curriculum.keep if isinstance(self.curriculum, VoteShare) else 1.0
        return ceil(self.problems_per_wave / keep)

    @property
    def rows_of_wave(self) -> int:
        """Rows of tokens that a wave is expected to have at most: texts of one chat are one row, and a chat of its own
        (`form: single`) is another."""
        episode, chats = self.episode, 1
        if episode.kind == "revise":
            alone = [step for step in episode.steps if step.form == "single" and step.writers]
            chats += len(alone) * (episode.max_turns - 1)
        return self.problems_per_wave * self.group_size * chats

    def settled_credit(self, objective: StreamObjective) -> SettledCredit:
        """`credit` with the objective's values where it has none."""
        preset = {name: value for name, value in objective.credit.items() if getattr(self.credit, name) is None}
        return SettledCredit.model_validate({**self.credit.model_dump(), **preset})

    def terms(self, objective: StreamObjective) -> tuple[RewardTerm, ...]:
        """The reward terms, with the KL term that the objective brings where none is written."""
        coefficient = getattr(objective, "kl_reward", 0.0)
        if not coefficient or any(term.kind == "kl" for term in self.reward):
            return self.reward
        return (*self.reward, KlTerm(coefficient=coefficient))


def _group(online: Online) -> None:
    groups, steps = online.problems_per_wave, online.steps_per_wave
    if groups < steps:
        raise ValueError(f"steps_per_wave: {groups} groups cannot be shared out to {steps} steps: write fewer")
    if online.group_size == 1 and online.credit.baseline not in (None, *WITHOUT_GROUP):
        raise ValueError("group_size: a group of one is always at its baseline: write 2 or more, or credit: {baseline: "
                         "ema}")  # fmt: skip


def _episode(online: Online) -> None:
    episode = online.episode
    if episode.kind == "stepwise":
        raise ValueError("episode.kind: stepwise compares as it goes, and its steps are no episodes of one policy: "
                         "write independent or revise")  # fmt: skip
    if episode.kind == "prefix" or episode.kind == "edit":
        raise ValueError(f"episode.kind: {episode.kind} goes on from texts that others began: write independent or "
                         "revise")  # fmt: skip
    if episode.kind == "revise" and episode.first.cut is not None:
        raise ValueError("episode.first.cut: an attempt is trained on as it was drawn, to its end: leave cut out")
    if episode.interpreter is not None:
        raise ValueError("episode.interpreter: outputs would stand among the tokens that are trained on: leave it out")
    if episode.kind == "independent":
        _draws(online, episode.draws)
    elif online.control is not None:
        raise ValueError("control: it is one of the draws of an independent episode: leave it out")
    if episode.few_shot is not None:
        raise ValueError("episode.few_shot: a policy learns to write without examples: leave few_shot out; a "
                         "warm_start teaches the form")  # fmt: skip
    if episode.ladder is not None:
        raise ValueError("episode.ladder: a curriculum picks problems by their pass rate: leave ladder out")
    if episode.num_problems is not None:
        raise ValueError("episode.num_problems: problems_per_wave says how many: leave it out")
    if episode.temperature == 0:
        raise ValueError("episode.temperature: at 0 all members of a group are the same text: write 1.0")
    if online.fork == "problem" and episode.num_samples != online.group_size:
        raise ValueError(f"episode.num_samples: a group has {online.group_size} episodes: write the same, or leave it "
                         "out")  # fmt: skip
    if online.fork == "turn":
        widths = [step.num for step in episode.steps] if episode.kind == "revise" else []
        if episode.num_samples != 1 or max(widths, default=0) != online.group_size:
            raise ValueError("fork: turn: members of a group share one first attempt: write episode: {kind: revise, "
                             f"num_samples: 1}} with num: {online.group_size} in one of its steps")  # fmt: skip


def _draws(online: Online, draws: tuple[Draw, ...]) -> None:
    """The problem as it is, and beside it one draw that nothing is learnt from."""
    names = {draw.name for draw in draws}
    if online.control is None:
        if draws != (Draw(name=PLAIN),):
            raise ValueError("episode.draws: members of a group are asked the same: leave draws out, or name the one "
                             "that they are compared with: control")  # fmt: skip
        return
    if names != {PLAIN, online.control} or online.control == PLAIN:
        raise ValueError(f"control: the group is the draw {PLAIN}, the other one it is compared with: write episode: "
                         f"{{draws: [{{name: {PLAIN}}}, {{name: {online.control}, system: PROMPT}}]}}")  # fmt: skip
    beside = next(draw for draw in draws if draw.name == online.control)
    plain = next(draw for draw in draws if draw.name == PLAIN)
    if beside.writer != Writer(POLICY, "round_start") or beside.strip or beside.variants > 1:
        raise ValueError(f"episode.draws: {beside.name} is drawn from the live weights, as it is: leave role, state, "
                         "strip and variants out")  # fmt: skip
    if plain.num_samples is not None:
        raise ValueError("episode.draws: group_size says how many there are of plain: leave its num_samples out")


def _names(online: Online) -> None:
    names: list[str] = []
    for place, term in enumerate(online.reward):
        if term.name in names:
            raise ValueError(f"reward.{place}.name: two terms are called '{term.name}': give each its own name")
        if term.kind in ("progress", "control_group") and (term.of or (names or [""])[0]) not in names:
            raise ValueError(f"reward.{place}.of: it reads the values of a term written before: "
                             f"write one of {', '.join(names) or 'none, and a judge term first'}")  # fmt: skip
        names.append(term.name)
    for place, term in enumerate(online.reward):
        for name in term.gates:
            if name not in names:
                raise ValueError(f"reward.{place}.gates: no term is called '{name}': write one of {', '.join(names)}")
    if online.control is None and any(term.kind == "control_group" for term in online.reward):
        raise ValueError("control: the reward compares with a second group: name a draw of the episode")
    if all(term.gate for term in online.reward):
        raise ValueError("reward: there is nothing that a gate could multiply: add a term without gate")


def _credit(online: Online) -> None:
    credit = online.credit
    of_turns = {
        "group_by": next((key for key in credit.group_by if key in ("turn", "part", "history")), None),
        "baseline": "first_turn_mean" if credit.baseline == "first_turn_mean" else None,
        "normalise_by": "part" if credit.normalise_by == "part" else None,
    }
    for name, value in of_turns.items():
        if value is not None and credit.unit == "episode":
            raise ValueError(f"credit.{name}: {value} tells the texts of an episode apart: write unit: turn")
    if credit.combine == "normalise_then_sum" and credit.unit != "episode":
        raise ValueError("credit.combine: normalise_then_sum is of whole episodes: write unit: episode")
