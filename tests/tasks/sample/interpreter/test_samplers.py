"""The interpreter under samplers and in evaluation: chains of one text, hints that open a block, and who is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configs.errors import RecipeError
from configs.schema.rows import SpliceRow
from infra.engines.questions import Request
from tasks.core.joined import Candidate, with_chains
from tasks.core.records import FinishReason, Label, Span, Verdict, spell
from tasks.evaluate.run import Sampler
from tasks.sample.drive import Partners, drive
from tasks.sample.episode import POLICY
from tasks.sample.partners import tool_of
from tasks.sample.samplers.revise import Revise
from tasks.select.filters.filter import Draw
from tasks.select.rows.kinds import rows_of
from tests.build.records import make_problem, make_recipe
from tests.infra.sandbox.sandboxes import needs_sandbox
from tests.tasks.core.scripted import ScriptedPool, answerer, make_answers
from tests.tasks.sample.interpreter.script import CodingPool, block, goes_on, output, outputs
from tests.tasks.sample.revise.script import revise_sampler

pytestmark = pytest.mark.usefixtures("sandboxes_alone")
INTERPRETER: dict[str, Any] = {"interpreter": {}, "max_tokens": 60}


def tool() -> Any:
    return tool_of(make_recipe(generate=INTERPRETER))


def revised(sampler: Revise, folder: Path, pool: CodingPool, others: dict[str, ScriptedPool] | None = None) -> Any:
    asked = {POLICY: answerer(pool), **{name: answerer(one, name) for name, one in (others or {}).items()}}
    partners = Partners(make_answers(folder), asked, tool=tool())
    (episode,) = drive(sampler, [make_problem(question="Q?")], partners, 5)
    return {node.id: node for node in episode.nodes}


@needs_sandbox
def test_a_chain_of_one_text(tmp_path: Path) -> None:
    """CoSC: program, output, verification with its verdict, and again; all of it is one row, outputs of weight 0."""
    (tmp_path / "check.j2").write_text("\nVerification:\n")
    generate = {
        **INTERPRETER, "stop": ["\nVerification:"], "max_turns": 3, "until": [{"verdict": "right"}], "max_tokens": 63,
        "steps": [{"part": "verdict", "form": "inline", "prompt": "check.j2", "stop": ["```python"]},
                  {"part": "attempt", "form": "inline", "when": {"verdict": "wrong"}}],
    }  # fmt: skip
    first, second = block("print(1)"), block("print(2)")
    pool = CodingPool(write=goes_on(
        first, (output("1"), "\nVerification: not run"), ("Verification:", " 1. Verdict: wrong\n" + second),
        ("Verdict: wrong", "\n" + second), (output("2"), "\nVerification: cut"),
    ))  # fmt: skip
    nodes = revised(revise_sampler(tmp_path, generate=generate), tmp_path / "run", pool)
    texts = {name: (node.text, outputs(node)) for name, node in nodes.items()}
    attempt = "p/0:verdict0/0"
    assert texts["p/0"] == (first + output("1"), [output("1")])
    assert texts["p/0:verdict0"] == ("\nVerification: 1. Verdict: wrong", [])
    assert texts[attempt] == ("\n" + second + output("2"), [output("2")])
    judged = {
        name: {"answer": Verdict(name, "p", "answer", Label.CORRECT if name == attempt else Label.WRONG)}
        for name, node in nodes.items()
        if node.is_answer
    }
    members = [Candidate(node, judged.get(name, {}), make_problem()) for name, node in nodes.items()]
    chain = next(one for one in with_chains(members) if one.sample.id == attempt)
    loss = {"attempt_wrong": 1, "verdict_false": 1}
    config = SpliceRow.model_validate({"kind": "splice", "given": 1, "loss": loss})
    (row,) = rows_of(chain, config, Draw(0, 1))
    assert [span for span in row.completion if not span.weight] == [Span(output("1"), 0), Span(output("2"), 0)]
    assert spell(row.completion).startswith(first + output("1") + "\nVerification: 1. Verdict: wrong\n" + second)


@needs_sandbox
def test_a_hint_can_open_a_block(tmp_path: Path) -> None:
    (tmp_path / "hint.j2").write_text("Wait.\n```python\n\n")
    steps = [{"part": "hint", "by": "template", "form": "inline", "prompt": "hint.j2"},
             {"part": "attempt", "form": "inline"}]  # fmt: skip
    pool = CodingPool(write=goes_on("I guess 3. ", ("```python\n", "print(4)\n```\n"), (output("4"), "It is 4.")))
    nodes = revised(revise_sampler(tmp_path, generate={**INTERPRETER, "steps": steps}), tmp_path / "run", pool)
    last = nodes["p/0:hint0/0"]
    assert last.text == "print(4)\n```\n" + output("4") + "It is 4." and outputs(last) == [output("4")]


@needs_sandbox
def test_the_policy_in_any_state_is_run_and_a_role_is_not(tmp_path: Path) -> None:
    (tmp_path / "again.j2").write_text("again")
    steps = [{"part": "critique", "by": "critic", "prompt": "again.j2"},
             {"part": "attempt", "state": "base", "prompt": "again.j2"}]  # fmt: skip
    sampler = revise_sampler(
        tmp_path, {"policy@base": "base", "critic@round_start": "critic", "critic": "critic"},
        generate={**INTERPRETER, "steps": steps}, roles={"critic": {"model": {"base": "models/other"}}},
    )  # fmt: skip

    def write(request: Request, draw: int) -> str:
        return "end" if request.prefix else block("print(5)") + "and on"

    own, others = CodingPool(write=write), {"policy@base": CodingPool(write=write)}
    (critic,) = [writer.name for writer in sampler.config.writers if writer.role == "critic"]
    nodes = revised(sampler, tmp_path / "run", own, {**others, critic: CodingPool(write=write)})
    assert nodes["p/0"].text == nodes["p/0:critique0/0"].text == block("print(5)") + output("5") + "end"
    assert nodes["p/0:critique0"].text == block("print(5)") + "and on" and not nodes["p/0:critique0"].inserted


@needs_sandbox
def test_evaluation_runs_blocks_too(tmp_path: Path) -> None:
    recipe = make_recipe(generate={**INTERPRETER, "max_tokens": 60})
    pool = CodingPool(write=goes_on(block("print(6)"), (output("6"), "6")))
    sampler = Sampler(recipe, answerer(pool), "m", make_answers(tmp_path))
    (sample,) = sampler.draw([make_problem()], recipe.generate.sampling(), 1, 0)
    assert sample.text == block("print(6)") + output("6") + "6" and sample.finish_reason == FinishReason.STOP


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"guide": {"kind": "answer"}}, "guide: its tries are drawn without generate.interpreter"),
        ({"calibrate": {"kind": "balance"}}, "calibrate: it draws without generate.interpreter"),
    ],
)
def test_what_draws_without_it_is_refused(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        make_recipe(generate=INTERPRETER, **sections)
