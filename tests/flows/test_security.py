"""Secrets are written nowhere; recipes, templates, model folders and model text cannot run code or leave their place.

That report pages escape model text is checked in `tests/tasks/report/test_html.py`, and which keys a store refuses in
`tests/infra/store/test_contract.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError, ProblemsError, RecipeError, StoreError
from configs.schema.load import load_recipe
from configs.schema.row_problems import Mapping
from infra.engines.models.weights import check_model_folder
from tasks.core.prompts import render
from tasks.sample.problems.mapping import map_rows
from tests.build.benches import make_ledger
from tests.flows.micro import micro_recipe, selfloop, write_recipe

SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIAPLANTED0000ACCESS",
    "AWS_SECRET_ACCESS_KEY": "planted/aws/secret/0001",
    "AWS_SESSION_TOKEN": "planted-session-token-0002",
    "SELFLOOP_ENDPOINT_KEY": "sk-planted-endpoint-0003",
    "HF_TOKEN": "hf_plantedToken0004",
    "OPENAI_API_KEY": "sk-planted-openai-0005",
    "MLFLOW_TRACKING_PASSWORD": "planted-mlflow-0006",
}
PASSWORD = "planted-database-0007"

ESCAPES = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('touch owned').read() }}",
    "{{ lipsum.__globals__['os'].system('touch owned') }}",
    "{% set x = question.__class__ %}{{ x.__base__.__subclasses__() }}",
]
"""templates that would reach the interpreter in an environment that is not a sandbox"""

EVIL = """
from pathlib import Path
Path({path!r}).write_text("code of the model ran")
class EvilConfig: pass
class EvilModel: pass
"""


def files_with(folder: Path, secret: str) -> list[str]:
    """Files below a folder that hold a text."""
    return [str(path) for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


@pytest.mark.slow
def test_no_secret_of_the_environment_is_written_or_shown(tmp_path: Path) -> None:
    """Store, work folder, reports, the databases of Prefect's local server and of MLflow, and what is printed."""
    recipe = write_recipe(tmp_path, micro_recipe(rounds={"max": 1}))
    address = f"postgresql://selfloop:{PASSWORD}@127.0.0.1:9/mlflow"
    first = selfloop("run", recipe, cwd=tmp_path, **SECRETS, MLFLOW_TRACKING_URI=address)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "MLflow" in first.stderr, "the database that cannot be reached should be told"
    again = selfloop("run", recipe, cwd=tmp_path, **SECRETS)
    assert again.returncode == 0, again.stdout + again.stderr
    for ended in (first, again):
        (tmp_path / f"shown-{id(ended)}.txt").write_text(ended.stdout + ended.stderr)
    written = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert {"mlflow.db", "record.json", "micro.html"} <= written
    assert any(name.startswith("prefect") and name.endswith(".db") for name in written), sorted(written)
    found = {name: files_with(tmp_path, secret) for name, secret in {**SECRETS, "password": PASSWORD}.items()}
    assert not any(found.values()), found


@pytest.mark.slow
def test_code_of_a_model_does_not_run_unless_the_recipe_says_so(tmp_path: Path, prefect_url: str) -> None:
    model, mark = tmp_path / "model", tmp_path / "owned"
    model.mkdir()
    code = {"AutoConfig": "evil.EvilConfig", "AutoModelForCausalLM": "evil.EvilModel"}
    (model / "config.json").write_text(json.dumps({"model_type": "evil", "auto_map": code}))
    (model / "evil.py").write_text(EVIL.format(path=str(mark)))
    (model / "tokenizer_config.json").write_text(json.dumps({"auto_map": {"AutoTokenizer": ["evil.EvilModel", None]}}))
    (model / "model.safetensors").write_text("{}")
    recipe = write_recipe(tmp_path, micro_recipe(model={"base": str(model)}, rounds={"max": 1}))
    done = selfloop("run", recipe, cwd=tmp_path, PREFECT_API_URL=prefect_url)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "trust_remote_code" in done.stderr
    assert not mark.exists()


def test_a_recipe_that_asks_for_python_objects_is_refused(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"name: !!python/object/apply:os.system ['touch {tmp_path / 'owned'}']\n")
    with pytest.raises(RecipeError, match=r"recipe.yaml, line 1: not YAML: could not determine a constructor"):
        load_recipe(recipe)
    with pytest.raises(RecipeError, match="--set seed=!!python"):
        load_recipe(write_recipe(tmp_path, micro_recipe()), [f"seed=!!python/name:os.system {tmp_path}"])
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("name", ["../elsewhere", "a/b", "/etc", ".."])
def test_an_experiment_cannot_be_named_out_of_the_store(tmp_path: Path, name: str) -> None:
    with pytest.raises(RecipeError, match="cannot name a folder"):
        load_recipe(write_recipe(tmp_path, micro_recipe(name=name)))


@pytest.mark.parametrize("sha256", [None, "0" * 64])
@pytest.mark.parametrize("key", ["../outside.jsonl", "data/../../outside.jsonl", "/outside.jsonl", ".selfloop/lock"])
def test_a_source_in_the_store_cannot_leave_it(tmp_path: Path, key: str, sha256: str | None) -> None:
    (tmp_path / "outside.jsonl").write_text('{"question": "1+1=", "answer": "2"}\n')
    ledger = make_ledger(tmp_path)
    with pytest.raises(StoreError, match="is no key for the store"):
        ledger.fetch_object(key, sha256)
    assert not [path for path in (tmp_path / "work").rglob("*") if path.is_file()]


@pytest.mark.parametrize("template", ESCAPES)
def test_a_template_cannot_leave_the_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecipeError, match="a prompt cannot be filled in"):
        render(template, question="1+1=")
    mapping = Mapping.model_validate({"prompt": template})
    row: dict[str, Any] = {"question": "1+1="}
    with pytest.raises(ProblemsError, match=r"mapping.prompt cannot be filled in"):
        next(map_rows([row], mapping, "file.jsonl"))
    assert list(tmp_path.iterdir()) == []


def test_text_of_a_row_is_never_read_as_a_template() -> None:
    mapping = Mapping.model_validate({"prompt": "{{ question }}"})
    problem = next(map_rows([{"question": "{{ 7 * 7 }}"}], mapping, "file.jsonl"))
    assert problem.messages[0].content == "{{ 7 * 7 }}"


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.ckpt", "pytorch_model-00001-of-00002.bin"])
def test_pickled_weights_are_refused(tmp_path: Path, name: str) -> None:
    for file in ("config.json", "tokenizer.json", name):
        (tmp_path / file).write_text("{}")
    with pytest.raises(EngineError, match=r"a format that runs code when it is read") as caught:
        check_model_folder(tmp_path)
    assert str(tmp_path) in caught.value.message
    assert "weights as safetensors" in (caught.value.fix or "")
