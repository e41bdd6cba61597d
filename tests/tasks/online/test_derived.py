"""Derived rows without an engine: what is asked about, what a verdict is worth, where texts stand, how many rows."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from configs.errors import ProblemsError, RecipeError
from configs.schema.load import check_recipe
from configs.schema.online.derived import DerivedAttempts, DerivedVerdicts
from configs.schema.online.objectives import Sdpo
from configs.schema.online.section import Online
from infra.engines.questions import Tokens
from tasks.core.records import DropReason, Label, Message, Part, TokenRow
from tasks.online.credit.assign import Judged
from tasks.online.derived.attempts import asked_with_help, is_wanted, refusal
from tasks.online.derived.deriving import Deriving, with_made
from tasks.online.derived.made import Made
from tasks.online.derived.teachers import demonstration_of, demonstrations, lessons
from tasks.online.derived.verdicts import even_split, read, value_of
from tasks.online.draw import Drawn
from tasks.online.rollout import Group
from tasks.online.schedule import Position, amount_at
from tasks.online.settle import Rated
from tasks.online.size import derived_rows, most_rows
from tasks.online.token_rows import join_rows
from tests.configs.online_recipes import ONLINE
from tests.tasks.online.build import advantages, attempt, credit, group, judged, rewarded, rollout
from tests.tasks.online.build import verdict as verdict_of
from tests.tasks.online.test_segment_parts import PROBLEMS, sample, verdict

RISE = DerivedVerdicts(
    pattern=r"\\boxed\{(.+?)\}", says={"correct": "1", "wrong": "-0.5", "unparseable": "-1"}, wrong=-0.5, unparseable=-1
)


def near(*values: float) -> Any:
    return pytest.approx(list(values), abs=1e-4)


def test_solutions_are_taken_evenly_and_the_earlier_groups_give_one_more() -> None:
    """RISE: 128 of 1,024 groups of 8."""
    split = even_split([8] * 1024, 128)
    assert split == [1] * 128 + [0] * 896
    assert even_split([8, 8, 8], 8) == [3, 3, 2]
    assert even_split([1, 8, 0], 5) == [1, 4, 0], "what a group does not have, the others give"
    assert even_split([1, 1], 9) == [1, 1] and even_split([], 3) == []


def test_a_verdict_is_compared_with_the_score_of_its_solution() -> None:
    """RISE: a wrong solution, and ratings -0.5, 1, none, -0.5."""
    said = [
        read(RISE, text) for text in ("so \\boxed{1} no \\boxed{-0.5}", "\\boxed{1}", "it is right", "\\boxed{-0.5}")
    ]
    assert said == ["-0.5", "1", None, "-0.5"], "the last match is read"
    values = [value_of(RISE, one, Label.WRONG) for one in said]
    assert values == [1, -0.5, -1, 1]
    found = advantages(credit(baseline="leave_one_out"), judged(*values))
    assert found == near(1.1667, -0.8333, -1.5, 1.1667)
    assert value_of(RISE, "-1", Label.UNPARSEABLE) == 1 and value_of(RISE, "-1", Label.CORRECT) == -0.5
    assert pytest.approx(0.1111, abs=1e-4) == 1024 / (1024 + 8192)


def test_a_group_without_a_right_attempt_is_helped() -> None:
    none, some = (
        group(rollout(attempt(0.0)), rollout(attempt(0.0))),
        group(rollout(attempt(0.0)), rollout(attempt(1.0))),
    )
    told = [[is_wanted(DerivedAttempts(when=when), one) for one in (none, some)]
            for when in ("none_right", "some_right", "always")]  # fmt: skip
    assert told == [[True, False], [False, True], [True, True]]
    revised = group(rollout(attempt(0.0), attempt(1.0)))
    assert not is_wanted(DerivedAttempts(), revised), "the last attempt counts"
    assert not is_wanted(DerivedAttempts(), group(rollout()))


@pytest.mark.parametrize(
    ("label", "text", "why"),
    [
        (Label.CORRECT, "2+2=4", ""), (Label.WRONG, "5", "wrong"), (Label.TRUNCATED, "2+", "truncated"),
        (Label.CORRECT, "As the hint says, 4", DropReason.HINT_SHOWS), (Label.CORRECT, "Mrs. Hinton has 4", ""),
        (Label.VERIFIER_ERROR, "4", "verifier_error"), (Label.UNPARSEABLE, "?", "unparseable"),
    ],
)  # fmt: skip
def test_an_explanation_is_right_and_speaks_of_no_hint(label: Label, text: str, why: str) -> None:
    assert refusal(DerivedAttempts(), sample("p1/w0/attempts0", text=text), verdict_of(0.0, label)) == why


def test_the_weight_of_explanations_falls_over_the_whole_experiment() -> None:
    """ExPO here: 0.1 to 0; a mean likelihood loss of 1.2 at weight 0.1 adds 0.12."""
    weight = DerivedAttempts.model_validate({"weight": {"start": 0.1, "end": 0.0, "over": 100}}).weight
    assert [amount_at(weight, Position(steps, 0)) for steps in (0, 25, 100, 500)] == near(0.1, 0.075, 0.0, 0.0)
    assert 1.2 * amount_at(weight, Position()) == pytest.approx(0.12)


def test_new_texts_stand_behind_what_they_are_about_and_rows_under_what_trains_them() -> None:
    nodes = tuple(sample(f"p1/w0/{index}", index=index) for index in range(2))
    tokens = {node.id: Tokens((1, 9), (2, 3), (-0.5, -0.25)) for node in nodes}
    drawn = Drawn(PROBLEMS[1], nodes, tuple(verdict(node.id, Label.WRONG) for node in nodes), tokens)
    said = sample("p1/w0/0:verdicts0", parent_id="p1/w0/0", part=Part.VERDICT)
    told = sample("p1/w0/attempts0", draw="attempts")
    other = replace(sample("p2/w0/attempts0"), problem_id="p2")
    asked = (Message("user", "alone"),)
    made = Made(
        texts=(told, said, other), stored={"p1/w0/1": asked}, verdicts=(verdict(told.id, Label.CORRECT),),
        tokens={told.id: Tokens((7, 7), (4,), (-1.0,)), "p2/w0/attempts0": Tokens((1,), (1,), (0.0,))},
        contexts={told.id: (1, 9)},
    )  # fmt: skip
    whole = with_made(drawn, made)
    assert [node.id for node in whole.nodes] == ["p1/w0/0", "p1/w0/0:verdicts0", "p1/w0/1", "p1/w0/attempts0"]
    assert [one.sample_id for one in whole.verdicts] == ["p1/w0/0", "p1/w0/1", "p1/w0/attempts0"]
    assert whole.nodes[2].stored == asked and whole.nodes[0].stored == ()
    assert whole.contexts == {told.id: (1, 9)} and "p2/w0/attempts0" not in whole.tokens


def online(**fields: Any) -> Online:
    return Online.model_validate({"problems_per_wave": 64, "group_size": 8, **fields})


def test_a_wave_has_room_for_all_rows_that_it_may_have() -> None:
    verify = {"kind": "verdicts", "share": 0.015625, "count": 8}
    assert most_rows(online()) == 512
    assert most_rows(online(derived=[verify])) == 512 + 64 and derived_rows(online(derived=[verify])) == 64
    assert most_rows(online(derived=[{"kind": "attempts", "count": 2}])) == 512 + 128
    steps = [{"part": "critique", "by": "critic"}, {"part": "attempt"}]
    turns = {"episode": {"kind": "revise", "steps": steps}}
    moved = {"kind": "copies", "part": "attempt", "stream": "advantage"}
    said = {"kind": "copies", "prompt": "critique"}
    assert [most_rows(online(**turns, derived=[one])) for one in (moved, said)] == [64 * 8, 64 * 8 + 64 * 24]


@pytest.mark.parametrize(
    ("context", "logprobs", "prompt"), [((), (-1.0,), (5,)), ((8, 9), (-1.0,), (8, 9)), ((), (), (5,))]
)
def test_the_samplers_numbers_count_only_where_a_row_stands_as_it_was_drawn(
    context: tuple[int, ...], logprobs: tuple[float, ...], prompt: tuple[int, ...]
) -> None:
    drawn = TokenRow("s", "p", 0, 0, (5,), (6,), logprobs, True, context)
    (row,) = join_rows([drawn], {"s": [("advantage", 0, 1, 1.0)]}, {})
    assert tuple(row.prompt) == prompt
    assert (list(row.logprobs) == [-1.0]) == (prompt == (5,) and bool(logprobs))
    assert all(math.isnan(one) for one in row.logprobs) == (prompt != (5,) or not logprobs)


def test_each_attempt_sees_the_first_that_succeeded_and_is_not_itself() -> None:
    """SDPO: returns (1, 0, 0, 1), and (0, 0, 1, 0)."""
    assert demonstrations((1.0, 0.0, 0.0, 1.0), 0.5) == [3, 0, 0, 0]
    assert demonstrations((0.0, 0.0, 1.0, 0.0), 0.5) == [2, 2, None, 2], (
        "a single success is not taught without feedback"
    )
    assert demonstrations((None, 0.4), 0.5) == [None, None]


def test_a_demonstration_has_no_thinking() -> None:
    assert demonstration_of("<think>so 5\nor</think>\n4", thinking=False) == "4"
    assert demonstration_of("<think>so 5</think>4", thinking=True) == "<think>so 5</think>4"
    assert demonstration_of("<think>without an end", thinking=False) == ""


def test_what_the_judge_notes_is_seen_where_there_is_no_solution() -> None:
    noted = [replace(verdict_of(value), note="test 3 failed") for value in (0.0, 0.0, 1.0)]
    episodes = tuple(
        rewarded(one.score, name=f"e{place}", turns=[attempt(verdicts={"answer": one}, text=f"text {place}")])
        for place, one in enumerate(noted)
    )
    rollouts = tuple(episode.rollout for episode in episodes)
    one = Rated(Drawn(PROBLEMS[0], (), (), {}), Group("f", rollouts), Judged("f", episodes), ())

    def seen(**fields: Any) -> list[tuple[str, str]]:
        return [(lesson.demonstration, lesson.feedback) for lesson in lessons(Sdpo(**fields), one, "answer")]

    assert seen() == [("text 2", ""), ("text 2", ""), ("", "")], "a right one needs no words"
    assert seen(feedback="always")[0] == ("text 2", "test 3 failed")
    assert seen(success=2)[0] == ("", "test 3 failed") and seen(success=2, feedback="never")[0] == ("", "")


def test_a_prompt_uses_what_it_gets(tmp_path: Path) -> None:
    (tmp_path / "own.j2").write_text("{{ prompt }} {{ label }}")
    tree = ONLINE["online_derived"]
    tree = {**tree, "online": {**tree["online"], "derived": [{"kind": "verdicts", "prompt": "own.j2"}]}}
    with pytest.raises(RecipeError, match=r"online\.derived\.0\.prompt: 'own.j2' uses 'label', .*\n.*attempt, prompt"):
        Deriving.of(check_recipe(tree), tmp_path)
    assert len(Deriving.of(check_recipe(ONLINE["online_derived"]), tmp_path).prompts) == 4
    assert "demonstration" in Deriving.of(check_recipe(ONLINE["online_sdpo"]), tmp_path).prompts[-1]


def test_help_that_a_problem_does_not_have_is_one_message() -> None:
    with pytest.raises(ProblemsError, match="problem p1 has no solution"):
        asked_with_help(PROBLEMS[1], "{{ prompt }} {{ solution }}")
    (turn,) = asked_with_help(PROBLEMS[1], "{{ prompt }} is {{ answer }}")
    assert turn.content == "1+1 is 2"
