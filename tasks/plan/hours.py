"""How long new steps take on a number of GPUs, and what that costs, by speeds that were given or measured. Pure.

Called by `plan --gpus`. A speed is that of one GPU; work of models is divided by their number, the rest is not:

    drawing    samples x mean length / (draw x GPUs)
    judging    texts of judges / (draw x GPUs) + what they read / (read x GPUs); measured: seconds a sample x GPUs then
    training   tokens trained on / (train x GPUs)
    rules      seconds a sample, as measured: selecting, monitoring, verifying

Measured are a round's own times, in which its loads of models, and what the machine did besides, are contained; of a
stage that was killed and gone on with, the time of its last part. Given speeds have loads added, each `LOAD_SECONDS` on
all GPUs together. Base models and warm starts, which are made once, are left out. A run holds its GPUs from its first
engine to its end (`infra/engines/device_lease.py`), so GPU hours are all hours times all GPUs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from configs.schema.recipe import Recipe
from tasks.core.stage import Stage
from tasks.plan.cost import drawn_by, generator_loads, judge_loads, mean_length, samples_a_round
from tasks.plan.speeds import TRAINED, Measured, Speeds, judge_tokens, measured_speeds

LOAD_SECONDS = 60.0
"""a model of 8B parameters, from a disk to a GPU; with its engine's start"""
ASSUMED_KEPT = 0.3
"""share of samples trained on, where no round says it"""


@dataclass(frozen=True)
class Price:
    """On what, and for how much.

    Attributes:
        gpu_hour: price of one, in any currency; None: nobody said.
    """

    gpus: int
    gpu_hour: float | None = None


@dataclass(frozen=True)
class Part:
    """One kind of work: its hours, and how they come about; hours None: a speed is not known, which `how` names."""

    name: str
    hours: float | None
    how: str


def estimate_hours(
    recipe: Recipe,
    sizes: Mapping[str, int],
    new: Sequence[tuple[int, Stage]],
    given: Speeds,
    measured: Measured | None,
    price: Price,
) -> Iterator[str]:
    """Lines that say hours, GPU hours and money of the new steps; nothing where there are none.

    Args:
        sizes: problems by set name.
        new: (round, stage) of the steps to be computed.
    """
    if not new:
        return
    parts = list(_Work(recipe, sizes, new, given, measured, price.gpus).parts())
    known = [part.hours for part in parts if part.hours is not None]
    for part in parts:
        amount = "    ?   " if part.hours is None else f"{part.hours:8.2f}"
        yield f"  {part.name:<12} {amount} h  {part.how}"
    hours, least = sum(known), "at least " if len(known) < len(parts) else ""
    cost = f", {hours * price.gpus * price.gpu_hour:,.2f} at {price.gpu_hour:,.2f} a GPU hour" if price.gpu_hour else ""
    noun = "GPU" if price.gpus == 1 else "GPUs"
    yield f"in all on {price.gpus} {noun}: {least}{hours:.2f} h, {hours * price.gpus:.2f} GPU hours{cost}"


@dataclass(frozen=True)
class _Work:
    """The new steps, by kind of work."""

    recipe: Recipe
    sizes: Mapping[str, int]
    new: Sequence[tuple[int, Stage]]
    given: Speeds
    measured: Measured | None
    gpus: int

    @cached_property
    def metrics(self) -> Mapping[str, float]:
        return self.measured.metrics if self.measured else {}

    @property
    def rates(self) -> Sequence[float]:
        return self.measured.rates if self.measured else ()

    @cached_property
    def length(self) -> float:
        """Mean tokens of a sample."""
        return mean_length(self.recipe, self.metrics)[0]

    @cached_property
    def before(self) -> Speeds:
        """As they were measured."""
        return measured_speeds(self.recipe, self.sizes, self.measured) if self.measured else Speeds()

    def parts(self) -> Iterator[Part]:
        yield self._drawing()
        yield from self._judging()
        yield from self._training()
        yield from self._rules()
        if self.given != Speeds():
            yield self._loads()

    def _drawing(self) -> Part:
        tokens = self.length * sum(
            sum(drawn_by(self.recipe.in_round(round), stage.name, self.sizes, round, self.rates).values())
            for round, stage in self.new
        )
        return self._at_speed("drawing", tokens, "draw", "--draw-speed")

    def _judging(self) -> Iterator[Part]:
        rounds = [round for round, stage in self.new if stage.loads == "judges"]
        read = written = 0.0
        for round in rounds:
            texts = judge_tokens(self.recipe.in_round(round), self.sizes["train"], round, self.length, self.rates)
            read, written = read + texts[0], written + texts[1]
        if not read + written:
            return
        seconds = self._as_before("judge", rounds)
        if seconds is not None and self.given.read is None:
            assert self.measured is not None, "it says the seconds"
            yield self._part("judging", seconds * self.measured.num_devices / self.gpus, self._source())
            return
        draw, speed = self.given.draw or self.before.draw, self.given.read
        if speed is None or draw is None:
            yield Part("judging", None, "run a round, or write --draw-speed and --read-speed")
            return
        how = f"{read:,.0f} tokens read at {speed:,.0f} a second, {written:,.0f} written"
        yield self._part("judging", (read / speed + written / draw) / self.gpus, how)

    def _training(self) -> Iterator[Part]:
        """Of a segment, which trains while it draws, the time for both was measured as drawing."""
        is_apart = self.given.draw is not None or self.before.draw is None
        names = ("train", "segment") if is_apart else ("train",)
        rounds = [round for round, stage in self.new if stage.name in names]
        if not rounds:
            return
        samples = sum(self._samples(round) for round in rounds)
        if TRAINED in self.metrics and self.measured is not None:
            tokens = samples * self.metrics[TRAINED] / max(self._samples(self.measured.round), 1)
        else:
            tokens = samples * self.length * ASSUMED_KEPT * self.recipe.train.epochs
        yield self._at_speed("training", tokens, "train", "--train-speed")

    def _rules(self) -> Iterator[Part]:
        """Stages that load no model, as long as they were before."""
        seconds = 0.0
        is_judged = any(judge_tokens(self.recipe.in_round(r), 1, r, 1.0) != (0.0, 0.0) for r, _ in self.new)
        for round, stage in self.new:
            if stage.loads is None or (stage.loads == "judges" and not is_judged):
                seconds += self._as_before(stage.name, [round]) or 0.0
        if seconds:
            yield self._part("rules", seconds, f"{self._source()}; on the processors of one machine")

    def _loads(self) -> Part:
        judges = {round: judge_loads(self.recipe.in_round(round)) for round, _ in self.new}
        num = generator_loads(self.new, judges) + sum(stage.loads == "trainer" for _, stage in self.new)
        return self._part("loads", num * LOAD_SECONDS, f"{num} of a model, {LOAD_SECONDS:.0f} s each (assumed)")

    def _at_speed(self, name: str, tokens: float, field: str, option: str) -> Part:
        given, before = getattr(self.given, field), getattr(self.before, field)
        speed = given or before
        if not speed:
            return Part(name, None, f"{tokens:,.0f} tokens; run a round, or write {option} TOKENS_A_SECOND")
        source = "given" if given else self._source()
        how = f"{tokens:,.0f} tokens at {speed:,.0f} a second and GPU ({source})"
        return self._part(name, tokens / (speed * self.gpus), how)

    def _as_before(self, stage: str, rounds: Sequence[int]) -> float | None:
        """Seconds of a stage by its time a sample in the measured round; None: that round has no such time."""
        seconds = self.metrics.get(f"seconds_{stage}")
        if self.measured is None or seconds is None:
            return None
        each = seconds / max(self._samples(self.measured.round), 1)
        return each * sum(self._samples(round) for round in rounds)

    def _samples(self, round: int) -> int:
        return samples_a_round(self.recipe.in_round(round), self.sizes["train"], round, self.rates)

    def _source(self) -> str:
        assert self.measured is not None, "something was measured"
        devices = f"{self.measured.num_devices} device{'' if self.measured.num_devices == 1 else 's'}"
        return f"measured in round {self.measured.round} on {devices}"

    @staticmethod
    def _part(name: str, seconds: float, how: str) -> Part:
        return Part(name, seconds / 3600, how)
