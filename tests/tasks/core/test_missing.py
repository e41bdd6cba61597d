"""What has no answer is counted once, named by its reasons, asked again by the next run, and limited by a guard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configs.errors import GuardError
from configs.schema.drawing import Sampling
from configs.schema.guard import DEFAULT_GUARDS, Guard
from infra.engines.questions import (
    Missing,
    Rating,
    Request,
    Scoring,
)
from tasks.core.missing import NUM_FIRST, MissingTally, first_of_each, largest_share, limit_of
from tests.tasks.core.scripted import Killed, ScriptedPool, answerer, make_answers

HOT = Sampling(temperature=1.0)


def requests(number: int, num_samples: int = 2) -> list[Request]:
    return [Request(f"p{place}", (("user", f"q{place}"),), num_samples, seed=place) for place in range(number)]


def refuses(*ids: str, reason: str = "too_long") -> Any:
    return lambda question: reason if question.id in ids else None


def missing_of(rows: Any) -> list[str]:
    return [row.id for _, found in rows for row in found if isinstance(row, Missing)]


def test_what_is_missing_stands_in_its_place_and_the_next_run_asks_for_it_alone(tmp_path: Path) -> None:
    answers = make_answers(tmp_path)
    first = list(answers.ask(answerer(ScriptedPool(refuses=refuses("p3"))), HOT, requests(10)))
    assert missing_of(first) == ["p3", "p3"]
    assert answers.missing.summary("generate") == {
        "num_missing_generate": 2, "missing_share_generate": 0.0, "num_missing_generate_too_long": 2,
        "first_missing_generate_too_long": "'p3': not p3",
    }  # fmt: skip
    mended = ScriptedPool()
    answers = make_answers(tmp_path)
    second = list(answers.ask(answerer(mended), HOT, requests(10)))
    assert mended.draws == [("p3", 0), ("p3", 1)]
    assert missing_of(second) == [] and answers.missing.summary("generate") == {}
    assert [rows for request, rows in second if request.id != "p3"] == [
        rows for request, rows in first if request.id != "p3"
    ]


def test_in_one_run_it_is_asked_once_whoever_asks(tmp_path: Path) -> None:
    pool, answers = ScriptedPool(refuses=refuses("p3", "again")), make_answers(tmp_path)
    assert missing_of(answers.ask(answerer(pool), HOT, requests(10), is_counted=False)) == ["p3", "p3"]
    assert answers.missing.num_missing == 0
    num_draws = len(pool.draws)
    same = [Request("again", (("user", "q3"),), 2, seed=3)]
    assert missing_of(answers.ask(answerer(pool), HOT, same)) == ["again", "again"], "under the name of who asks"
    assert len(pool.draws) == num_draws and answers.missing.num_missing == 2


def test_a_run_that_was_killed_counts_what_the_run_before_had_found_missing(tmp_path: Path) -> None:
    refused = refuses("p0", "p39")
    with pytest.raises(Killed):
        list(make_answers(tmp_path).ask(answerer(ScriptedPool(lives=8, refuses=refused)), HOT, requests(40)))
    answers = make_answers(tmp_path)
    list(answers.ask(answerer(ScriptedPool(refuses=refused)), HOT, requests(40)))
    assert (answers.missing.num_missing, answers.missing.num_asked) == (4, 80)


def test_scores_and_ratings_are_missing_in_their_places(tmp_path: Path) -> None:
    chat, answers = (("user", "1+1="),), make_answers(tmp_path)
    pool = ScriptedPool(refuses=refuses("b"))
    scores = list(answers.score(answerer(pool), [Scoring(name, chat, f"2{name}") for name in "abc"]))
    rated = list(answers.rate(answerer(pool), [Rating(name, chat, f"2{name}") for name in "abc"]))
    assert [isinstance(row, Missing) for row in scores] == [isinstance(row, Missing) for row in rated]
    assert [isinstance(row, Missing) for row in scores] == [False, True, False]
    assert (answers.missing.num_missing, answers.missing.num_asked) == (2, 6)


def test_a_stage_of_which_nothing_can_be_answered_ends_after_the_first_questions(tmp_path: Path) -> None:
    pool = ScriptedPool(ahead=1, refuses=lambda question: "too_long")
    answers = make_answers(tmp_path, limit=0.5)
    words = rf"round 1 generate: none of the first {2 * NUM_FIRST} answers could be had: too_long 40 times, first 'p0'"
    with pytest.raises(GuardError, match=words) as caught:
        list(answers.ask(answerer(pool), HOT, requests(1000)))
    assert len(pool.draws) < 200 and "missing_share" in str(caught.value.fix)
    allowed = make_answers(tmp_path / "allowed", limit=1.0)
    assert len(missing_of(allowed.ask(answerer(pool), HOT, requests(50)))) == 100


def tally(limit: float, num_good: int, *reasons: str) -> MissingTally:
    counted = MissingTally(limit, "round 2 judge")
    for _ in range(num_good):
        counted.add(1, [])
    for place, reason in enumerate(reasons):
        counted.add(1, [Missing(f"s{place}", reason, "so it is")])
    return counted


def test_a_share_above_the_limit_ends_the_stage_and_names_the_first_of_each_reason() -> None:
    passed = tally(0.5, 2, "filtered", "too_long", "filtered")
    words = (
        r"round 2 judge: 3 of 5 answers are missing \(60%\), and the limit is 50%: filtered 2 times, first 's0': "
        r"so it is; too_long 1 times, first 's1': so it is"
    )
    with pytest.raises(GuardError, match=words) as caught:
        passed.check()
    assert "{metric: missing_share, above: 0.65, action: stop}" in str(caught.value.fix)
    tally(0.5, 2, "filtered", "too_long").check()
    tally(0.0, 0, "filtered").check()
    tally(1.0, 0, *["filtered"] * 50).check()


def test_one_question_alone_passes_no_limit_whatever_its_share() -> None:
    alone = tally(0.5, 0, "filtered")
    alone.check()
    assert alone.share == 1.0 and alone.summary("judge")["missing_share_judge"] == 0.0


def test_the_limit_is_the_guards_and_has_a_default() -> None:
    assert limit_of(DEFAULT_GUARDS) == limit_of([Guard(metric="kept_rate", below=0.1)]) == 0.5
    assert limit_of([]) == 1.0, "guards: [] switches all off"
    assert limit_of([Guard(metric="missing_share", above=0.9, action="stop")]) == 0.9
    assert limit_of([Guard(metric="missing_share", above=0.1, action="warn")]) == 1.0, "who only warns is not stopped"


def test_the_report_reads_the_reasons_and_a_round_its_largest_share() -> None:
    summary = {**tally(1.0, 2, "filtered", "too_long", "filtered").summary("judge"), "parse_rate": 0.5}
    assert first_of_each(summary) == [
        "judge: filtered 2 times, first 's0': so it is",
        "judge: too_long 1 times, first 's1': so it is",
    ]
    assert largest_share({"missing_share_judge": 0.6, "missing_share_generate": 0.1}) == {"missing_share": 0.6}
    assert largest_share({"parse_rate": 0.5}) == {} and first_of_each({"parse_rate": 0.5}) == []


def test_long_words_are_cut(tmp_path: Path) -> None:
    long = MissingTally()
    long.add(1, [Missing("s", "failed", "x" * 5000)])
    assert len(long.words()) < 500
