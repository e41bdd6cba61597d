"""What a reader sees of an experiment: frozen values that flows build from step records and everything else shows.

    BenchmarkRow       one score of a benchmark                       flows -> table, html
    RoundReport        one round: models, decision, flat numbers      flows -> table, figures, html, track
    SampleRow          one sample, kept or not and why                flows -> html, track
    ExperimentReport   the rounds of one experiment, with samples     flows -> html, track

Metrics have fixed flat names. Rates lie in [0, 1], durations are seconds, lengths are tokens:

    select_accuracy, report_accuracy (each with _low and _high, the ends of the 95 % Wilson interval),
    report_pass_at_K, num_samples, num_kept, kept_rate, dropped_REASON, parse_rate, mean_tokens, mean_tokens_kept,
    distinct_rate, truncated_rate, train_loss, num_examples, generator_loads, trainer_loads, seconds_STAGE

Numbers of a role that learns have `role_NAME_` before, such as role_critic_train_loss. docs/metrics.md lists all of
them, and those of the monitors. A metric that a round does not have is absent, never zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from tasks.monitor.histograms import Histogram

Action = Literal["baseline", "promote", "keep_incumbent", "roll_back", "stop"]
DROPPED = "dropped_"
SECONDS = "seconds_"


class _Value(BaseModel):
    """Base of these values: frozen, refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BenchmarkRow(_Value):
    """One score of one model on a task of lm-evaluation-harness or on a set of one's own.

    Attributes:
        model: its name.
        metric: with the way in which answers were read, where it has a name.
        name: of the metric among the round's.
        num_fewshot: None for a group.
    """

    model: str
    task: str
    metric: str
    name: str
    value: float
    stderr: float | None
    num_items: int
    num_fewshot: int | None


class RoundReport(_Value):
    """One round as a reader sees it.

    Attributes:
        candidate: name of the model evaluated, empty where none was trained; in round 0 the model everything starts
            from.
        incumbent: name of the model it had to beat.
        champion: name of the best accepted model after the round.
        action: what was decided; `baseline` in round 0.
        reason: the decision in words.
        metrics: flat numbers, named as the module says.
        steps: by stage, the step's prefix in the store.
        reused: stages that were found in the store rather than computed.
        histograms: of the monitors, by name.
        warnings: the guards that spoke, in words.
        missing: what was asked and has no answer: by stage and reason how often, and the first of them.
        left_out: rows of the problem files that are in no set: how many, and the first of them with the reason.
        extra_figures: further figures of this round as SVG, by title.
        phase: the phase that it lies in; empty without phases, and in round 0.
        benchmarks: scores of the candidate, and of the champion where the experiment ends with another one.
        roles: name of the model that plays each role from here on, for roles that have states.
    """

    experiment: str
    round: int
    candidate: str
    incumbent: str
    champion: str
    action: Action
    reason: str
    metrics: dict[str, float] = {}
    steps: dict[str, str] = {}
    reused: list[str] = []
    histograms: dict[str, Histogram] = {}
    warnings: list[str] = []
    missing: list[str] = []
    left_out: list[str] = []
    extra_figures: dict[str, str] = {}
    phase: str = ""
    benchmarks: list[BenchmarkRow] = []
    roles: dict[str, str] = {}

    @property
    def is_accepted(self) -> bool:
        """The candidate became champion."""
        return self.action in ("baseline", "promote")

    def interval(self, suite: str) -> tuple[float, float, float] | None:
        """Accuracy on a suite with the ends of its interval: (value, low, high), all in [0, 1]."""
        names = [f"{suite}_accuracy{end}" for end in ("", "_low", "_high")]
        if not all(name in self.metrics for name in names):
            return None
        value, low, high = (self.metrics[name] for name in names)
        return value, low, high

    def drops(self) -> dict[str, int]:
        """Number of samples dropped, by reason; reasons that dropped none are left out."""
        return {
            name.removeprefix(DROPPED): int(count)
            for name, count in self.metrics.items()
            if name.startswith(DROPPED) and count
        }

    def seconds(self, *stages: str) -> float | None:
        """Time of all stages, or of some; None if none is known. A reused stage counts with the time it once took."""
        wanted = {SECONDS + stage for stage in stages}
        parts = [
            value for name, value in self.metrics.items() if (name in wanted if stages else name.startswith(SECONDS))
        ]
        return sum(parts) if parts else None


class SampleRow(_Value):
    """One sample for tables of sample texts. `reason` is empty where the sample was kept."""

    problem_id: str
    prompt: str
    text: str
    gold: str | None
    answer: str | None
    label: str
    kept: bool
    reason: str = ""
    score: float | None = None


class ExperimentReport(_Value):
    """One experiment as a reader sees it.

    Attributes:
        rounds: in order, from round 0.
        samples: some samples of a round, by round.
        recipe: the resolved recipe as YAML.
        p_value: exact McNemar test, champion against round 0 on the report set.
        links: pages of this experiment elsewhere, by name.
    """

    name: str
    rounds: list[RoundReport]
    samples: dict[int, list[SampleRow]] = {}
    recipe: str = ""
    p_value: float | None = None
    links: dict[str, str] = {}

    @property
    def champion(self) -> RoundReport:
        """The round whose candidate holds the title."""
        return champion_of(self.rounds)


def champion_of(rounds: Sequence[RoundReport]) -> RoundReport:
    """The round whose candidate holds the title after the last round."""
    return next(report for report in rounds if report.candidate == rounds[-1].champion)
