"""What prompts of revisions may show is known before anything runs, in every phase."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configs.errors import RecipeError
from flows.commands.check import check
from tasks.evaluate.correction.prompts import check_revisions
from tests.build.records import make_recipe
from tests.flows.micro import micro_recipe, write_recipe

PRIVILEGED = ("answer", "solution", "peer", "label")
TOLD = {"part": "attempt", "prompt": "told.j2", "stored_prompt": "revise"}
REVISE: dict[str, Any] = {"kind": "revise", "max_tokens": 8}
NUMBER = {"verifier": {"kind": "number"}}


@pytest.mark.parametrize("name", PRIVILEGED)
@pytest.mark.parametrize("place", ["evaluate.revise", "generate"])
def test_what_no_model_has_at_test_time_is_refused(tmp_path: Path, name: str, place: str) -> None:
    (tmp_path / "told.j2").write_text(f"It is {{{{ {name} }}}}.")
    here = place == "generate"
    revise = {} if here else {"steps": [TOLD]}
    generate = {**REVISE, "steps": [TOLD]} if here else {**REVISE}
    recipe = make_recipe(generate=generate, evaluate={**NUMBER, "revise": revise})
    with pytest.raises(RecipeError, match=rf"^{place}\.steps\.0\.prompt: it shows '{name}', which no model has"):
        check_revisions(recipe, tmp_path)
    check_revisions(make_recipe(generate=generate), tmp_path)  # and in training it may


def test_every_phase_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "told.j2").write_text("It is {{ answer }}.")
    late = {"name": "late", "rounds": 1, "set": {"generate": {**REVISE, "steps": [{**TOLD, "stored_prompt": None}]}}}
    recipe = make_recipe(phases=[{"name": "early", "rounds": 1}, late], generate={**REVISE}, rounds={})
    with pytest.raises(RecipeError, match="there is no stored_prompt"):
        check_revisions(recipe, tmp_path)


def test_the_command_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    sound = write_recipe(tmp_path, micro_recipe(generate={**REVISE, "steps": [TOLD]}))
    with pytest.raises(RecipeError, match=r"told\.j2"):
        check(sound)
    (tmp_path / "told.j2").write_text("It is {{ answer }}.")
    check(sound)
    assert "sound (micro, 2 rounds)" in capsys.readouterr().out
    told = micro_recipe(generate={**REVISE, "steps": [TOLD]}, evaluate={**NUMBER, "revise": {}})
    with pytest.raises(RecipeError, match="which no model has at test time"):
        check(write_recipe(tmp_path, told))
