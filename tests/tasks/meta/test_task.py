"""The meta stage with a real model, after a real judge step."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.core.records import Judgement, Pair, spell
from tasks.core.tables import read_records
from tasks.judge.judgements import read_judgements
from tasks.judge.task import judge
from tasks.meta.elo import position_weights, rate
from tasks.meta.task import meta_judge
from tests.build.judging import judging_bench, publish_round, tiny_cast
from tests.tasks.core.killed import check_kill

pytestmark = pytest.mark.slow

ALONE = r"(?<![0-9a-zA-Z])({})(?![0-9a-zA-Z])"
"""a letter or digit that stands alone somewhere: the last one of a random text is mostly a part of a word"""
RUBRIC = {"kind": "rubric", "prompt": "grade.j2", "pattern": ALONE.format("[0-9]"), "low": 0, "high": 9,
          "max_tokens": 60, "temperature": 2.0, "top_p": 1.0, "repeats": 8}  # fmt: skip
META = {"prompt": "meta.j2", "pattern": ALONE.format("[AB]"), "max_tokens": 60, "temperature": 2.0, "top_p": 1.0}
DPO = {"objective": {"kind": "dpo"}, "learning_rate": 1e-4, "start_from": "base", "reference": "base"}
PAIRS = {"select": [{"kind": "judged"}], "pair": {"kind": "best_vs_worst", "judge": "rubric"}, "train": DPO}


def test_judgements_are_compared_and_become_pairs(tmp_path: Path) -> None:
    (tmp_path / "meta.j2").write_text("A {{ first[:8] }} B {{ second[:8] }}: ", encoding="utf-8")
    with judging_bench(tmp_path, [RUBRIC], meta=META, warm_start=None, **PAIRS) as bench:
        samples, problems = publish_round(bench, num_problems=96)
        cast = tiny_cast(tmp_path)
        verdicts = judge(bench, 1, samples, problems, cast)
        step = check_kill(bench, "meta", lambda: meta_judge(bench, 1, verdicts, samples, problems, cast))
        assert [file.name for file in step.files] == ["judgements-meta.parquet", "pairs.parquet"]
        comparisons = list(read_judgements(bench.ledger, step, "meta"))
        judgements = {f"{row.sample_id}#{row.index}": row for row in read_judgements(bench.ledger, verdicts, "rubric")}
        assert comparisons and step.summary["num_comparisons"] == len(comparisons)
        assert any(row.score is not None for row in comparisons), "a random model writes A or B sometimes"
        for row in comparisons:
            shown = [judgements[name] for name in (row.sample_id, str(row.other_id))]
            assert shown[0].sample_id == shown[1].sample_id and None not in [part.score for part in shown]
        pairs = list(read_records(bench.ledger.fetch(step, "pairs.parquet"), Pair))
        assert len(pairs) == step.summary["num_pairs"]
        assert pairs, "some of many comparisons name one winner in both orders"
        for pair in pairs:
            check_pair(pair, judgements, comparisons, bench.recipe.meta.ridge)
        assert bench.spending()["generator_loads"] == 3, "the judge's model compares too; each kill ended it"
        assert meta_judge(bench, 1, verdicts, samples, problems, cast).is_reused


def check_pair(pair: Pair, judgements: dict[str, Judgement], comparisons: list[Judgement], ridge: float) -> None:
    chosen, rejected = judgements[pair.chosen_id], judgements[pair.rejected_id]
    assert (pair.role, spell(pair.chosen), spell(pair.rejected)) == ("judge", chosen.text, rejected.text)
    assert pair.messages == chosen.messages and chosen.score != rejected.score
    rows = [row for row in comparisons if row.problem_id == pair.problem_id]
    players = sorted({row.sample_id for row in rows})
    weights = position_weights(comparisons)
    assert weights is not None
    ratings = rate(players, rows, weights, ridge)
    assert ratings[pair.chosen_id] == pytest.approx(max(ratings.values()))
    assert ratings[pair.rejected_id] == pytest.approx(min(ratings.values()))
