"""Draws that stop early are refused where something looks at all of them, each with one message that says the fix."""

from __future__ import annotations

from typing import Any

import pytest

from configs.errors import RecipeError
from configs.schema.draws.adaptive_rules import accepting_judge
from configs.schema.load import check_recipe
from configs.schema.marks import as_written, identity
from tests.build.records import make_recipe
from tests.configs.online_recipes import online_recipe

DRAWN: dict[str, Any] = {"max_tokens": 8, "num_samples": 8, "adaptive": {"enough": 4, "wave": 2}}
CAP = {"kind": "cap", "per_problem": 4}
SELECT = [{"kind": "correct"}, CAP]
RULE: dict[str, Any] = {"generate": DRAWN, "select": SELECT}
STRICT = {"kind": "answer", "name": "strict"}


def drawn(**adaptive: Any) -> dict[str, Any]:
    return {"generate": {**DRAWN, "adaptive": {"enough": 4, "wave": 2, **adaptive}}, "select": SELECT}


REFUSED: list[tuple[dict[str, Any], str]] = [
    (drawn(enough=9), "adaptive.enough: 9 of 8 draws are never accepted: write 8 or less"),
    (drawn(enough=0), "generate.adaptive.enough: .*greater than or equal to 1"),
    (drawn(wave=8), "adaptive.wave: 8 are all 8 draws at once, so that none is saved: write fewer"),
    (drawn(give_up_after=7), "adaptive.give_up_after: 7 draws in waves of 2 are all 8: write fewer, or leave it out"),
    (drawn(judge="answer"), "generate.adaptive.judge: unknown key"),
    ({"generate": {**DRAWN, "kind": "revise"}, "select": SELECT}, "generate.adaptive: unknown key"),
    ({"generate": {**DRAWN, "draws": [{"name": "plain"}, {"name": "hot", "temperature": 2}]}, "select": SELECT},
     "adaptive: draws of several kinds are all wanted: write one draw with one variant, or leave adaptive out"),
    ({**RULE, "judge": [{"kind": "vote"}], "evaluate": {"verifier": {"kind": "number"}}},
     r"judge.0 \(vote\) looks at all draws of a problem: leave one of them out"),
    ({**RULE, "judge": [{"kind": "answer"}, {"kind": "pairwise"}]}, r"judge.1 \(pairwise\) looks at all draws"),
    ({**RULE, "judge": [{"kind": "answer"}, {"kind": "embedding", "against": "siblings"}],
      "roles": {"encoder": {"model": {"base": "a/b"}, "engine": {"kind": "embedding"}}}},
     r"judge.1 \(embedding\) looks at all draws"),
    ({**RULE, "weigh": {"kind": "entropy"}}, r"weigh \(entropy\) looks at all draws of a problem"),
    ({**RULE, "select": [{"kind": "judged"}], "pair": {"kind": "right_vs_wrong"},
      "train": {"objective": {"kind": "dpo"}}}, r"pair \(right_vs_wrong\) looks at all draws of a problem"),
    ({**RULE, "select": [{"kind": "judged"}], "train": {"objective": {"kind": "kto"}}},
     r"train.objective \(kto\) looks at all draws"),
    ({**RULE, "calibrate": {"kind": "balance"}}, r"calibrate \(balance\) looks at all draws"),
    *(({**RULE, "select": [{"kind": "correct"}, {"kind": kind, **more}, CAP]}, rf"select.1 \({kind}\) looks at all")
      for kind, more in (("unique", {}), ("distinct_equations", {}), ("both_outcomes", {}), ("best_share", {}),
                         ("top_k", {}), ("length_gap", {}), ("pass_rate", {}), ("one_per", {"of": "answer"}),
                         ("keep_problem", {"at_least": 0.1}), ("balance", {}),
                         ("python", {"function": "keep.py:keep"}))),
    ({**RULE, "select": [{"kind": "correct"}]}, r"select keeps all that is accepted, so that every draw counts: add "
     r"\{kind: cap, per_problem: 4\}"),
    ({**RULE, "select": [{"kind": "judged"}, CAP]}, r"select keeps draws that were not accepted: add \{kind: correct, "
     r"judge: answer\}"),
    ({**RULE, "select": [CAP, {"kind": "correct"}]}, "select.0 picks among draws before select.1 keeps those"),
    ({**RULE, "select": [{"kind": "correct"}, {"kind": "cap", "per_problem": 5}]},
     "adaptive.enough: select.1.per_problem makes use of 5 accepted draws of a problem, and 4 are fewer: write 5 or"),
    ({**RULE, "guide": {"kind": "answer", "min_correct": 5}}, "guide.min_correct makes use of 5 accepted draws"),
    ({**RULE, "judge": [{"kind": "answer"}, STRICT], "guide": {"kind": "answer"},
      "select": [{"kind": "correct", "judge": "strict"}, CAP]},
     "guide: it goes by the first judge, and generate.adaptive by 'strict': write 'strict' first"),
    ({**RULE, "roles": {"critic": {"like": "policy", "train": {"start_from": "base", "select": SELECT[:1]}}}},
     "roles.critic.train.select keeps all that is accepted"),
]  # fmt: skip


@pytest.mark.parametrize(("sections", "message"), REFUSED)
def test_what_needs_all_draws_is_one_message(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message) as refused:
        make_recipe(**sections)
    assert "1 mistake\n" in str(refused.value)


ACCEPTED: list[dict[str, Any]] = [
    RULE,
    {"generate": {**DRAWN, "num_samples": 32, "adaptive": {"enough": 10}}},
    {**RULE, "weigh": {"kind": "by_problem"}, "guide": {"kind": "answer"}},
    {**RULE, "select": [{"kind": "length", "max_tokens": 9}, {"kind": "judged"}, *SELECT, {"kind": "drop_truncated"}]},
    {**RULE, "judge": [{"kind": "answer"}, {"kind": "rubric"}],
     "select": [{"kind": "correct"}, {"kind": "threshold", "judge": "rubric", "at_least": 3}, CAP]},
    {"generate": {**DRAWN, "draws": [{"name": "told", "system": "zero_shot_direct"}]}, "select": SELECT},
    drawn(give_up_after=4),
]  # fmt: skip


@pytest.mark.parametrize("sections", ACCEPTED)
def test_what_looks_at_each_draw_can_do_with_fewer(sections: dict[str, Any]) -> None:
    assert make_recipe(**sections).generate.stopping is not None


def test_the_judge_by_which_right_samples_are_kept_accepts() -> None:
    judges = [{"kind": "answer"}, STRICT]
    named = make_recipe(**{**RULE, "judge": judges, "select": [{"kind": "correct", "judge": "strict"}, CAP]})
    assert accepting_judge(named).name == "strict"
    assert accepting_judge(make_recipe(**RULE)).name == "answer"


def test_a_segment_has_groups_of_one_size() -> None:
    episode = {"max_tokens": 32, "adaptive": {"enough": 2, "wave": 2}}
    with pytest.raises(RecipeError, match=r"online\.episode\.adaptive: a group is compared whole: leave it out"):
        check_recipe(online_recipe({"kind": "grpo"}, episode=episode))


def test_a_recipe_without_it_has_the_keys_that_it_had() -> None:
    plain = make_recipe().generate
    assert "adaptive" not in identity(plain, as_written)
    assert identity(make_recipe(**RULE).generate, as_written)["adaptive"] == {
        "enough": 4, "wave": 2, "give_up_after": None,
    }  # fmt: skip
