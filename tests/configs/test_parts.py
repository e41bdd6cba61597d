"""What reads a part of chains that nobody writes is refused, wherever in a recipe it stands, with what to write."""

from __future__ import annotations

from typing import Any

import pytest

from configs.errors import RecipeError
from configs.schema.chains import ReadsChains
from configs.schema.generate import Generate
from configs.schema.judges.kinds import Judge
from configs.schema.kinds import component_choices
from configs.schema.load import check_recipe
from configs.schema.online.derived import Derived
from configs.schema.online.rewards import RewardTerm
from configs.schema.pair import Pair
from configs.schema.rows import RowKind
from configs.schema.select import Select, Weigh
from tests.build.records import make_recipe
from tests.configs.online_recipes import TURNS, online_recipe

ATTEMPT, VERDICT, CRITIQUE = {"part": "attempt"}, {"part": "verdict"}, {"part": "critique"}
DPO = {"objective": {"kind": "dpo"}, "start_from": "base"}


def revise(*steps: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"kind": "revise", "max_tokens": 8, "steps": [*steps, ATTEMPT], **fields}


def keep(kind: str, **fields: Any) -> dict[str, Any]:
    return {"select": [{"kind": kind, **fields}]}


def row(kind: str, **fields: Any) -> dict[str, Any]:
    return {"rows": [{"kind": kind, **fields}]}


def pair(kind: str, **fields: Any) -> dict[str, Any]:
    return {"pair": {"kind": kind, **fields}, "train": DPO, "select": [{"kind": "judged"}]}


PLAIN: list[tuple[dict[str, Any], str]] = [
    (keep("moves"), "select.0.of: no attempt follows another one: generate (independent) writes attempt: "
                    "write generate: {kind: revise}, or leave it out"),
    (keep("gain"), "select.0: no attempt follows another one"),
    (keep("helps"), "select.0: no attempt follows another one"),
    (keep("rescued"), "select.0: no attempt follows another one"),
    (keep("cut"), "select.0: no attempt follows another one"),
    (keep("balance", by="parent_label"), "select.0.by: no attempt follows another one"),
    (keep("balance", by="verdict"), "select.0.by: nobody writes a text of part verdict"),
    (keep("true_verdicts"), "select.0: nobody writes a text of part verdict: generate (independent) writes attempt: "
                            "write generate: {kind: revise} with a step of part: verdict, or leave it out"),
    (keep("confirmed"), "select.0: nobody writes a text of part verdict"),
    (keep("mirrors"), "select.0: nobody writes a text of part critique"),
    (keep("leaks"), "select.0: no text is written around the attempts"),
    (keep("pattern", order=["attempt", "execution"]), "select.0.order: nobody writes a text of part execution"),
    (keep("pattern", order=["action"]), "select.0.order: nobody writes a text of part action: generate (independent) "
                                        "writes attempt: no sampler writes it: leave action out"),
    (keep("calls"), "select.0: nobody runs programs of a text: add generate.interpreter"),
    (row("turn", of=["hint"]), "rows.0.of: nobody writes a text of part hint"),
    (row("turn", of=["step"]), "rows.0.of: nobody writes a text of part step: generate (independent) writes attempt: "
                               "write generate: {kind: edit} or {kind: stepwise}, or leave it out"),
    (row("turn", of=["attempt", "attempt"]), "rows.0.of: no attempt follows another one"),
    (row("turn", mask_input={}), "rows.0.mask_input: no attempt follows another one"),
    (row("splice", links={"verdict": ["so"]}), "rows.0.links: nobody writes a text of part verdict"),
    (row("splice", links={"attempt": ["so"]}), "rows.0.links: no attempt follows another one"),
    (row("splice", loss={"critique": 0.5}), "rows.0.loss.critique: nobody writes a text of part critique"),
    (row("conversation", loss={"verdict_false": 1}), "rows.0.loss.verdict_false: nobody writes a text of part verdict"),
    (row("conversation", loss={"attempt_right_earlier": 1}), "rows.0.loss.attempt_right_earlier: no attempt follows"),
    (row("turn") | {"weigh": {"kind": "by_gain"}}, "weigh: no attempt follows another one"),
    (pair("revision"), "pair: no attempt follows another one"),
    (pair("siblings"), "pair.part: no attempt follows another one"),
    (pair("siblings", part="verdict"), "pair.part: nobody writes a text of part verdict"),
    (pair("stop_or_go", go_on="revision"), "pair.go_on: no attempt follows another one"),
    (pair("mixture", sets=[{"pair": {"kind": "best_vs_worst"}}, {"pair": {"kind": "revision"}}]),
     "pair.sets.1.pair: no attempt follows another one"),
    ({"judge": [{}, {"kind": "provenance", "by": "part", "scores": {"step": 1}}]},
     "judge.1.scores: nobody writes a text of part step"),
    ({"roles": {"critic": {"like": "policy", "train": {"rows": [{"kind": "turn", "of": ["critique"]}]}}}},
     "roles.critic.train.rows.0.of: nobody writes a text of part critique"),
    ({"roles": {"critic": {"like": "policy", "train": {"select": [{"kind": "confirmed"}]}}}},
     "roles.critic.train.select.0: nobody writes a text of part verdict"),
    ({"roles": {"critic": {"like": "policy", "train": {**DPO, "pair": {"kind": "revision"}}}}},
     "roles.critic.train.pair: no attempt follows another one"),
]  # fmt: skip
OTHERS: list[tuple[dict[str, Any], str]] = [
    ({"generate": revise(CRITIQUE), **keep("confirmed")},
     "select.0: nobody writes a text of part verdict: generate (revise) writes attempt, critique: add a step with "
     "part: verdict to generate.steps, or leave it out"),
    ({"generate": revise(), **keep("leaks")}, "select.0: no text is written around the attempts: generate (revise) "
     "writes attempt: add a step with part: critique to generate.steps, or leave it out"),
    ({"generate": revise(VERDICT, max_turns=1), **keep("confirmed")},
     "select.0: nobody writes a text of part verdict: generate (revise) writes attempt: write generate.max_turns: 2 "
     "or more, or leave it out"),
    ({"generate": revise(max_turns=1), **row("improvement")}, "rows.0: no attempt follows another one"),
    ({"generate": {"kind": "prefix", "max_tokens": 8}, **keep("confirmed")},
     "select.0: nobody writes a text of part verdict: generate (prefix) writes attempt, critique"),
    ({"generate": {"kind": "edit", "max_tokens": 8}, **keep("moves")},
     "select.0.of: no attempt follows another one: generate (edit) writes attempt, step"),
    ({"generate": {"kind": "stepwise", "max_tokens": 8}, "judge": [{"kind": "pairwise"}], **row("turn"),
      "evaluate": {"verifier": {"kind": "number"}}, "select": [{"kind": "judged"}]},
     "rows.0.of: nobody writes a text of part attempt: generate (stepwise) writes step"),
    ({"generate": revise(), **keep("cut")}, "select.0: a chain is cut at one of its attempts, and those before the "
     "last are dropped before it: write {kind: leaves, inner: true} before it"),
    ({"generate": revise(), "select": [{"kind": "leaves"}, {"kind": "cut"}]}, "select.1: a chain is cut at one of"),
    ({"generate": revise(), **row("turn", links={"attempt": ["so"]})}, "links: nothing stands between a text before"),
]  # fmt: skip


@pytest.mark.parametrize(("sections", "message"), [*PLAIN, *OTHERS])
def test_a_part_that_nobody_writes_is_one_message(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as raised:
        make_recipe(**sections)
    head, *lines = str(raised.value).splitlines()
    assert head.endswith("1 mistake") and len(lines) == 1 and message in lines[0]


def test_what_is_written_may_be_read() -> None:
    """The same sections beside a sampler that writes all of it."""
    steps = [CRITIQUE, VERDICT, {"part": "hint", "prompt": "revise"}, {"part": "execution", "by": "judge:code"}]
    everything = {**revise(), "steps": [*steps, {**ATTEMPT, "num": 2}]}
    judge = [
        {"kind": "answer"},
        {"kind": "answer", "name": "code", "verifier": {"kind": "python", "function": "a.py:a"}},
    ]
    impossible = ("action", "calls", "[step]", "step", "cut", "mixture")
    for sections, message in PLAIN:
        if not any(word in str(sections) for word in impossible):
            assert make_recipe(**{"generate": everything, "judge": judge, **sections}), message
    inner = [{"kind": "leaves", "inner": True}, {"kind": "cut"}]
    assert make_recipe(generate=revise(), select=inner)
    assert make_recipe(generate={"kind": "prefix", "max_tokens": 8}, **keep("moves"))
    assert make_recipe(guide={"kind": "interactive"}, **keep("moves")), "a try after a comment follows the failed one"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"reward": [{}, {"kind": "progress"}]}, "online.reward.1: no attempt follows another one: online.episode "
         "(independent) writes attempt: write online.episode: {kind: revise}, or leave it out"),
        ({"credit": {"confirm_factor": 2}}, "online.credit.confirm_factor: nobody writes a text of part verdict"),
        ({"credit": {"change_factor": 2}}, "online.credit.change_factor: no attempt follows another one"),
        ({"credit": {"change_factor": 2}, "episode": {"kind": "inline", "max_tokens": 8, "markers": [
            {"part": "verdict", "begins": "so"}]}}, "online.credit.change_factor: no attempt follows another one: "
         "online.episode (inline) writes attempt, verdict: add a marker with part: attempt, or leave it out"),
        ({"reward": [{"kind": "verdict_match"}], "episode": {"kind": "inline", "max_tokens": 8, "markers": [
            {"part": "attempt", "begins": "so"}]}}, "online.reward.0: nobody writes a text of part verdict: "
         "online.episode (inline) writes attempt: add a marker with part: verdict to online.episode.markers"),
        ({"derived": [{"kind": "copies", "prompt": "predict_feedback", "part": "hint"}], "episode": TURNS},
         "online.derived.0.part: nobody writes a text of part hint: online.episode (revise) writes attempt, verdict"),
        ({"derived": [{"kind": "copies", "part": "attempt", "stream": "advantage"}],
          "credit": {"unit": "turn", "train_turns": "last"}},
         "online.derived.0.part: no attempt follows another one"),
    ],
)  # fmt: skip
def test_a_segment_reads_what_its_episodes_write(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as raised:
        check_recipe(online_recipe({"kind": "grpo"}, **fields))
    assert message in str(raised.value)


def test_verdicts_made_of_a_wave_may_be_trained() -> None:
    fields = {"derived": [{"kind": "verdicts"}], "credit": {"train_parts": ["attempt", "verdict"]}}
    assert check_recipe(online_recipe({"kind": "grpo"}, **fields))


def test_every_kind_that_names_a_part_says_so() -> None:
    """A field whose type has parts among its values belongs to a kind that is checked."""
    unions = (Select, RowKind, Pair, Weigh, RewardTerm, Derived, Judge)
    for kind, config in {name: one for union in unions for name, one in component_choices(union).items()}.items():
        texts = str([field.annotation for field in config.model_fields.values()])
        assert "'critique'" not in texts or issubclass(config, ReadsChains), kind
    for config in component_choices(Generate).values():
        assert isinstance(vars(config).get("parts") or config.parts, property)


RUBRIC: dict[str, Any] = {"judge": [{"kind": "rubric"}], "evaluate": {"verifier": {"kind": "number"}}}
JUDGED = {"select": [{"kind": "judged"}]}


@pytest.mark.parametrize(
    ("sections", "place"),
    [
        ({}, "select.0.judge"),
        (keep("both_outcomes"), "select.0.judge"),
        (keep("pass_rate"), "select.0.judge"),
        (keep("balance"), "select.0.judge"),
        ({"generate": revise(), **keep("moves")}, "select.0.judge"),
        ({"generate": revise(), **keep("helps")}, "select.0.judge"),
        ({"generate": revise(VERDICT), **keep("true_verdicts")}, "select.0.judge"),
        ({**JUDGED, **row("splice")}, "rows.0.judge"),
        (pair("right_vs_wrong"), "pair.judge"),
        (pair("stop_or_go"), "pair.judge"),
        ({**JUDGED, "train": {"objective": {"kind": "kto"}}}, "judge.0"),
        ({**JUDGED, "roles": {"critic": {"like": "policy", "train": {}}}}, "roles.critic.train.select.0.judge"),
    ],
)
def test_what_reads_labels_needs_a_judge_that_gives_them(sections: dict[str, Any], place: str) -> None:
    with pytest.raises(RecipeError) as raised:
        make_recipe(**{**RUBRIC, **sections})
    told = f"{place}: it reads what is called correct, and 'rubric' (rubric) only scores"
    assert str(raised.value).splitlines()[-1] == f"  - {told}: name a judge of kind answer or vote"
    voted = {**RUBRIC, "judge": [{"kind": "vote"}]}
    assert make_recipe(**{**voted, **{name: part for name, part in sections.items() if "generate" not in sections}})


def test_a_judge_that_is_not_there_is_told_before_what_it_gives() -> None:
    with pytest.raises(RecipeError, match=r"pair.judge: no judge is called 'nobody': write one of answer"):
        make_recipe(**pair("right_vs_wrong", judge="nobody"))


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"generate": revise(), **keep("one_per", of="answer")}, "select.0.judge: 'rubric' (rubric) finds no answers"),
        ({"generate": revise(until=[{"same": "answer"}]), **JUDGED}, "generate.until.0.same: the first judge"),
        ({"generate": revise(until=[{"judge": "rubric", "says": ["correct"]}]), **JUDGED}, "generate.until.0: "),
        ({"generate": revise(first={"at_most": {"wrong": 1}}), **JUDGED}, "generate.first.at_most: 'rubric' (rubric)"),
        ({"generate": revise({**VERDICT, "keep": {"true_verdict": 1}}), **JUDGED}, "generate.steps.0.keep.true"),
        ({"generate": {"kind": "revise", "max_tokens": 8, "steps": [
            {**ATTEMPT, "when": {"judge": "rubric", "says": ["wrong"]}}]}, **JUDGED}, "generate.steps.0.when: "),
    ],
)  # fmt: skip
def test_who_waits_for_a_label_or_an_answer_waits_for_a_judge_that_gives_it(sections: Any, message: str) -> None:
    with pytest.raises(RecipeError) as raised:
        make_recipe(**{**RUBRIC, **sections})
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"generate": revise(VERDICT), **pair("siblings", part="verdict")}, "pair: from the verdict on every text is"),
        ({"generate": revise({**VERDICT, "num": 2}), **pair("siblings")}, "pair: from the attempt on every text is"),
        ({"generate": revise({**CRITIQUE, "num": 2}), **pair("siblings", part="critique", by_writer=["x", "policy"])},
         "pair.by_writer: no sample has the role 'x': write one of peer, policy, solution, template"),
        ({"judge": [{}, {"kind": "embedding", "against": "draw:x"}],
          "roles": {"encoder": {"model": {"base": "a"}, "engine": {"kind": "embedding"}}}},
         "judge.1.against: no sample has the draw 'x': write one of plain"),
        ({"generate": revise({"part": "execution", "by": "judge:answer"}), **row("turn", of=["execution"])},
         "of: an execution is what came out of a run, and no words of a model"),
    ],
)  # fmt: skip
def test_names_of_origins_and_texts_of_nobody(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as raised:
        make_recipe(**sections)
    assert message in str(raised.value)


def test_siblings_come_of_any_step_after_the_text_they_share() -> None:
    for steps in ([{**VERDICT, "num": 2}, ATTEMPT], [VERDICT, {**ATTEMPT, "num": 2}]):
        generate = {"kind": "revise", "max_tokens": 8, "steps": steps}
        assert make_recipe(generate=generate, **pair("siblings", part="verdict"))
    roles = {"critic": {"model": {"base": "a"}}}
    generate = revise({**CRITIQUE, "also_by": ["critic"]})
    assert make_recipe(
        generate=generate, roles=roles, **pair("siblings", part="critique", by_writer=["critic", "policy"])
    )
