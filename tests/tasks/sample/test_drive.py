"""Episodes of every sampler over a pool that answers by rule: order, batches, seeds, kills, what is asked together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from configs.errors import UserError
from configs.schema.around_generate import Guide, SelfInstruct
from configs.schema.drawing import Sampling
from configs.schema.generate import StepwiseGenerate
from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.judges.kinds import Judge
from configs.schema.judges.opinions import PairwiseJudge
from infra.engines.questions import Request, draw_seed
from tasks.core.records import Message, Problem, Sample, Verdict
from tasks.sample import drive as module
from tasks.sample.draws.independent import Drawn, Draws, Independent
from tasks.sample.drive import Partners, drive
from tasks.sample.episode import POLICY, Episode
from tasks.sample.guide.plan import Standing
from tasks.sample.invent.task import NO_PROBLEM
from tasks.sample.samplers.hinted import TEACHER, Hinted
from tasks.sample.samplers.invented import Invented
from tasks.sample.samplers.stepwise import Stepwise
from tasks.sample.samples import write_episodes
from tests.tasks.core.scripted import Killed, ScriptedPool, answerer, make_answers

PROBLEMS = [Problem(f"p{place}", (Message("user", f"q{place}"),), str(place)) for place in range(9)]
HOT, HOTTER = Sampling(temperature=1.0), Sampling(temperature=1.5)
INDEPENDENT = Independent([Draws(HOT, 3), Draws(HOTTER, 2, "hot")], "m")


def judge_by_length(judge: Judge, samples: Sequence[Sample], problems: Mapping[str, Problem]) -> Iterable[Verdict]:
    """The last digit of a text is its score, and right from 5 on."""
    for sample in samples:
        score = int(sample.text.rstrip(";")[-1])
        label = "correct" if score >= 5 else "wrong"
        assert problems[sample.problem_id].id == sample.problem_id
        yield Verdict(sample.id, sample.problem_id, judge.name, label, float(score))


def partners(folder: Path, pool: ScriptedPool, teacher: ScriptedPool | None = None) -> Partners:
    others = {TEACHER: answerer(teacher, "teacher")} if teacher else {}
    return Partners(make_answers(folder), {POLICY: answerer(pool), **others}, judge_by_length)


def run(
    folder: Path, sampler: Any, pool: ScriptedPool | None = None, problems: Sequence[Problem] = PROBLEMS
) -> list[Any]:
    return list(drive(sampler, problems, partners(folder, pool or ScriptedPool()), 5))


def texts(episodes: Iterable[Episode]) -> dict[str, str]:
    return {node.id: node.text for episode in episodes for node in episode.nodes}


def test_draws_at_several_settings_lie_behind_each_other_with_seeds_of_their_own(tmp_path: Path) -> None:
    pool = ScriptedPool()
    episodes = run(tmp_path, INDEPENDENT, pool)
    assert [episode.problem for episode in episodes] == PROBLEMS
    for episode in episodes:
        assert [node.id for node in episode.nodes] == [f"{episode.problem.id}/{place}" for place in range(5)]
        assert [node.draw for node in episode.nodes] == ["", "", "", "hot", "hot"]
        assert [node.index for node in episode.nodes] == list(range(5))
    seeds = {
        (request.id, shard.sampling.temperature): request.seed for shard in pool.shards for request in shard.requests
    }
    assert len(set(seeds.values())) == 18
    temperatures = [shard.sampling.temperature for shard in pool.shards]
    assert temperatures == sorted(temperatures), "all at one setting, then all at the next"


def test_one_wave_is_streamed(tmp_path: Path) -> None:
    """The first episode is there long before the last is asked for."""
    pool = ScriptedPool(ahead=1)
    sampler = Independent([Draws(HOT, 1)], "m")
    many = [Problem(f"p{place}", (Message("user", str(place)),)) for place in range(400)]
    stream = drive(sampler, many, partners(tmp_path, pool), 5)
    next(stream)
    assert len(pool.draws) < 20


def test_more_problems_and_more_draws_leave_the_others_texts_as_they_were(tmp_path: Path) -> None:
    few = texts(run(tmp_path / "few", Independent([Draws(HOT, 2)], "m"), problems=PROBLEMS[3:6]))
    more = texts(run(tmp_path / "more", Independent([Draws(HOT, 4)], "m"), problems=PROBLEMS[::-1]))
    assert few.items() <= more.items() and len(set(more.values())) > 30


def write_step(request: Request, draw: int) -> str:
    return f"{draw_seed(request.seed, draw) % 10}"


STEPWISE = Stepwise(StepwiseGenerate(step_end=";", width=3, max_steps=3), PairwiseJudge(), "m")


def test_steps_of_all_problems_are_drawn_together_and_judged_between(tmp_path: Path) -> None:
    pool = ScriptedPool(ahead=1, write=write_step)
    episodes = run(tmp_path, STEPWISE, pool)
    assert [episode.problem.id for episode in episodes] == [problem.id for problem in PROBLEMS]
    for episode in episodes:
        assert episode.is_done, "the scripted model ends every text"
        (taken,) = episode.steps
        scores = [verdict.score for verdict in episode.verdicts[-3:]]
        assert int(taken) == max(scores)
    first = {request.id for shard in pool.shards[:3] for request in shard.requests}
    assert first == {f"{problem.id}#0" for problem in PROBLEMS}


def standings(correct: Mapping[str, int]) -> dict[str, Standing]:
    failed = {problem.id: Sample(f"{problem.id}/0", problem.id, 0, "no", "stop", 1, None, "m") for problem in PROBLEMS}
    return {name: Standing(name, 4, number, number / 4, failed[name]) for name, number in correct.items()}


def hinted(kind: str, prompts: Sequence[str], min_correct: int = 2) -> Hinted:
    config = Guide(kind=kind, min_correct=min_correct, max_extra=3)  # type: ignore[arg-type]
    standing = standings({problem.id: place % 3 for place, problem in enumerate(PROBLEMS)})
    return Hinted(config, HOT, prompts, AnswerJudge(), standing, "m")


def test_tries_end_with_enough_right_ones_or_the_last(tmp_path: Path) -> None:
    pool = ScriptedPool(write=write_step)
    episodes = run(tmp_path, hinted("answer", ["{{ answer }} {{ prompt }}"]), pool)
    for place, episode in enumerate(episodes):
        before = place % 3
        gained = sum(episode.outcomes)
        assert len(episode.nodes) == len(episode.verdicts) <= 3
        assert before + gained == 2 or len(episode.nodes) == 3
        assert [node.index for node in episode.nodes] == list(range(4, 4 + len(episode.nodes)))
        assert all(node.privileged and node.messages[0].content == f"{place} q{place}" for node in episode.nodes)
    assert any(episode.outcomes for episode in episodes)
    assert all(not episodes[place].nodes for place in (2, 5, 8)), "these have enough"


def test_a_teacher_comments_once_for_all_tries(tmp_path: Path) -> None:
    policy, teacher = ScriptedPool(write=write_step), ScriptedPool(write=lambda request, draw: f"comment {draw}")
    sampler = hinted("interactive", ["{{ attempt }}", "{{ feedback }}"])
    episodes = list(drive(sampler, PROBLEMS, partners(tmp_path, policy, teacher), 5))
    asked = [episode for place, episode in enumerate(episodes) if place % 3 < 2]
    assert sorted(teacher.draws) == sorted((episode.problem.id, draw) for episode in asked for draw in range(3))
    for episode in asked:
        assert [row.text for row in episode.comments] == ["comment 0", "comment 1", "comment 2"]
        shown = [node.messages[-1].content for node in episode.nodes]
        assert shown == [f"comment {number}" for number in range(len(shown))]
        assert {node.parent_id for node in episode.nodes} <= {f"{episode.problem.id}/0"}


def test_problems_are_written_until_there_are_enough(tmp_path: Path) -> None:
    config = SelfInstruct(num_prompts=6, min_chars=1, max_rouge=0.99, max_attempts=3, forbidden=("8",))
    pool = ScriptedPool(write=lambda request, draw: str(draw_seed(request.seed, draw) % 30))
    sampler = Invented(config, "{{ examples | join(' ') }}", ["one", "two"], ["three"])
    (written,) = run(tmp_path, sampler, pool, [NO_PROBLEM])
    numbers = sampler.numbers(written)
    assert numbers["num_invented"] == len(set(written.kept)) == 6
    assert numbers["num_invented_drawn"] == len(pool.draws) <= 18
    assert numbers["num_invented_drawn"] == 6 + len(written.refused), "as many are asked for as are missing"


def test_nodes_that_are_not_depth_first_are_refused_where_they_are_written(tmp_path: Path) -> None:
    problem = Problem("p", (Message("user", "ask"),))
    first = Sample("p/0", "p", 0, "one", "stop", 1, None, "m")
    nodes = (first, replace(first, id="p/1"), replace(first, id="p/2", parent_id="p/0"))
    sampler = Independent([Draws(Sampling(), 3)], "m")
    with pytest.raises(UserError, match="sample p/2 does not stand below its parent p/0"):
        write_episodes(tmp_path, [Drawn(problem, 0, 0, nodes)], sampler)
    in_order = Drawn(problem, 0, 0, (nodes[0], nodes[2], nodes[1]))
    assert write_episodes(tmp_path, [in_order], sampler) == {"num_samples": 3, "num_calls": 0}


SAMPLERS = {
    "independent": (INDEPENDENT, PROBLEMS),
    "stepwise": (STEPWISE, PROBLEMS),
    "hinted": (hinted("answer", ["{{ answer }} {{ prompt }}"]), PROBLEMS),
    "invented": (Invented(SelfInstruct(num_prompts=9, min_chars=1), "{{ examples }}", ["one"], []), [NO_PROBLEM]),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_kill_at_any_shard_changes_nothing_and_costs_the_shards_in_flight(tmp_path: Path, name: str) -> None:
    sampler, problems = SAMPLERS[name]
    whole = ScriptedPool(write=write_step)
    straight = run(tmp_path / "straight", sampler, whole, problems)
    drawn: list[tuple[str, int]] = []
    num_kills = 0
    while True:
        pool = ScriptedPool(write=write_step, lives=1)
        try:
            found = run(tmp_path / "killed", sampler, pool, problems)
            break
        except Killed:
            num_kills += 1
        finally:
            drawn += pool.draws
    assert num_kills >= 2 and found == straight
    assert sorted(drawn) == sorted(whole.draws)


@pytest.mark.parametrize("name", ["stepwise", "hinted"])
def test_how_many_episodes_run_at_once_changes_nothing(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampler, problems = SAMPLERS[name]
    together = run(tmp_path / "together", sampler, ScriptedPool(write=write_step), problems)
    monkeypatch.setattr(module, "EPISODES_AT_ONCE", 2)
    assert run(tmp_path / "apart", sampler, ScriptedPool(write=write_step), problems) == together


def test_episodes_of_one_problem_have_seeds_of_their_own(tmp_path: Path) -> None:
    pool = ScriptedPool()
    sampler = Independent([Draws(HOT, 1)], "m")
    begun = [sampler.begin(PROBLEMS[0], index, seed) for index, seed in ((0, 1), (1, 2))]
    assert begun[0] != begun[1]
    with pytest.raises(ValueError, match="unique"):
        list(drive(sampler, PROBLEMS[:1], partners(tmp_path, pool), 5, num_episodes=2))


def test_no_problems_ask_nobody(tmp_path: Path) -> None:
    pool = ScriptedPool(lives=0)
    assert run(tmp_path, INDEPENDENT, pool, []) == []
    assert run(tmp_path, replace(STEPWISE), pool, []) == []
