"""Draws of several writers and prompts: who is asked when, what is stored, and that training shows none of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from configs.schema.rows import AnswerRow, SpliceRow, TurnRow
from infra.engines.questions import Request, draw_seed
from tasks.core.joined import Candidate
from tasks.core.records import Message, Problem, Sample
from tasks.sample.draws.independent import EMPTY, STRIPPED, Independent
from tasks.sample.drive import Partners, drive
from tasks.sample.episode import POLICY
from tasks.sample.samplers.given import Given
from tasks.sample.samplers.registry import make_sampler
from tasks.select.filters.filter import Draw
from tasks.select.pairs.choice import make_pair
from tasks.select.rows.kinds import rows_of
from tests.build.records import make_recipe, make_verdict
from tests.tasks.core.scripted import Killed, ScriptedPool, answerer, make_answers

PROBLEMS = [Problem(f"p{place}", (Message("user", f"q{place}"),), f"gold{place}", "work") for place in range(5)]
PLAIN = {"name": "plain"}
WORDS = ("excellent", "dreadful", "whisper", "numbered")
"""one of every prompt below"""
GOOD = {"name": "good", "system": "good.j2", "num_samples": 1}
BAD = {"name": "bad", "prompt": "bad.j2", "num_samples": 1}
TOLD = {"name": "told", "prompt": "told.j2", "sees": "answer", "stored_prompt": "plain", "num_samples": 1}
MANY = {"name": "many", "prompt": "many.j2", "variants": 2, "num_samples": 1}
BASE = {"name": "old", "state": "base", "num_samples": 1}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("good", "Be excellent."), ("bad", "{{ prompt }} Be dreadful."),
                       ("told", "{{ prompt }} I whisper {{ answer }}."), ("other", "{{ prompt }} now"),
                       ("many", "numbered {{ variant }} {{ prompt }}")):  # fmt: skip
        (tmp_path / f"{name}.j2").write_text(text)
    return tmp_path


def sampler(folder: Path, *draws: dict[str, Any], round: int = 1, **generate: Any) -> Independent:
    recipe = make_recipe(generate={"num_samples": 2, "max_tokens": 8, "draws": [*draws], **generate})
    others = {writer.name: f"model {writer.name}" for writer in recipe.generate.writers}
    made = make_sampler(Given(recipe, "m", None, others, folder, round))
    assert isinstance(made, Independent)
    return made


def run(folder: Path, own: Independent, pools: Mapping[str, ScriptedPool] | None = None) -> list[Sample]:
    names = [POLICY, *own.others]
    found = pools or {name: ScriptedPool() for name in names}
    partners = Partners(make_answers(folder), {name: answerer(found[name], name) for name in names})
    return [node for episode in drive(own, PROBLEMS, partners, 5) for node in episode.nodes]


def texts(samples: Sequence[Sample], draw: str) -> list[str]:
    return [sample.text for sample in samples if sample.draw == draw]


def test_ids_and_texts_of_the_first_draws_are_those_without_the_others(folder: Path) -> None:
    alone = run(folder / "alone", sampler(folder, PLAIN))
    beside = run(folder / "beside", sampler(folder, PLAIN, GOOD, BAD))
    assert [sample.id for sample in alone[:2]] == ["p0/0", "p0/1"]
    assert [sample for sample in beside if not sample.draw] == alone
    assert [sample.id for sample in beside[:4]] == [f"p0/{place}" for place in range(4)]
    assert len({sample.text for sample in beside}) == len(beside)


def test_each_writer_is_asked_once_and_the_policy_first(folder: Path) -> None:
    order: list[str] = []

    class Noting(ScriptedPool):
        def generate(self, *args: Any, **fields: Any) -> Any:
            order.append(self.write.__name__)
            return super().generate(*args, **fields)

    def policy(request: Request, draw: int) -> str:
        return f"p{draw_seed(request.seed, draw)}"

    def base(request: Request, draw: int) -> str:
        return f"b{draw_seed(request.seed, draw)}"

    own = sampler(folder, BASE, PLAIN, {**BASE, "name": "older", "temperature": 1.5}, GOOD)
    samples = run(folder, own, {POLICY: Noting(write=policy), "policy@base": Noting(write=base)})
    assert order == ["policy", "policy", "base", "base"], "a model is loaded once"
    of_one = [sample for sample in samples if sample.problem_id == "p3"]
    assert [(one.draw, one.by, one.state, one.model) for one in of_one] == [
        ("", "policy", "round_start", "m"), ("", "policy", "round_start", "m"), ("good", "policy", "round_start", "m"),
        ("old", "policy", "base", "model policy@base"), ("older", "policy", "base", "model policy@base"),
    ]  # fmt: skip
    assert [one.text[0] for one in of_one] == ["p", "p", "p", "b", "b"]
    assert [one.is_independent for one in of_one] == [True, True, False, False, False]


def test_what_is_asked_is_kept_apart_from_what_is_shown(folder: Path) -> None:
    samples = run(folder, sampler(folder, GOOD, BAD, TOLD, MANY, {**BAD, "name": "own", "stored_prompt": "as_sampled"},
                                  {**BAD, "name": "other", "stored_prompt": "other.j2"}))  # fmt: skip
    asked = {one.draw: [turn.content for turn in one.messages] for one in samples if one.problem_id == "p1"}
    shown = {one.draw: [turn.content for turn in one.stored] for one in samples if one.problem_id == "p1"}
    assert asked == {"good": ["Be excellent.", "q1"], "bad": ["q1 Be dreadful."], "told": ["q1 I whisper gold1."],
                     "many": ["numbered 2 q1"], "own": ["q1 Be dreadful."], "other": ["q1 Be dreadful."]}  # fmt: skip
    assert shown == {"good": ["q1"], "bad": ["q1"], "told": ["q1"], "many": ["q1"], "own": ["q1 Be dreadful."],
                     "other": ["q1 now"]}  # fmt: skip
    assert {one.draw for one in samples if one.privileged} == {"told"}
    assert {one.draw for one in samples if one.logprob is not None} == {"own"}, "of the chat that is trained under"


def test_a_teacher_injects_errors_of_six_types(folder: Path) -> None:
    """LEMMA: 6 types x 5 = 30 wrong texts of a problem, each written beside its solution and trained without it."""
    types = "['unit', 'sign', 'operand', 'formula', 'order', 'reading'][variant - 1]"
    (folder / "inject.j2").write_text("{{ prompt }} {{ solution }} with an error of type {{ " + types + " }}")
    inject = {"name": "injected", "role": "teacher", "prompt": "inject.j2", "sees": "solution", "variants": 6}
    draws = [{**inject, "stored_prompt": "plain", "num_samples": 5}]
    recipe = make_recipe(generate={"max_tokens": 8, "draws": draws}, roles={"teacher": {"model": {"base": "a"}}})
    own = make_sampler(Given(recipe, "m", None, {"teacher@round_start": "t"}, folder, 1))
    assert isinstance(own, Independent)
    samples = [one for one in run(folder, own) if one.problem_id == "p0"]
    asked = Counter(one.messages[-1].content for one in samples)
    assert len(samples) == 30 and set(asked.values()) == {5} and len(asked) == 6
    assert all("q0 work with an error of type" in text for text in asked)
    assert {(one.by, one.privileged, one.stored[-1].content) for one in samples} == {("teacher", True, "q0")}


def candidates(samples: Sequence[Sample]) -> list[Candidate]:
    problems = {problem.id: problem for problem in PROBLEMS}
    return [Candidate(one, {"answer": make_verdict(one)}, problems[one.problem_id]) for one in samples]


def test_no_word_of_any_prompt_is_in_a_training_row(folder: Path) -> None:
    pool = ScriptedPool(write=lambda request, draw: f"text {draw_seed(request.seed, draw)}")
    found = candidates(run(folder, sampler(folder, PLAIN, GOOD, BAD, TOLD, MANY), {POLICY: pool}))
    told = " ".join(str(shard.requests) for shard in pool.shards)
    assert all(word in told for word in (*WORDS, "gold3")), "they were asked"
    kinds = (AnswerRow(), TurnRow(of=("attempt",)), SpliceRow())
    rows: list[Any] = [row for one in found for kind in kinds for row in rows_of(one, kind, Draw(0, 0))]
    assert len(rows) == 3 * len(found) == 3 * 7 * len(PROBLEMS)
    rows += [make_pair(one, other) for one in found for other in found if one.problem == other.problem]
    assert not re.search("|".join((*WORDS, "gold")), str(rows))


def test_rows_and_pairs_show_what_a_draw_stores(folder: Path) -> None:
    found = candidates(run(folder, sampler(folder, {**GOOD, "stored_prompt": "other.j2"},
                                           {**BAD, "stored_prompt": "other.j2"})))  # fmt: skip
    shown = {turn.content for one in found for turn in rows_of(one, AnswerRow(), Draw(0, 0))[0].messages}
    assert shown == {f"q{place} now" for place in range(5)}
    assert [turn.content for turn in make_pair(found[0], found[1]).messages] == ["q0 now"]


def test_openings_are_cut_out_before_a_text_is_stored(folder: Path) -> None:
    written = {
        "q0": "Helpful response: 5",
        "q1": "5",
        "q2": "Helpful response:",
        "q3": "5 Helpful response: 6",
        "q4": " 5",
    }
    pool = ScriptedPool(write=lambda request, draw: written[request.messages[-1][1]])
    own = sampler(folder, {**GOOD, "strip": ["^Helpful response:", "x"]})
    partners = Partners(make_answers(folder), {POLICY: answerer(pool)})
    episodes = list(drive(own, PROBLEMS, partners, 5))
    assert [[node.text for node in one.nodes] for one in episodes] == [
        ["5"], ["5"], [], ["5 Helpful response: 6"], [" 5"],
    ]  # fmt: skip
    sums = {name: sum(own.numbers(one).get(name, 0) for one in episodes) for name in (STRIPPED, EMPTY)}
    assert own.summary(5, sums) == {"temperature": 0.7, STRIPPED: 2, EMPTY: 1}


def test_a_draw_that_has_none_in_a_round_asks_nobody(folder: Path) -> None:
    ladder = [{**BASE, "num_samples": [1, 0]}, {**GOOD, "num_samples": [0, 1]}]
    first, second = (sampler(folder, *ladder, round=round) for round in (1, 2))
    assert [part.name for part in first.draws] == ["old"] and [part.name for part in second.draws] == ["good"]
    pools = {POLICY: ScriptedPool(), "policy@base": ScriptedPool()}
    assert {one.draw for one in run(folder, second, pools)} == {"good"}
    assert pools["policy@base"].shards == [] and pools[POLICY].shards


def test_a_killed_run_asks_no_writer_twice(folder: Path) -> None:
    own = sampler(folder, PLAIN, GOOD, BASE)
    straight = run(folder / "straight", own)
    lives = [{POLICY: ScriptedPool(lives=2), "policy@base": ScriptedPool()},
             {POLICY: ScriptedPool(), "policy@base": ScriptedPool(lives=1)}]  # fmt: skip
    for pools in lives:
        with pytest.raises(Killed):
            run(folder, own, pools)
    last = {POLICY: ScriptedPool(), "policy@base": ScriptedPool()}
    assert run(folder, own, last) == straight
    asked = [draw for pools in (*lives, last) for pool in pools.values() for draw in pool.draws]
    assert len(asked) == len(straight)
