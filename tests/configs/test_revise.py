"""Steps of a revision that do not fit together are refused, each with one message that names the field and the fix."""

from __future__ import annotations

from typing import Any

import pytest

from configs.errors import RecipeError
from configs.schema.generate import ReviseGenerate
from tests.build.records import make_recipe

ATTEMPT = {"part": "attempt"}
VERDICT = {"part": "verdict"}
TEMPLATE = {"by": "template", "prompt": "revise"}


def revise(*steps: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"kind": "revise", "max_tokens": 8, "steps": [*steps] or [ATTEMPT], **fields}


REFUSED: list[tuple[dict[str, Any], str]] = [
    (revise() | {"steps": []}, "steps: exactly one has part attempt, and it is the last: the others lead to it"),
    (revise({"part": "execution"}, ATTEMPT), "steps.0: an execution is what a code judge found"),
    (revise(VERDICT), "steps: exactly one has part attempt, and it is the last"),
    (revise(ATTEMPT, VERDICT), "steps: exactly one has part attempt, and it is the last"),
    (revise(ATTEMPT, {**ATTEMPT, "name": "b"}), "steps: exactly one has part attempt"),
    (revise(VERDICT, VERDICT, ATTEMPT), "steps.1.name: two steps are called 'verdict'"),
    (revise({**ATTEMPT, "when": {"verdict": "wrong"}}), "steps.0.when.verdict: no step before writes a verdict"),
    (revise({**ATTEMPT, "split": "(?P<verdict>.*)-(?P<attempt>.*)"}, until=[{"verdict": "right"}]),
     "until.0.verdict: no step writes a verdict"),
    (revise(ATTEMPT, until=[{"verdict": "right"}]), "until.0.verdict: no step writes a verdict"),
    (revise({**ATTEMPT, "num": 2}, temperature=0), "steps.0.num: temperature 0 draws the same text 2 times"),
    (revise({**ATTEMPT, "num": 2, "temperature": 0}), "steps.0.num: temperature 0 draws the same text 2 times"),
    (revise(ATTEMPT, num_samples=2, temperature=0), "temperature 0 draws the same first attempt 2 times"),
    (revise({**ATTEMPT, "otherwise": "skip"}), "otherwise: without an attempt there is no revision"),
    (revise({"part": "hint"}, ATTEMPT), "prompt: a hint has no prompt of its own"),
    (revise({"part": "hint", "by": "template"}, ATTEMPT), "prompt: by: template writes the prompt itself"),
    (revise({**ATTEMPT, "by": "template", "prompt": "revise"}), "by: template solves nothing"),
    (revise({**VERDICT, **TEMPLATE, "num": 2}, ATTEMPT), "by: template writes one text by rule"),
    (revise({**VERDICT, **TEMPLATE, "form": "single"}, ATTEMPT), "form: by: template reads no chat"),
    (revise({**ATTEMPT, "pattern": "(a)"}), "pattern: it reads verdicts, and this is a attempt"),
    (revise({**VERDICT, "pattern": "a"}, ATTEMPT), "needs a group around what is looked for"),
    (revise({**VERDICT, "keep": {"first": 1, "best": "answer"}}, ATTEMPT), "keep: write one of"),
    (revise(ATTEMPT, first={"keep": {"true_verdict": 1}}), "keep.true_verdict: first attempts say neither"),
    (revise(ATTEMPT, first={"keep": {"best": "nobody"}}), "first.keep.best: no judge is called"),
    (revise({**ATTEMPT, "keep": {"true_verdict": 1}}), "keep.true_verdict: it is a attempt"),
    (revise({**VERDICT, "keep": {"best": "answer"}}, ATTEMPT), "keep.best: judges look at attempts"),
    (revise({**ATTEMPT, "split": "(?P<attempt>"}), "split: a pattern whose named groups"),
    (revise({**ATTEMPT, "split": "(?P<critique>.*)"}), "split: a pattern whose named groups"),
    (revise({**ATTEMPT, "when": {"judge": "answer"}}), "write one condition"),
    (revise({**ATTEMPT, "when": {"judge": "answer", "says": ["wrong"], "below": 1}}), "write one condition"),
    (revise(ATTEMPT, until=[{"judge": "answer"}]), "write one condition"),
    (revise(ATTEMPT, until=[{}]), "write one condition"),
    (revise(ATTEMPT, first={"redraw": False}), "redraw: false takes one model's attempts in every round"),
    (revise({**ATTEMPT, "when": {"judge": "nobody", "says": ["wrong"]}}), "steps.0.when.judge: no judge is called"),
    (revise(ATTEMPT, until=[{"no_gain": "nobody"}]), "until.0.no_gain: no judge is called 'nobody'"),
    (revise({**ATTEMPT, "keep": {"best": "nobody"}}), "steps.0.keep.best: no judge is called 'nobody'"),
    (revise({**ATTEMPT, "by": "nobody"}), "steps.0.by: no role is called 'nobody'"),
    (revise({**ATTEMPT, "also_by": ["nobody"]}), "steps.0.also_by: no role is called 'nobody'"),
    (revise({**ATTEMPT, "also_by": ["policy"]}), "also_by: other models than by: policy, each once"),
    (revise({**VERDICT, **TEMPLATE, "also_by": ["policy"]}, ATTEMPT), "also_by: other models than by: template"),
    (revise(ATTEMPT, first={"by": "nobody"}), "first.by: no role is called 'nobody'"),
    (revise({"part": "execution", "by": "judge:answer"}, ATTEMPT), "steps.0: an execution is what a code judge found"),
    (revise({"part": "execution", "prompt": "revise"}, ATTEMPT), "steps.0: an execution is what a code judge found"),
    (revise({"part": "execution", "by": "judge:other"}, ATTEMPT), "steps.0.by: no judge is called 'other'"),
    (revise({"part": "critique", "by": "judge:answer"}, ATTEMPT), "write part: execution"),
]  # fmt: skip


@pytest.mark.parametrize(("generate", "message"), REFUSED)
def test_steps_that_do_not_fit_are_refused(generate: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as raised:
        make_recipe(generate=generate)
    assert message in str(raised.value) and str(raised.value).count("\n") <= 1


SECTIONS: list[tuple[dict[str, Any], str]] = [
    ({"generate": revise({**ATTEMPT, "when": {"judge": "vote", "says": ["wrong"]}}),
      "judge": [{"kind": "answer"}, {"kind": "vote"}]}, "judges the samples of a problem against each other"),
    ({"generate": revise({"part": "critique", "by": "scorer"}, ATTEMPT),
      "roles": {"scorer": {"model": {"base": "models/a"}, "engine": {"kind": "reward"}}}},
     "generate.steps.0.by: needs text, which the engine reward of role 'scorer' does not give"),
    ({"generate": revise(ATTEMPT, first={"state": "seed"}), "warm_start": None, "train": {"start_from": "base"}},
     "first.state: 'seed' is the model of the warm start"),
    ({"generate": revise({**ATTEMPT, "state": "seed"}), "warm_start": None, "train": {"start_from": "base"}},
     "steps.0.state: 'seed' is the model of the warm start"),
    ({"generate": revise(ATTEMPT), "guide": {}}, "guide: its tries and the revisions"),
    ({"generate": revise({**ATTEMPT, "form": "inline"}), "rows": [{"kind": "turn"}]}, "write rows: [{kind: splice}]"),
    ({"generate": revise({**VERDICT, "form": "inline"}, ATTEMPT), "rows": [{"kind": "conversation"}]},
     "rows.0: generate.steps writes verdict inline"),
    ({"generate": revise({**ATTEMPT, "form": "inline"}), "rows": [{"kind": "improvement"}]},
     "rows.0: generate.steps writes attempt inline"),
    ({"rows": [{"kind": "improvement"}]}, "rows.0: it shows what a reviser is shown, and nothing is revised"),
    ({"generate": revise(ATTEMPT), "weigh": {"kind": "by_gain"}}, "which rows of kind answer do not show"),
    ({"generate": revise(ATTEMPT), "weigh": {"kind": "by_gain"}, "rows": [{"kind": "turn"}, {"kind": "splice"}]},
     "which rows of kind splice do not show"),
    ({"generate": revise(ATTEMPT), "rows": [{"kind": "turn"}], "weigh": {"kind": "by_gain", "judge": "nobody"}},
     "weigh.judge: no judge is called 'nobody'"),
    ({"generate": revise(ATTEMPT), "rows": [{"kind": "improvement", "judge": "nobody"}]},
     "rows.0.judge: no judge is called 'nobody'"),
]  # fmt: skip


@pytest.mark.parametrize(("sections", "message"), SECTIONS)
def test_sections_that_do_not_fit_are_refused(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as raised:
        make_recipe(**sections)
    assert message in str(raised.value)


def test_a_step_is_what_it_says_and_no_more() -> None:
    recipe = make_recipe(generate=revise({"part": "critique"}, VERDICT, ATTEMPT))
    assert recipe.generate.kind == "revise"
    assert [(step.name, step.prompt) for step in recipe.generate.steps] == [
        ("critique", "critique"), ("verdict", "verdict"), ("attempt", "revise"),
    ]  # fmt: skip
    assert recipe.generate.writers == ()
    assert make_recipe(**recipe.model_dump(mode="json")) == recipe


def most_texts(generate: dict[str, Any]) -> int:
    section = make_recipe(generate=generate).generate
    assert isinstance(section, ReviseGenerate)
    return section.most_texts


def test_the_most_that_a_problem_can_cost() -> None:
    """STaSC 5 x 5: 30; self-rewarding correction with every answer called wrong: 50 + 400 + 400."""
    texts = {
        30: revise({**ATTEMPT, "num": 5}, num_samples=5),
        850: revise({**VERDICT, "num": 8, "keep": {"true_verdict": 1}}, {**ATTEMPT, "num": 8}, num_samples=50),
        2: revise(ATTEMPT, num_samples=2, max_turns=1),
    }
    for number, generate in texts.items():
        assert most_texts(generate) == number
    by_rule = revise({**VERDICT, **TEMPLATE}, {**ATTEMPT, "num": 3}, num_samples=2, max_turns=3)
    assert most_texts(by_rule) == 2 + 6 + 18


def test_all_who_write_beside_the_policy_of_the_round() -> None:
    base, fixed = {"state": "base"}, {"state": "base", "redraw": False}
    steps = [{"part": "critique", "by": "critic"}, {**ATTEMPT, **base}]
    roles = {"critic": {"model": {"base": "models/a"}}}
    for first, names in ((base, ["policy@base", "critic@round_start"]),
                         (fixed, ["policy@base of round 1", "critic@round_start", "policy@base"])):  # fmt: skip
        writers = make_recipe(generate=revise(*steps, first=first), roles=roles).generate.writers
        assert [writer.name for writer in writers] == names
