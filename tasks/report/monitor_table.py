"""The monitors' metrics by round, as texts: the important ones, in a fixed order. Called by `html.py`.

All metrics are in MLflow and in each round's `report.json`; docs/metrics.md says what they mean.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tasks.report.rounds import RoundReport

# A name that ends in _ stands for the one with the largest K, and the one with the largest K and S.
_SHOWN = (
    "explore_pass_at_1", "explore_pass_at_", "explore_distinct_correct", "explore_diversity", "explore_answer_entropy",
    "exploit_best_of_", "exploit_reward_at_", "gap_generation_verification",
    "share_never_solved", "tail_hard_share", "tail_tv_to_first", "tail_effective_bins",
    "kept_precision", "pseudo_label_precision", "pseudo_label_ece",
    "judge_precision", "judge_recall", "judge_kappa", "judge_pair_accuracy", "judge_parse_rate", "judge_score_mean",
    "judge_score_entropy", "judge_mode_share", "judge_order_agreement", "judge_first_position_rate",
    "judge_length_correlation", "judge_self_preference",
    "duplicate_rate", "length_mean", "length_kept", "length_gap_pairs",
    "contamination_share", "contamination_items_select", "contamination_items_report",
    "verifier_error_rate", "drift_gold_logprob",
    "report_revise_accuracy_t1", "report_revise_accuracy_final", "report_revise_wrong_to_right",
    "report_revise_right_to_wrong", "report_revise_edit_share", "report_revise_verdict_recall_right",
    "report_revise_verdict_recall_wrong", "report_revise_budget", "report_revise_majority_at_budget",
    "report_revise_gain_over_majority", "drift_revise_accuracy_t1",
)  # fmt: skip
_AS_NUMBERS = (
    "length_",
    "contamination_items",
    "explore_distinct",
    "judge_score_mean",
    "tail_effective",
    "drift_gold",
    "report_revise_budget",
)
_AS_COEFFICIENTS = ("judge_kappa", "judge_length", "judge_self", "judge_score_entropy", "explore_answer", "gap_",
                    "pseudo_label_ece", "tail_tv", "report_revise_gain", "drift_revise")  # fmt: skip


def monitor_rows(reports: Sequence[RoundReport]) -> list[tuple[str, ...]]:
    """A row a metric: its name, then its value in each of these rounds; `-` where a round does not have it."""
    known = {name for report in reports for name in report.metrics}
    names = [name for shown in _SHOWN for name in _expand(shown, known)]
    return [
        (spoken(name), *(format_metric(name, report.metrics.get(name)) for report in reports))
        for name in dict.fromkeys(names)
    ]


def format_metric(name: str, value: float | None) -> str:
    """Shares as percentages, coefficients with three decimals, lengths and counts as they are."""
    if value is None:
        return "-"
    if name.startswith(_AS_NUMBERS):
        return f"{value:.4g}"
    return f"{value:.3f}" if name.startswith(_AS_COEFFICIENTS) else f"{100 * value:.1f} %"


def spoken(metric: str) -> str:
    """A metric's name as people say it: `explore_pass_at_8_4` becomes `Pass@8-4`."""
    for prefix, word in (("explore_pass_at_", "Pass@"), ("exploit_best_of_", "Best-of-"),
                         ("exploit_reward_at_", "Reward@")):  # fmt: skip
        if metric.startswith(prefix):
            return word + metric.removeprefix(prefix).replace("_", "-")
    return metric.removeprefix("explore_").replace("_", " ")


def largest_sizes(names: Collection[str], prefix: str) -> list[str]:
    """Of the names `PREFIX_K` and `PREFIX_K_S` the one with the largest K, and the one with the largest K and S."""
    endings = [name.removeprefix(prefix).split("_") for name in names if name.startswith(prefix)]
    sizes = [tuple(map(int, parts)) for parts in endings if all(part.isdigit() for part in parts)]
    groups = ([size for size in sizes if len(size) == length] for length in (1, 2))
    return [prefix + "_".join(map(str, max(group))) for group in groups if group]


def _expand(shown: str, known: Collection[str]) -> list[str]:
    if shown.endswith("_"):
        return largest_sizes(known, shown)
    return [shown] if shown in known else []
