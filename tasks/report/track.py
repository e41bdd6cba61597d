"""An experiment in MLflow: one parent run for its curves, one child run a round, one model version a candidate.

Called by the flows `run` (round by round) and `sync` (all rounds again, after MLflow was lost):

    tracked = track_experiment(tracker, recipe, digest)
    track_round(tracker, tracked, report, samples, datasets, model)       for each round, in order
    track_items(tracker, tracked, run_id, changes, digest)                what became of a round's held-out problems
    finish_experiment(tracker, tracked, experiment)

All may be repeated; what MLflow has is found again. An edited recipe under the same name becomes a parent run of
its own in the same MLflow experiment, so both curves can be compared; more rounds or other devices do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from configs.schema.load import dump_recipe
from configs.schema.marks import as_written, identity
from configs.schema.recipe import Recipe
from infra.text.names import file_name
from infra.tracking.evaluations import EvaluatedItem
from tasks.core.records import Label
from tasks.core.step import flatten
from tasks.report.figures import accuracy_figure, drops_figure, length_figure
from tasks.report.item_changes import Change, ItemChange
from tasks.report.monitor_figures import draw_monitor_figures
from tasks.report.monitor_table import largest_sizes
from tasks.report.rounds import ExperimentReport, RoundReport, SampleRow, champion_of
from tasks.report.table import markdown_table

if TYPE_CHECKING:
    from infra.tracking.tracker import Tracker

SAMPLES_SHOWN = 200
ITEMS_IN_TABLE = 5000
ITEMS_TRACED = 200
"""a request each"""
_NOTE = "mlflow.note.content"
_HEADLINES = (
    "select_accuracy",
    "report_accuracy",
    "kept_rate",
    "parse_rate",
    "distinct_rate",
    "mean_tokens",
    "mean_tokens_kept",
    "num_examples",
    "train_loss",
    "explore_pass_at_1",
    "explore_distinct_correct",
    "explore_diversity",
    "gap_generation_verification",
    "share_never_solved",
    "tail_hard_share",
    "kept_precision",
    "pseudo_label_precision",
    "judge_precision",
    "judge_kappa",
    "judge_parse_rate",
    "judge_score_mean",
    "judge_score_entropy",
    "judge_mode_share",
    "judge_order_agreement",
    "judge_length_correlation",
    "duplicate_rate",
    "length_gap_pairs",
    "contamination_share",
    "drift_gold_logprob",
    "report_revise_accuracy_t1",
    "report_revise_accuracy_final",
    "report_revise_wrong_to_right",
    "report_revise_right_to_wrong",
    "report_revise_gain_over_majority",
)
_HEADLINE_FAMILIES = ("explore_pass_at_", "exploit_best_of_", "exploit_reward_at_")


@dataclass(frozen=True)
class Tracked:
    """The parent run of an experiment. `key` finds it again; `params` are its recipe's settings, flat."""

    experiment_id: str
    run_id: str
    name: str
    key: str
    params: dict[str, str]


@dataclass(frozen=True)
class TrackedDataset:
    """Rows a round read: their digest, where they lie, and what for (training, select, report)."""

    name: str
    digest: str
    uri: str
    context: str


@dataclass(frozen=True)
class TrackedModel:
    """A round's candidate: digest of what it computes, and the address of its weights or adapter.

    `tags` go to its version; `takes_title` is False where the alias champion is settled at the end only: in a round
    that was found finished, or while a person's choice stands.
    """

    uri: str
    digest: str
    tags: Mapping[str, str] = field(default_factory=dict)
    takes_title: bool = True


def track_experiment(tracker: Tracker, recipe: Recipe, digest: str) -> Tracked:
    """Find or make the parent run of an experiment.

    Args:
        recipe: what says what is computed becomes parameters, names of files as they are written; all of it is kept as
            an artifact.
        digest: tells what the recipe computes.
    """
    params, name = flatten(identity(recipe, as_written)), recipe.name
    key = f"{name}/{digest}"
    experiment_id = tracker.ensure_experiment(name)
    run_id = tracker.ensure_run(experiment_id, key, name, params=params, tags={"selfloop.recipe": digest})
    tracker.log_text(run_id, dump_recipe(recipe), "recipe.yaml")
    return Tracked(experiment_id, run_id, name, key, params)


def track_round(
    tracker: Tracker,
    tracked: Tracked,
    report: RoundReport,
    samples: Sequence[SampleRow] = (),
    datasets: Sequence[TrackedDataset] = (),
    model: TrackedModel | None = None,
) -> str:
    """Write one round: its own run under the parent, its point on the parent's curves, its model version.

    Args:
        samples: the first 200 become the table `samples.json`.
        model: the candidate, where the round made one.

    Returns:
        id of the round's run.
    """
    run_id = tracker.ensure_run(
        tracked.experiment_id,
        f"{tracked.key}/round-{report.round:03d}",
        f"{tracked.name} round {report.round}",
        parent_run_id=tracked.run_id,
        params=tracked.params,
        tags=_round_tags(report),
    )
    tracker.log_metrics(run_id, report.metrics, step=report.round)
    headlines = _headlines(report.metrics) | {
        row.name: row.value for row in report.benchmarks if row.model == report.candidate
    }
    seconds = report.seconds()
    tracker.log_metrics(tracked.run_id, headlines | ({"seconds": seconds} if seconds else {}), step=report.round)
    for dataset in datasets:
        tracker.log_dataset(run_id, dataset.name, dataset.digest, dataset.uri, dataset.context)
    if samples:
        tracker.log_table(run_id, [row.model_dump() for row in samples[:SAMPLES_SHOWN]], "samples.json")
    if report.metrics.get("num_samples"):
        tracker.log_figure(run_id, drops_figure([report]), "figures/kept_and_dropped.svg")
    for title, svg in {**draw_monitor_figures([report]), **report.extra_figures}.items():
        tracker.log_figure(run_id, svg, _figure_file(title))
    tracker.log_text(run_id, report.model_dump_json(indent=2), "report.json")
    if model is not None:
        _register(tracker, tracked, report, model, run_id)
    tracker.finish_run(run_id)
    return run_id


def track_items(tracker: Tracker, tracked: Tracked, run_id: str, changes: Sequence[ItemChange], digest: str) -> None:
    """Write what became of each held-out problem: as tables of the round's run, all and those that were lost, and the
    first of them as items of its evaluation, which two rounds are compared by.

    Args:
        changes: in the order in which they are to be seen.
        digest: of the evaluation.
    """
    rows = [asdict(change) for change in changes]
    tracker.log_table(run_id, rows[:ITEMS_IN_TABLE], "eval_results_table.json")
    if lost := [row for row in rows if row["change"] == Change.LOST]:
        tracker.log_table(run_id, lost[:ITEMS_IN_TABLE], "eval_lost_table.json")
    tracker.log_items(tracked.experiment_id, run_id, [_item(change) for change in changes[:ITEMS_TRACED]], digest)


def _item(change: ItemChange) -> EvaluatedItem:
    before = {"output before": change.before_output} if change.before_label else {}
    said = {"label before": change.before_label} if change.before_label else {}
    return EvaluatedItem(
        name=f"{change.suite}/{change.problem_id}",
        asked=change.problem,
        answered=change.output,
        beside={**({"gold": change.gold} if change.gold else {}), **before},
        feedback={"change": change.change.value, "correct": change.label == Label.CORRECT, "label": change.label,
                  "suite": change.suite, **said},
    )  # fmt: skip


def finish_experiment(
    tracker: Tracker,
    tracked: Tracked,
    experiment: ExperimentReport,
    page: str | None = None,
    status: str = "FINISHED",
    champion_round: int | None = None,
) -> None:
    """Write what is known of the whole: figures, table, report page; point the aliases at the last state; end the run.

    Args:
        page: report.html, where it was made.
        status: FINISHED, FAILED or KILLED.
        champion_round: the round whose model a person made champion; default: the rounds' own.
    """
    series = {experiment.name: experiment.rounds}
    tracker.log_figure(tracked.run_id, accuracy_figure(series), "figures/accuracy.svg")
    if any(report.metrics.get("num_samples") for report in experiment.rounds):
        tracker.log_figure(tracked.run_id, drops_figure(experiment.rounds), "figures/kept_and_dropped.svg")
        tracker.log_figure(tracked.run_id, length_figure(series), "figures/length_and_variety.svg")
    for title, svg in draw_monitor_figures(experiment.rounds).items():
        tracker.log_figure(tracked.run_id, svg, _figure_file(title))
    table = markdown_table(experiment.rounds)
    tracker.log_text(tracked.run_id, table, "rounds.md")
    if page is not None:
        tracker.log_text(tracked.run_id, page, "report.html")
    champion = champion_of(experiment.rounds) if champion_round is None else experiment.rounds[champion_round]
    tags = {_NOTE: table, "champion": champion.candidate}
    tracker.ensure_run(tracked.experiment_id, tracked.key, tracked.name, tags=tags)
    tracker.settle_alias(tracked.name, "champion", f"round-{champion.round}")
    trained = [report for report in experiment.rounds if "train" in report.steps]
    if trained:
        tracker.settle_alias(tracked.name, "candidate", f"round-{trained[-1].round}")
    tracker.finish_run(tracked.run_id, status)


def _register(tracker: Tracker, tracked: Tracked, report: RoundReport, model: TrackedModel, run_id: str) -> None:
    """A version for the candidate, and its aliases.

    `champion` and `candidate` only move to newer versions here: a re-run passes the old rounds again, and whoever
    loads the champion meanwhile must not get an older one. `finish_experiment` settles them.
    """
    tags = {"round": report.round, "model": report.candidate, "selfloop.recipe": tracked.key.rpartition("/")[2]}
    tags |= model.tags
    version = tracker.register_model(tracked.name, model.uri, model.digest, tags, run_id)
    tracker.set_alias(tracked.name, f"round-{report.round}", version)
    tracker.set_alias(tracked.name, "candidate", version, only_forward=True)
    if report.is_accepted and model.takes_title:
        tracker.set_alias(tracked.name, "champion", version, only_forward=True)


def _headlines(metrics: Mapping[str, float]) -> dict[str, float]:
    """What the parent's curves show: fixed names, and of the families with K in the name the largest K."""
    largest = [name for family in _HEADLINE_FAMILIES for name in largest_sizes(metrics, family)]
    return {name: metrics[name] for name in (*_HEADLINES, *largest) if name in metrics}


def _figure_file(title: str) -> str:
    return f"figures/{file_name(title.lower().replace(' ', '_'))}.svg"


def _round_tags(report: RoundReport) -> dict[str, str]:
    named = {name: str(getattr(report, name)) for name in ("round", "candidate", "incumbent", "action", "reason")}
    steps = {f"step.{stage}": prefix for stage, prefix in report.steps.items()}
    named |= {"phase": report.phase} if report.phase else {}
    note = "\n\n".join([report.reason, *report.warnings, markdown_table([report])])
    return named | steps | {_NOTE: note}
