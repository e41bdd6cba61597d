"""Worked examples are shown to the writer, and to nobody else: not to training, judges or filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from configs.errors import ProblemsError, RecipeError
from configs.schema.around_generate import Guide
from configs.schema.drawing import Sampling
from configs.schema.generate import StepwiseGenerate
from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.judges.kinds import Judge
from configs.schema.judges.opinions import PairwiseJudge
from configs.schema.marks import as_written
from configs.schema.phase_rules import phase_mistakes
from configs.schema.rows import AnswerRow, TurnRow
from infra.engines.questions import Completion
from tasks.core.joined import Candidate
from tasks.core.records import Message, Problem, Sample, Verdict, spell
from tasks.sample.draws.independent import Draws, Independent
from tasks.sample.drive import Partners
from tasks.sample.episode import Opinions, Texts
from tasks.sample.guide.plan import Standing
from tasks.sample.samplers.hinted import Hinted
from tasks.sample.samplers.stepwise import Stepwise
from tasks.sample.shots import NO_SHOTS, Shots
from tasks.sample.stage import GENERATE
from tasks.select.filters.filter import Draw
from tasks.select.pairs.choice import make_pair
from tasks.select.rows.kinds import rows_of
from tests.build.records import ask, make_problem, make_recipe, make_verdict

SOLVED = tuple(make_problem(f"s{n}", str(n), f"{n}+0=?", solution=f"It is {n}.") for n in range(3))
SHOTS = Shots(SOLVED, 2)
SHOWN = (
    Message("user", "0+0=?"), Message("assistant", "It is 0."), Message("user", "1+0=?"),
    Message("assistant", "It is 1."),
)  # fmt: skip
PROBLEM = make_problem("p", "5", "2+3=?", solution="2+3=5. So 5.")


def draw(text: str, index: int = 0, **changes: Any) -> Completion:
    return Completion("p", index, text, "stop", 4, -1.0, changes.get("stop_text"))  # type: ignore[arg-type]


def drawn(sampler: Any, answers: Sequence[Sequence[Any]], shots: Shots = SHOTS) -> Any:
    """What becomes of one problem, with these answers to what is asked, and what the engine was asked."""
    (shown,) = shots.shown([PROBLEM])
    episode, asked = sampler.begin(shown, 0, 7), []
    for answer in answers:
        (question,) = sampler.ask(episode)
        asked.append(question)
        episode = sampler.take(episode, [answer])
    (episode,) = shots.put_back([episode])
    return episode, asked


def test_the_examples_stand_before_the_problem_as_turns() -> None:
    (shown,) = SHOTS.shown([PROBLEM])
    assert shown.messages == (*SHOWN, *PROBLEM.messages)
    assert replace(shown, messages=PROBLEM.messages) == PROBLEM


def test_a_system_turn_stays_first() -> None:
    told = replace(PROBLEM, messages=ask("2+3=?", system="Be brief."))
    (shown,) = SHOTS.shown([told])
    assert shown.messages == (told.messages[0], *SHOWN, told.messages[1])
    assert SHOTS.hidden(shown.messages) == told.messages


def test_a_problem_is_no_example_of_itself() -> None:
    (shown,) = SHOTS.shown([replace(SOLVED[0], id="other")])
    assert [message.content for message in shown.messages] == ["1+0=?", "It is 1.", "2+0=?", "It is 2.", "0+0=?"]
    with pytest.raises(ProblemsError, match="shows 3 examples, and beside problem s0 its source has 2"):
        Shots(SOLVED, 3).shown([SOLVED[0]])


def test_without_examples_nothing_changes() -> None:
    sampler = Independent([Draws(Sampling(), 1)], "m")
    episode, (asked,) = drawn(sampler, [[(draw("5"),)]], NO_SHOTS)
    assert asked.requests[0].messages == (("user", "2+3=?"),)
    assert (episode.nodes[0].messages, episode.nodes[0].stored, episode.nodes[0].logprob) == ((), (), -1.0)


def test_a_draw_is_asked_with_them_and_stored_without() -> None:
    """What every engine gets is the chat; the chat of training is the problem's own."""
    sampler = Independent([Draws(Sampling(), 2), Draws(Sampling(temperature=2), 1, "hot")], "m")
    (shown,) = SHOTS.shown([PROBLEM])
    episode = sampler.begin(shown, 0, 7)
    for question in sampler.ask(episode):
        assert isinstance(question, Texts)
        assert question.requests[0].messages == tuple((one.role, one.content) for one in (*SHOWN, *PROBLEM.messages))
    episode = sampler.take(episode, [[(draw("5"), draw("6", 1))], [(draw("7"),)]])
    (episode,) = SHOTS.put_back([episode])
    assert episode.problem == PROBLEM
    for node in episode.nodes:
        assert (node.messages, node.stored) == ((*SHOWN, *PROBLEM.messages), PROBLEM.messages)
        assert (node.privileged, node.logprob) == (False, None)
    assert [node.is_independent for node in episode.nodes] == [True, True, False]


@pytest.mark.parametrize("kind", [AnswerRow(), TurnRow()])
def test_rows_of_training_do_not_show_them(kind: Any) -> None:
    episode, _ = drawn(Independent([Draws(Sampling(), 1)], "m"), [[(draw("5"),)]])
    (node,) = episode.nodes
    one = Candidate(node, {"answer": make_verdict(node)}, PROBLEM)
    (row,) = rows_of(one, kind, Draw(0, 1))
    assert (row.messages, spell(row.completion)) == (PROBLEM.messages, "5")
    assert make_pair(one, replace(one, sample=replace(node, id="p/1", text="6"))).messages == PROBLEM.messages


def test_a_hinted_try_is_shown_them_too_and_trained_on_without_hint_or_examples() -> None:
    standing = {"p": Standing("p", 1, 0, 0.0, None)}
    sampler = Hinted(Guide(), Sampling(), ("{{ prompt }} (The answer is {{ answer }}.)",), AnswerJudge(), standing, "m")
    episode, (asked,) = drawn(sampler, [[(draw("2+3=5"),)]])
    assert asked.requests[0].messages[-1] == ("user", "2+3=? (The answer is 5.)")
    assert [content for _, content in asked.requests[0].messages[:4]] == [message.content for message in SHOWN]
    assert episode.drawn is not None, "the judge is asked before it is a node"


def test_a_reset_goes_on_from_the_solution_after_the_examples() -> None:
    standing = {"p": Standing("p", 1, 0, 0.0, None)}
    sampler = Hinted(Guide(kind="state_reset"), Sampling(), (), AnswerJudge(), standing, "m")
    verdict = Verdict("p/g1", "p", "answer", "correct", 1.0)
    episode, (asked, opinions) = drawn(sampler, [[(draw("So 5."),)], [verdict]])
    assert asked.requests[0].prefix and asked.requests[0].messages[-1] == ("user", "2+3=?")
    assert isinstance(opinions, Opinions)
    (node,) = episode.nodes
    assert node.stored == PROBLEM.messages and node.messages == (*SHOWN, *PROBLEM.messages) and node.privileged


def test_steps_are_problems_without_them() -> None:
    sampler = Stepwise(StepwiseGenerate(step_end=";", width=2, max_steps=2), PairwiseJudge(), "m")
    steps = (draw("2+3=5", stop_text=";"), draw("2+3=6", 1, stop_text=";"))
    scores = [Verdict(f"p#0/{n}", "p#0", "pairwise", "unscored", 1.0 - n) for n in range(2)]
    episode, _ = drawn(sampler, [[steps], scores])
    (problem,) = episode.problems
    assert (problem.id, problem.messages) == ("p#0", PROBLEM.messages)
    assert {node.stored for node in episode.nodes} == {PROBLEM.messages}


def test_judges_that_are_asked_on_the_way_do_not_see_them() -> None:
    seen: list[Problem] = []

    def judge(judge: Judge, samples: Sequence[Sample], problems: Mapping[str, Problem]) -> Iterable[Verdict]:
        seen.extend(problems.values())
        return ()

    partners = SHOTS.before(Partners(None, {}, judge))  # type: ignore[arg-type]
    (shown,) = SHOTS.shown([PROBLEM])
    assert list(partners.judge(AnswerJudge(), (), {"p": shown})) == []
    assert seen == [PROBLEM]


FEW = {"count": 2, "source": {"kind": "addition", "digits": [1], "num_problems": 3}}


def test_examples_make_a_step_new_and_none_leave_it_as_it_is() -> None:
    def key(**generate: Any) -> str:
        return GENERATE.spec(make_recipe(generate={"max_tokens": 16, **generate}), as_written, 1, {}).key

    more, early = {**FEW, "count": 3}, {**FEW, "rounds": 1}
    assert len({key(), key(few_shot=FEW), key(few_shot=more), key(few_shot=early)}) == 4
    assert key() == key(few_shot=None)


def test_a_phase_shows_the_examples_that_round_0_read() -> None:
    def mistakes(own: Any, generate: Any) -> list[str]:
        phases = [{"name": "first", "rounds": 1}, {"name": "second", "rounds": 1, "set": {"generate": generate}}]
        return list(phase_mistakes(make_recipe(generate={"max_tokens": 16, "few_shot": own}, phases=phases, rounds={})))

    assert mistakes(FEW, {"few_shot": None}) == []
    assert mistakes(FEW, {"few_shot": {"count": 1}}) == []
    with pytest.raises(RecipeError, match=r"generate\.few_shot\.source: round 0 reads it"):
        mistakes(None, {"few_shot": FEW})
