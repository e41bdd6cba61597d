"""What was asked is asked once: a kill costs the shards in flight, and only new questions are new work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configs.errors import StoreError
from configs.schema.drawing import Sampling
from configs.schema.repetition import Repetition
from infra.engines.questions import (
    Completion,
    Embedding,
    Missing,
    Rating,
    Request,
    Scoring,
)
from tasks.core.answers import SHARDS_AHEAD, Answers
from tasks.core.services import TextService
from tests.tasks.core.scripted import Killed, ScriptedPool, answerer, make_answers

HOT = Sampling(temperature=1.0)


def requests(number: int, num_samples: int = 2, start: int = 0) -> list[Request]:
    places = range(start, start + number)
    return [Request(f"p{place}", (("user", f"q{place}"),), num_samples, seed=place) for place in places]


def ask(
    answers: Answers, pool: ScriptedPool, asked: list[Request], sampling: Sampling = HOT, model: str = "m"
) -> dict[str, list[str]]:
    found = list(answers.ask(answerer(pool, model), sampling, asked))
    assert [request for request, _ in found] == asked
    for request, rows in found:
        assert [(_id(row), row.index) for row in rows] == [(request.id, draw) for draw in request.draws]
    return {
        request.id: [row.reason if isinstance(row, Missing) else row.text for row in rows] for request, rows in found
    }


def _id(row: Completion | Missing) -> str:
    return row.id if isinstance(row, Missing) else row.request_id


def test_answers_come_in_the_order_of_the_questions_and_are_kept(tmp_path: Path) -> None:
    pool = ScriptedPool()
    first = ask(make_answers(tmp_path), pool, requests(10))
    assert len(pool.draws) == 20
    silent = ScriptedPool(lives=0)
    assert ask(make_answers(tmp_path), silent, requests(10)) == first
    assert silent.shards == [], "a model is not even loaded for it"


def test_completions_are_read_as_they_were_written(tmp_path: Path) -> None:
    def both() -> Iterator[tuple[Completion, ...]]:
        for _ in range(2):
            ((_, rows),) = make_answers(tmp_path).ask(answerer(ScriptedPool()), HOT, requests(1))
            yield rows

    fresh, stored = both()
    assert fresh == stored
    assert (fresh[0].logprob, fresh[0].num_tokens, fresh[0].stop_text) == (-1.5, len(fresh[0].text), None)


@pytest.mark.parametrize("lives", [0, 1, 2, 3, 7])
def test_a_kill_costs_the_shards_in_flight(tmp_path: Path, lives: int) -> None:
    straight = ask(make_answers(tmp_path / "straight"), ScriptedPool(), requests(40))
    killed = ScriptedPool(lives=lives)
    with pytest.raises(Killed):
        ask(make_answers(tmp_path), killed, requests(40))
    assert len(killed.draws) == lives * 8
    after = ScriptedPool()
    assert ask(make_answers(tmp_path), after, requests(40)) == straight
    assert set(after.draws).isdisjoint(killed.draws)
    assert len(after.draws) == 80 - lives * 8


def test_a_hundred_problems_more_draw_a_hundred(tmp_path: Path) -> None:
    before = ask(make_answers(tmp_path, 64), ScriptedPool(), requests(1000, 1))
    grown = requests(1000, 1) + requests(100, 1, start=1000)
    grown.sort(key=lambda request: int(request.id[1:]) % 37)
    pool = ScriptedPool()
    after = ask(make_answers(tmp_path, 64), pool, grown)
    assert sorted(pool.draws) == sorted((f"p{place}", 0) for place in range(1000, 1100))
    assert len(pool.shards) == 2, "new questions are asked together, wherever they stand"
    assert before.items() <= after.items()


def test_eight_draws_more_keep_the_first_eight(tmp_path: Path) -> None:
    eight = ask(make_answers(tmp_path), ScriptedPool(), requests(5, 8))
    pool = ScriptedPool()
    sixteen = ask(make_answers(tmp_path), pool, requests(5, 16))
    assert sorted(pool.draws) == sorted((f"p{place}", draw) for place in range(5) for draw in range(8, 16))
    assert {name: texts[:8] for name, texts in sixteen.items()} == eight
    fresh = ask(make_answers(tmp_path / "fresh"), ScriptedPool(), requests(5, 16))
    assert fresh == sixteen


def test_draws_between_others_are_filled_in(tmp_path: Path) -> None:
    whole = requests(1, 9)
    for run in (range(0, 2), range(4, 5), range(7, 8)):
        ask(make_answers(tmp_path), ScriptedPool(), [replace(whole[0], first=run.start, num_samples=len(run))])
    pool = ScriptedPool()
    ask(make_answers(tmp_path), pool, whole)
    assert pool.draws == [("p0", draw) for draw in (2, 3, 5, 6, 8)]


@pytest.mark.parametrize(
    ("change", "is_new"),
    [
        ({"id": "other"}, False),
        ({"messages": (("user", "q0 "),)}, True),
        ({"prefix": "So"}, True),
        ({"seed": 77}, True),
    ],
)
def test_a_question_is_known_by_its_content(tmp_path: Path, change: dict[str, object], is_new: bool) -> None:
    ask(make_answers(tmp_path), ScriptedPool(), requests(1))
    pool = ScriptedPool()
    ask(make_answers(tmp_path), pool, [replace(requests(1)[0], **change)])  # type: ignore[arg-type]
    assert bool(pool.draws) == is_new


def test_another_model_or_setting_answers_anew_and_a_seed_means_nothing_to_greedy_draws(tmp_path: Path) -> None:
    greedy = Sampling(temperature=0)
    for sampling, model in ((HOT, "m"), (HOT, "n"), (greedy, "m"), (Sampling(temperature=1.0, top_k=3), "m")):
        pool = ScriptedPool()
        ask(make_answers(tmp_path), pool, requests(2), sampling, model)
        assert len(pool.draws) == 4
    pool = ScriptedPool()
    ask(make_answers(tmp_path), pool, [replace(request, seed=99) for request in requests(2)], greedy)
    assert pool.draws == []


def test_the_same_question_twice_is_asked_once(tmp_path: Path) -> None:
    twins = [replace(request, id=f"{request.id}{twin}", seed=1) for request in requests(6) for twin in "ab"]
    pool = ScriptedPool()
    found = ask(make_answers(tmp_path), pool, twins)
    assert len(pool.draws) == 12
    assert all(found[f"p{place}a"] == found[f"p{place}b"] for place in range(6))


def test_two_questions_under_one_id_are_refused(tmp_path: Path) -> None:
    twins = [replace(request, id="p") for request in requests(2)]
    with pytest.raises(ValueError, match="unique"):
        list(make_answers(tmp_path).ask(answerer(ScriptedPool()), HOT, twins))


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.integers(1, 3)), max_size=6),
    st.integers(1, 5),
    st.integers(1, 4),
)
def test_whatever_is_there_the_answers_are_those_of_a_fresh_store(
    tmp_path_factory: pytest.TempPathFactory, earlier: list[tuple[int, int, int]], shard_size: int, ahead: int
) -> None:
    folder = tmp_path_factory.mktemp("answers")
    for place, first, number in earlier:
        request = replace(requests(1, number, place)[0], first=first)
        ask(make_answers(folder, shard_size), ScriptedPool(), [request])
    pool = ScriptedPool(ahead=ahead)
    found = ask(make_answers(folder, shard_size), pool, requests(10, 4))
    assert found == ask(make_answers(folder / "fresh", shard_size), ScriptedPool(), requests(10, 4))
    known = {(f"p{place}", draw) for place, first, number in earlier for draw in range(first, first + number)}
    assert sorted(pool.draws) == sorted({(f"p{n}", draw) for n in range(10) for draw in range(4)} - known)


def test_a_bounded_number_of_questions_is_read_ahead(tmp_path: Path) -> None:
    """An answer to the first question comes before the last is read, whatever is answered already."""
    ask(make_answers(tmp_path, 64), ScriptedPool(), requests(2 * SHARDS_AHEAD, 1, start=1))
    num_read = 0

    def watched() -> Iterator[Request]:
        nonlocal num_read
        for request in requests(2 * SHARDS_AHEAD + 1, 1):
            num_read += 1
            yield request

    stream = make_answers(tmp_path, 1).ask(answerer(ScriptedPool()), HOT, watched())
    next(stream)
    assert num_read <= SHARDS_AHEAD + 1


def shard_files(folder: Path) -> list[Path]:
    return sorted((folder / "store").glob("e/round-001/generate/answers/*/*.parquet"))


@pytest.mark.parametrize("harm", ["flip", "cut", "remove", "record"])
def test_damaged_answers_are_reported_set_aside_and_asked_again(
    tmp_path: Path, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    straight = ask(make_answers(tmp_path), ScriptedPool(), requests(12))
    victim = shard_files(tmp_path)[1]
    content = victim.read_bytes()
    if harm == "record":
        victim.with_suffix(".json").write_text("{")
    elif harm == "remove":
        victim.unlink()
    else:
        victim.write_bytes(content[:-1] if harm == "cut" else bytes([content[0] ^ 1]) + content[1:])
    pool = ScriptedPool()
    assert ask(make_answers(tmp_path), pool, requests(12)) == straight
    assert len(pool.draws) == 8, "one shard of four requests"
    assert "asked again" in caplog.text
    if harm in ("flip", "cut"):
        (aside,) = (tmp_path / "store" / "e" / "damaged").rglob(victim.name)
        assert aside.read_bytes() != content
    assert ask(make_answers(tmp_path), ScriptedPool(lives=0), requests(12)) == straight


def test_nothing_is_published_without_the_lease(tmp_path: Path) -> None:
    answers = make_answers(tmp_path)

    def lost() -> None:
        raise StoreError("the lease was lost", "stop")

    answers.ledger.guard = lost
    with pytest.raises(StoreError, match="lease was lost"):
        list(answers.ask(answerer(ScriptedPool()), HOT, requests(3)))
    assert shard_files(tmp_path) == []


def test_vectors_are_kept_as_well(tmp_path: Path) -> None:
    asked = [Embedding(f"e{n}", "x" * n) for n in range(1, 4)]
    pool = ScriptedPool()
    vectors = list(make_answers(tmp_path).embed(answerer(pool), asked))
    assert [(row.id, row.vector) for row in vectors] == [(f"e{n}", (float(n), 1.0)) for n in range(1, 4)]
    assert list(make_answers(tmp_path).embed(answerer(ScriptedPool(lives=0)), asked)) == vectors
    changed = [replace(asked[0], pooling="cls"), replace(asked[0], max_tokens=8)]
    list(make_answers(tmp_path).embed(answerer(pool), changed))
    assert len(pool.scorings) == 5


def test_scores_and_opinions_are_kept_as_well(tmp_path: Path) -> None:
    scorings = [Scoring(f"s{n}", (("user", "q"),), "x" * (1 + n), with_end=n % 2 == 0) for n in range(5)]
    ratings = [Rating(f"r{n}", (("user", "q"),), "y" * n) for n in range(5)]
    pool, silent = ScriptedPool(), ScriptedPool(lives=0)
    scores = list(make_answers(tmp_path).score(answerer(pool), scorings))
    rated = list(make_answers(tmp_path).rate(answerer(pool), ratings))
    assert [(score.id, score.logprob, score.num_tokens) for score in scores] == [
        (f"s{n}", -1.0 - n, 1 + n) for n in range(5)
    ]
    assert [(row.id, row.scores) for row in rated] == [(f"r{n}", (float(n),)) for n in range(5)]
    assert list(make_answers(tmp_path).score(answerer(silent), scorings)) == scores
    assert list(make_answers(tmp_path).rate(answerer(silent), ratings)) == rated
    assert len(pool.scorings) == 10
    changed = [replace(scorings[0], with_end=False), replace(scorings[1], prefix="p")]
    list(make_answers(tmp_path).score(answerer(pool), changed))
    assert len(pool.scorings) == 12


def test_progress_counts_what_was_there_already(tmp_path: Path) -> None:
    reports: list[tuple[int, int | None, str]] = []

    class Watch:
        def update(self, done: int, total: int | None = None, note: str = "") -> None:
            reports.append((done, total, note))

    ask(make_answers(tmp_path), ScriptedPool(), requests(4))
    answers = replace(make_answers(tmp_path), progress=Watch())
    list(answers.ask(answerer(ScriptedPool(ahead=1)), HOT, requests(8), total=16))
    assert reports[-1][:2] == (16, 16)


def test_texts_that_went_in_circles_are_truncated_ones_that_are_counted(tmp_path: Path) -> None:
    """Read back from the store as they were drawn."""

    class Circling(ScriptedPool):
        def _complete(self, request: Request, draw: int) -> Completion | Missing:
            row = super()._complete(request, draw)
            is_odd = isinstance(row, Completion) and draw % 2 == 1
            return replace(row, finish_reason="length", repeats=True) if is_odd else row

    question = Request("p", (("user", "1+1="),), 3)
    for pool in (Circling(), ScriptedPool(lives=0)):
        answers = make_answers(tmp_path)
        ((_, rows),) = answers.ask(answerer(pool), Sampling(), [question])
        assert [(row.finish_reason, row.repeats) for row in rows if isinstance(row, Completion)] == [
            ("stop", False), ("length", True), ("stop", False),
        ]  # fmt: skip
        assert answers.usage.added_to({})["num_repeating"] == 1


def test_a_setting_that_came_later_leaves_what_was_asked_before_where_it_is() -> None:
    """What was drawn without it is found: the value that is digested is that of the fields that there were."""
    plain = Sampling(temperature=0.7, top_k=40, stop=("a",))
    told = TextService(plain).identity({"model": "m"})["sampling"]
    assert told == {"temperature": 0.7, "top_p": 1.0, "top_k": 40, "min_p": 0.0, "max_tokens": 512, "stop": ["a"]}
    ended = TextService(plain.model_copy(update={"repetition": Repetition(times=4)})).identity({"model": "m"})
    assert ended["sampling"] == {**told, "repetition": {"longest": 64, "shortest": 1, "times": 4}}
