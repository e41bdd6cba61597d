"""How the next model is trained on what was kept."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from configs.schema.base import Component, by_kind, default_kind
from configs.schema.kinds import component_choices
from configs.schema.marks import Content, Execution, Horizon, Later
from configs.schema.objective import Objective, Sft
from configs.schema.online.objectives import OnlineObjective, StreamObjective
from configs.schema.problems import Source

STARTS = ("base", "seed", "previous", "previous_with_optimizer", "champion")


REFERENCES = ("base", "seed", "start", "previous")


def _one_of(names: tuple[str, ...]) -> AfterValidator:
    """One of these, or phase:NAME."""

    def check(name: str) -> str:
        if name not in names and not re.fullmatch("phase:[a-z][a-z0-9_-]*", name):
            raise ValueError(f"'{name}' names no model: write {', '.join(names)}, or phase:NAME")
        return name

    return AfterValidator(check)


StartFrom = Annotated[str, _one_of(STARTS)]
"""one of STARTS, or phase:NAME, the model that the latest finished phase of that name ended with"""
Reference = Annotated[str, _one_of(REFERENCES)]
"""one of REFERENCES, or phase:NAME as in `start_from`; start: what training begins with; previous: what played before
that one"""


class Lora(Component):
    """Low-rank adapters (arXiv 2106.09685) on every linear layer."""

    can_be_shared: ClassVar[bool] = False
    """whether several devices share weights, gradients and optimizer; otherwise each has them all"""

    kind: Literal["lora"] = "lora"
    rank: int = Field(16, ge=1, description="of the two factors of each change")
    alpha: int = Field(32, ge=1, description="the change is scaled by alpha / rank")
    dropout: float = Field(0.0, ge=0, lt=1, description="on the input of each adapter")
    target_modules: str | tuple[str, ...] = Field("all-linear", description="names of the layers that get adapters")


class FullWeights(Component):
    """Every weight is trained, and the whole model is published each round."""

    can_be_shared: ClassVar[bool] = True

    kind: Literal["full"] = "full"


Tune = Annotated[Lora | FullWeights, by_kind]


class Optimizer(Component):
    """Optimisation settings, shared by the warm start and the rounds."""

    optimizer: Literal["adamw", "rmsprop"] = Field("adamw", description="rule of the steps; rmsprop: as SPIN's authors")
    learning_rate: float = Field(1e-4, gt=0, description="the highest of the schedule")
    epochs: float = Field(1.0, gt=0, description="passes over the training set; ignored where max_steps is given")
    max_steps: int | None = Field(None, ge=1, description="optimizer steps, in place of epochs")
    stop_epochs: float | None = Field(
        None, gt=0, description="end after these of the epochs, the schedule being that of all: an early checkpoint"
    )
    batch_size: int = Field(
        16,
        ge=1,
        description="examples of an optimizer step, over all devices together; online: rows of a backward pass on one "
        "device",
    )
    gradient_accumulation: int = Field(
        1, ge=1, description="an optimizer step has so many times batch_size examples, on however many devices"
    )
    micro_batch_size: Annotated[int | None, Execution] = Field(
        None, ge=1, description="examples of a backward pass on one device; default: found, up to batch_size"
    )
    batching: Annotated[Literal["padded", "packed"], Execution] = Field(
        "padded",
        description="packed: examples lie one behind the other in a row, so that padding costs at most 5 %; the steps "
        "are the same, to rounding",
    )
    devices: Annotated[tuple[str, ...], Execution] = Field(
        ("auto",),
        min_length=1,
        description="one process each: cpu, or cuda:0, cuda:1, ...; auto: every visible GPU; online: the first of "
        "engine.devices",
    )
    warmup_share: float = Field(0.03, ge=0, le=1, description="share of the steps with rising learning rate")
    schedule: Literal["cosine", "linear", "constant"] = Field(
        "cosine", description="of the learning rate after the warm-up; cosine and linear end at 0"
    )
    weight_decay: float = Field(0.0, ge=0, description="decoupled, as AdamW has it")
    max_grad_norm: float = Field(1.0, gt=0, description="larger gradients are scaled down to this norm")
    max_length: int = Field(1024, ge=8, description="tokens; longer examples are dropped and counted")
    dtype: Literal["auto", "float32", "bfloat16"] = Field("auto", description="auto: bfloat16 on GPU, float32 on CPU")
    attention: Annotated[str | None, Later] = Field(
        None,
        min_length=1,
        description="how attention is computed, by transformers' names: sdpa, eager, flash_attention_2, "
        "flash_attention_3, or a kernel of the hub; default: transformers' own, sdpa where the model has it",
    )
    gradient_checkpointing: Annotated[bool | None, Execution] = Field(
        None,
        description="less memory, more time; default: where one example at a time is too large without it; online: not",
    )
    checkpoint_seconds: Annotated[float, Execution] = Field(
        120.0, gt=0, description="time between checkpoints inside the phase; more where writing one takes over 10 s"
    )

    @property
    def step_size(self) -> int:
        """Examples of an optimizer step, on all devices together; the last step of an epoch may have fewer."""
        return self.batch_size * self.gradient_accumulation

    @property
    def has_equal_shares(self) -> bool:
        """Whether devices take equally many examples of a step, so that they have to divide it."""
        return True

    @model_validator(mode="after")
    def _devices_share_a_step(self) -> Optimizer:
        kinds = {device.partition(":")[0] for device in self.devices}
        is_named = re.compile(r"cpu|cuda:\d+").fullmatch
        if self.devices != ("auto",) and not all(map(is_named, self.devices)):
            raise ValueError(f"devices: {', '.join(self.devices)}: write auto, or cpu, or cuda:0, cuda:1, ...")
        if len(kinds) > 1:
            raise ValueError(
                f"devices: {', '.join(self.devices)}: a training runs on GPUs or on the CPU: write one kind"
            )
        if kinds == {"cuda"} and len(set(self.devices)) < len(self.devices):
            raise ValueError(f"devices: {', '.join(self.devices)}: a GPU stands there twice: write each once")
        if self.has_equal_shares:
            check_shares(self, len(self.devices))
        return self

    @model_validator(mode="after")
    def _stops_inside(self) -> Optimizer:
        if self.stop_epochs is None:
            return self
        if self.max_steps is not None:
            raise ValueError("stop_epochs: it ends a training that is counted in epochs: leave it or max_steps out")
        if self.stop_epochs > self.epochs:
            raise ValueError(f"stop_epochs: {self.stop_epochs:g} lies behind the last of {self.epochs:g} epochs: "
                             "write fewer, or leave it out")  # fmt: skip
        return self


def check_shares(optimizer: Optimizer, num_devices: int) -> None:
    """See that the examples of a step can be shared among devices, and each share cut into equal batches.

    Raises:
        ValueError: they cannot; names the fields, and numbers that can.
    """
    size, micro = optimizer.step_size, optimizer.micro_batch_size
    words = f"batch_size {optimizer.batch_size}"
    if optimizer.gradient_accumulation > 1:
        words += f" x gradient_accumulation {optimizer.gradient_accumulation}"
    if size % num_devices:
        fitting = max(number for number in range(1, num_devices) if size % number == 0)
        raise ValueError(
            f"devices: a step of {size} examples ({words}) does not divide by {num_devices} devices: write {fitting} "
            f"of them, or a batch_size that is a multiple of {num_devices}"
        )
    share = size // num_devices
    if micro is not None and share % micro:
        fitting = max(number for number in range(1, micro) if share % number == 0)
        on_devices = f", {num_devices} devices" if num_devices > 1 else ""
        raise ValueError(
            f"micro_batch_size: the {share} examples of a step on a device ({words}{on_devices}) are no whole batches "
            f"of {micro}: write {fitting}, or leave it out"
        )


class WarmStart(Optimizer):
    """SFT of the base model on worked examples; the result is kept as the `seed` model."""

    source: Source = Field(description="problems with solutions: the worked examples")
    tune: Tune = Field(Lora(), description="which weights learn")


class Replay(Component):
    """Rows from outside mixed with the round's own, as DICE does with its offline pairs (arXiv 2406.09760)."""

    path: Annotated[str, Content("file")] = Field(
        description="JSONL: prompt or messages, with completion, or with chosen and rejected"
    )
    share: float = Field(0.5, gt=0, lt=1, description="share of the mixture that is replayed")


class Format(Component):
    """One way to write a kept sample for training: prompt and completion as Jinja files of configs/prompts."""

    prompt: Annotated[str, Content("prompt")] = Field(
        description="prompt of configs/prompts, or path of a .j2 file; sees prompt, answer"
    )
    completion: Literal["text", "answer"] = Field(
        "text", description="text: the whole sample; answer: its final answer alone"
    )


AnyObjective = Annotated[Objective | OnlineObjective, by_kind, default_kind("sft")]
"""of offline rounds, and of online ones"""
ONLINE_KINDS = frozenset(component_choices(OnlineObjective))


class Train(Optimizer):
    """Training of one round. Three choices that papers leave silent stand here: `start_from`, `reference`, `data`.

    Defaults: ReST-EM (arXiv 2312.06585): from the base model each round, on this round's samples alone.
    """

    objective: AnyObjective = Field(Sft(), description="the loss")
    tune: Tune = Field(Lora(), description="which weights learn")
    start_from: Annotated[StartFrom, Content("model")] = Field(
        "base",
        description="which model training begins with: base, seed, previous, previous_with_optimizer (its optimizer "
        "goes on too), champion, or phase:NAME; default of online objectives: previous_with_optimizer",
    )
    reference: Annotated[Reference, Content("model")] = Field(
        "start",
        description="frozen model of a preference objective: base, seed, start, previous or phase:NAME; sft reads none",
    )
    data: Annotated[Literal["this_round", "last_two_rounds", "accumulate"], Content("steps")] = Field(
        "this_round", description="rounds whose kept samples are trained on"
    )
    replay: Replay | None = Field(None, description="rows from outside, mixed in")
    formats: tuple[Format, ...] = Field((), description="each kept sample is written in every one of these")
    with_seed_data: bool = Field(False, description="train on the warm start's examples too")
    step_growth: float | None = Field(None, gt=1, description="round t trains floor(max_steps * step_growth^(t-1))")
    min_examples: Annotated[int, Horizon] = Field(
        1, ge=1, description="fewer rows than this stop the experiment: no data"
    )

    @model_validator(mode="before")
    @classmethod
    def _segments_go_on(cls, tree: Any) -> Any:
        """A segment begins where the one before ended: from the base model each of them would learn the same again."""
        if not isinstance(tree, dict) or "start_from" in tree:
            return tree
        objective = tree.get("objective")
        kind = objective.get("kind") if isinstance(objective, dict) else getattr(objective, "kind", None)
        return {**tree, "start_from": "previous_with_optimizer"} if kind in ONLINE_KINDS else tree

    @model_validator(mode="after")
    def _steps_are_planned(self) -> Train:
        # what a segment lacks is told by the rules of online rounds
        carries = self.carries_optimizer and self.objective.kind not in ONLINE_KINDS
        for field, needs in (("step_growth", self.step_growth), ("start_from", carries or None)):
            if needs is not None and self.max_steps is None:
                raise ValueError(f"{field}: {needs if field == 'step_growth' else self.start_from} counts in optimizer "
                                 "steps: write max_steps, the steps of one round")  # fmt: skip
        if self.step_growth is not None and self.carries_optimizer:
            raise ValueError("step_growth: a carried schedule has equal rounds: leave it out")
        if self.batch_size < (least := self.objective.min_batch_size):
            raise ValueError(f"batch_size: {self.objective.kind} compares the rows of a batch: write {least} or more")
        if self.objective.sorts_batch:
            unfit = {
                "devices": len(self.devices) > 1,
                "micro_batch_size": self.micro_batch_size not in (None, self.batch_size),
            }
            for name in (name for name, is_written in unfit.items() if is_written):
                raise ValueError(f"{name}: the loss sorts the rows of a batch of {self.batch_size}, which cannot be "
                                 "cut: leave it out, or take another loss")  # fmt: skip
        return self

    @property
    def has_equal_shares(self) -> bool:
        return self.objective.rows != "streams"  # waves are filled up

    @property
    def offline_objective(self) -> Objective:
        """The loss of a training on rows; a segment of an online run has none."""
        assert not isinstance(self.objective, StreamObjective), "a segment trains on streams"
        return self.objective

    @property
    def carries_optimizer(self) -> bool:
        """Whether optimizer and learning-rate schedule go on from round to round."""
        return self.start_from == "previous_with_optimizer"
