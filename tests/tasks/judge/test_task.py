"""The judge stage with real models: every kind of judge, resuming, and what enters a key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from configs.errors import RecipeError
from infra.engines.questions import Scoring
from tasks.core.bench import Workbench
from tasks.core.files import SAMPLES
from tasks.core.records import Verdict
from tasks.core.refs import StepRef
from tasks.core.roles import Cast
from tasks.core.step import digest
from tasks.core.tables import read_records
from tasks.judge.judgements import read_judgements
from tasks.judge.stage import judging_identity, specify
from tasks.judge.task import judge
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tests.build.benches import publish
from tests.build.judging import drawn_samples, judging_bench, make_problems, publish_round, tiny_cast
from tests.tasks.core.killed import asked_by, check_kill
from tests.tasks.core.scripted import make_answers

pytestmark = pytest.mark.slow

RUBRIC = {"kind": "rubric", "prompt": "grade.j2", "pattern": "([0-9])", "low": 0, "high": 9, "max_tokens": 32,
          "temperature": 1.0, "top_p": 1.0}  # fmt: skip
CHOICES = {**RUBRIC, "name": "sure", "read": "choices"}
PAIRWISE = {"kind": "pairwise", "prompt": "compare.j2", "pattern": "([AB])", "read": "choices"}
IMPLICIT = {"kind": "implicit", "reference": "base"}
IMPORTANCE = {"kind": "importance", "trusted": {"kind": "addition", "digits": [1], "num_problems": 4}}
SUM = {"kind": "combine", "name": "sum", "of": ["vote", "sure"]}
PROBE = {"kind": "probe", "prompt": "probe.j2", "items": "list", "texts": ["1", "7"], "expect": "literal",
         "literal": "1", "choices": ["1", "7", "s"], "read": "choices"}  # fmt: skip
PROBE_PROBLEM = {**PROBE, "name": "before", "of": "problem", "read": "text"}
SILENT = {"kind": "probe", "name": "silent", "prompt": "probe.j2"}


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    return tiny_cast(tmp_path_factory.mktemp("models"))


def verdicts_of(bench: Workbench, step: StepRef, name: str) -> list[Verdict]:
    rows = read_records(bench.ledger.fetch(step, "verdicts.parquet"), Verdict)
    return [verdict for verdict in rows if verdict.judge == name]


def test_every_kind_of_judge_gives_its_verdicts(tmp_path: Path, cast: Cast) -> None:
    judges = [{"kind": "vote"}, RUBRIC, CHOICES, PAIRWISE, IMPLICIT, IMPORTANCE, SUM, PROBE, PROBE_PROBLEM]
    with judging_bench(tmp_path, judges) as bench:
        samples, problems = publish_round(bench)
        step = judge(bench, 1, samples, problems, cast)
        by_judge = {part.name: verdicts_of(bench, step, part.name) for part in bench.recipe.judge}
        assert all(len(verdicts) == 12 for verdicts in by_judge.values())
        assert bench.spending()["generator_loads"] == 2
        labels = [verdict.label for verdict in by_judge["vote"]]
        assert labels == ["wrong", "correct", "correct", "truncated"] * 3
        check_rubric(bench, step, by_judge["rubric"])
        check_choices(bench, step, by_judge["sure"])
        check_pairwise(bench, step, by_judge["pairwise"])
        check_implicit(bench, by_judge["implicit"], cast)
        check_probe(bench, step, by_judge["probe"], by_judge["before"])
        shifts = [verdict.score for verdict in by_judge["importance"] if verdict.label != "truncated"]
        assert len(shifts) == 9 and all(shift is not None and 1 <= shift <= 5 for shift in shifts)
        assert len(list(read_judgements(bench.ledger, step, "importance", "trusted"))) == 4
        for total, vote, sure in zip(by_judge["sum"], by_judge["vote"], by_judge["sure"], strict=True):
            assert total.label == "truncated" or total.score == pytest.approx(vote.score + sure.score)
        assert step.summary["num_samples"] == 12 and step.summary["sure_parse_rate"] == 0.75
        assert step.summary["rubric_num_judgements"] == 27
        assert judge(bench, 1, samples, problems, cast).is_reused


def check_rubric(bench: Workbench, step: StepRef, verdicts: list[Verdict]) -> None:
    rows = list(read_judgements(bench.ledger, step, "rubric"))
    assert len(rows) == 27 and rows[0].messages[0].content == "0+0=12:"
    read = [row.score for row in rows if row.score is not None]
    assert len(set(read)) > 1, "a random model writes different digits"
    for row in rows:
        digits = [letter for letter in row.text if letter.isdigit()]
        assert row.score == (float(digits[-1]) if row.note is None else None), row
        assert row.note is None or "max_tokens" in row.note or "a part of" in row.note or not digits, row
    for verdict in verdicts:
        scores = [row.score for row in rows if row.sample_id == verdict.sample_id and row.score is not None]
        assert verdict.score == (pytest.approx(sum(scores) / len(scores)) if scores else None)


def check_choices(bench: Workbench, step: StepRef, verdicts: list[Verdict]) -> None:
    rows = list(read_judgements(bench.ledger, step, "sure"))
    assert len(rows) == 9 and all(row.text == "" and 0 < row.score < 9 for row in rows if row.score is not None)
    assert [verdict.score for verdict in verdicts if verdict.label == "unscored"] == [row.score for row in rows]


def check_pairwise(bench: Workbench, step: StepRef, verdicts: list[Verdict]) -> None:
    rows = list(read_judgements(bench.ledger, step, "pairwise"))
    assert len(rows) == 3 * 6 and all(row.score in (0.0, 1.0) for row in rows)
    for start in (0, 4, 8):
        scores = [verdict.score for verdict in verdicts[start : start + 3]]
        assert sum(score for score in scores if score is not None) == 3
        assert verdicts[start + 3].label == "truncated"


def check_probe(bench: Workbench, step: StepRef, verdicts: list[Verdict], of_problem: list[Verdict]) -> None:
    rows = list(read_judgements(bench.ledger, step, "probe"))
    assert len(rows) == 18 and rows[1].messages[0].content == "0+0=12:7"
    assert all(0 < row.score < 1 for row in rows if row.score is not None)
    scores = [verdict.score for verdict in verdicts if verdict.label != "truncated"]
    assert scores == pytest.approx([(rows[n].score + rows[n + 1].score) / 2 for n in range(0, 18, 2)])
    assert len({verdict.score for verdict in of_problem[:3]}) == 1 and of_problem[0].score is not None
    asked = list(read_judgements(bench.ledger, step, "before"))
    assert len(asked) == 18 and len({row.messages for row in asked}) == 6


def test_a_probe_without_options_is_told_of(tmp_path: Path, cast: Cast) -> None:
    with judging_bench(tmp_path, [{"kind": "vote"}, SILENT]) as bench:
        samples, problems = publish_round(bench)
        with pytest.raises(RecipeError, match="judge 'silent': there was nothing to ask about any sample") as caught:
            judge(bench, 1, samples, problems, cast)
    assert caught.value.fix is not None and "options tells how an option is found" in caught.value.fix


def check_implicit(bench: Workbench, verdicts: list[Verdict], cast: Cast) -> None:
    samples = [sample for sample in drawn_samples(make_problems(3)) if not sample.is_truncated]
    questions = {problem.id: problem.messages[0].content for problem in make_problems(3)}
    scorings = [Scoring(row.id, (("user", questions[row.problem_id]),), row.text) for row in samples]
    policy, reference = (
        [score.logprob for score in bench.generator(model).score(scorings)] for model in (cast.round_start, cast.base)
    )
    expected = [own - other for own, other in zip(policy, reference, strict=True)]
    found = [verdict.score for verdict in verdicts if verdict.label == "unscored"]
    assert found == pytest.approx(expected, abs=1e-4) and max(map(abs, expected)) > 0.01


GENERATE = {"num_samples": 4, "temperature": 1.0, "top_k": 0, "max_tokens": 16}


def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path: Path, cast: Cast) -> None:
    judges = [{**RUBRIC, "repeats": 2}, IMPLICIT, {"kind": "answer"}]
    with judging_bench(tmp_path, judges, generate={**GENERATE, "shard_size": 2}) as bench:
        samples, problems = publish_round(bench, num_problems=5)
        step = check_kill(bench, "judge", lambda: judge(bench, 1, samples, problems, cast), (3, 2, 4))
        assert asked_by(bench, "judge").num_different == 15 * 2 + 15 * 2 + num_different_texts(bench, samples)
        seed = specify(bench, 1, samples, problems, cast).seed
        assert seed is not None
        known = {problem.id: problem for problem in make_problems(5)}
        for config in bench.recipe.judge:  # at once, in another place
            answers = make_answers(tmp_path / config.name)
            verdicts = list(
                judge_samples(drawn_samples([*known.values()]), [config], World(known, bench, cast, seed, answers))
            )
            resumed = verdicts_of(bench, step, config.name)
            assert [verdict.label for verdict in verdicts] == [verdict.label for verdict in resumed]
            scores = [verdict.score for verdict in verdicts if verdict.score is not None]
            assert scores == pytest.approx([row.score for row in resumed if row.score is not None], abs=1e-4)


def num_different_texts(bench: Workbench, samples: StepRef) -> int:
    """Texts that a rule looks at; the same text with the same gold answer is looked at once."""
    return len({(row.problem_id, row.text) for row in SAMPLES.read(bench.ledger, samples) if not row.is_truncated})


def test_another_judge_and_a_corrected_answer_ask_about_what_they_change_alone(tmp_path: Path, cast: Cast) -> None:
    judges = [IMPLICIT, {"kind": "answer"}]
    with judging_bench(tmp_path, judges) as bench:
        samples, problems = publish_round(bench)
        judge(bench, 1, samples, problems, cast)
        before = asked_by(bench, "judge")
        corrected = [replace(row, gold="99") if row.id == "p0" else row for row in make_problems(3)]
        judge(bench, 1, samples, publish(bench, "corrected", train=corrected), cast)
        after = asked_by(bench, "judge")
        texts = {
            row.text for row in SAMPLES.read(bench.ledger, samples) if row.problem_id == "p0" and not row.is_truncated
        }
        assert after.num_answers - before.num_answers == len(texts), "the texts of the one problem"
        assert bench.spending()["generator_loads"] == 2, "policy and reference, once each"


def test_verdicts_that_were_made_with_the_samples_are_taken_over(tmp_path: Path, cast: Cast) -> None:
    with judging_bench(tmp_path, [{"kind": "vote"}]) as bench:
        samples = drawn_samples(make_problems(1))
        made = [Verdict(sample.id, sample.problem_id, "vote", "unscored", 2.0) for sample in samples]
        drawn = publish(bench, "generate", **{"shard-00000": samples}, verdicts=made)
        problems = publish(bench, "problems", train=make_problems(1))
        step = judge(bench, 1, drawn, problems, cast)
        assert verdicts_of(bench, step, "vote") == made and step.summary["mean_score"] == 2.0


def test_keys_follow_what_is_said_and_who_says_it(tmp_path: Path, cast: Cast) -> None:
    with judging_bench(tmp_path, [RUBRIC, {**IMPLICIT, "reference": "previous"}]) as bench:
        samples, problems = publish_round(bench)
        spec = specify(bench, 1, samples, problems, cast)
        assert spec.config["judge"][0]["prompt"] == digest("{{ prompt }}{{ response }}: ")
        assert spec.config["asked"]["implicit"]["models"] == {"": f"{1:064d}", "reference": f"{0:064d}"}
        same = cast.model_copy(update={"live": cast.base})
        assert specify(bench, 1, samples, problems, same).key == spec.key
        other = cast.model_copy(update={"round_start": cast.base, "previous": cast.round_start})
        assert specify(bench, 1, samples, problems, other).key != spec.key
        identity = judging_identity(bench, bench.recipe.judge, cast)
        (tmp_path / "grade.j2").write_text("{{ response }}", encoding="utf-8")
        assert specify(bench, 1, samples, problems, cast).key != spec.key
        assert judging_identity(bench, bench.recipe.judge, cast) != identity


def test_judges_by_rule_alone_need_no_seed_and_no_model(tmp_path: Path, cast: Cast) -> None:
    with judging_bench(tmp_path, [{"kind": "answer"}]) as bench:
        samples, problems = publish_round(bench)
        spec = specify(bench, 1, samples, problems, cast)
        assert spec.seed is None and "asked" not in spec.config
        step = judge(bench, 1, samples, problems, cast)
        assert [file.name for file in step.files] == ["verdicts.parquet"]
        assert bench.spending()["generator_loads"] == 0
