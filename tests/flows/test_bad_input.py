"""Bad input: one clear message that names the thing and the fix, a non-zero exit status, and no traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from tests.flows.micro import ROOT, micro_recipe, selfloop, write_recipe

pytestmark = pytest.mark.slow(minutes=3)
GOOD = [{"question": f"{a}+{b}=", "answer": str(a + b)} for a in range(1, 5) for b in range(1, 5)]
MAPPING = {"answer": {"field": "answer"}}


def jsonl(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def file_problems(folder: Path) -> dict:
    """Three sets of good rows in files."""
    parts = {"train": GOOD[:8], "select": GOOD[8:12], "report": GOOD[12:]}
    return {
        name: {"kind": "file", "path": str(jsonl(folder / f"{name}.jsonl", rows)), "mapping": MAPPING}
        for name, rows in parts.items()
    }


def recipe_of(problems: dict) -> dict:
    """A recipe on problems of one's own, without a warm start."""
    recipe = micro_recipe(problems=problems, warm_start=None)
    recipe["train"]["start_from"] = "base"
    return recipe


def refuse(folder: Path, recipe: dict, *messages: str, status: int = 2, url: str = "", **variables: str) -> str:
    """The run ends with `status` and names every message, without a traceback; returns what was shown."""
    if url:
        variables["PREFECT_API_URL"] = url
    done = selfloop("run", write_recipe(folder, recipe), cwd=folder, **variables)
    shown = done.stdout + done.stderr
    assert done.returncode == status, shown
    assert "Traceback" not in shown
    assert "error: " in done.stderr
    assert "fix: " in done.stderr
    for message in messages:
        assert message in done.stderr, shown
    return shown


def spoil(folder: Path, name: str, content: bytes) -> dict:
    problems = file_problems(folder)
    path = folder / name
    path.write_bytes(content)
    problems["train"]["path"] = str(path)
    return recipe_of(problems)


def test_a_missing_file(tmp_path: Path, prefect_url: str) -> None:
    problems = file_problems(tmp_path)
    problems["train"]["path"] = "nowhere.jsonl"
    refuse(tmp_path, recipe_of(problems), "there is no file nowhere.jsonl", url=prefect_url)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.jsonl", b"", "empty.jsonl"),
        ("latin.jsonl", b'{"question": "\xe9", "answer": "1"}\n', "UTF-8"),
        ("latin.csv", b"question,answer\n\xe9,1\n", "latin.csv, row 0 (line 2): not UTF-8"),
        ("twice.csv", b"question,answer\n1+1=,2\nquestion,answer\n", "twice.csv, row 1 (line 3): the names of the"),
        ("broken.jsonl", b'{"question": "1+1=", "answer"\n', "line 1"),
        ("cut.parquet", b"PAR1 and then nothing", "cut.parquet"),
    ],
)
def test_a_damaged_file(tmp_path: Path, prefect_url: str, name: str, content: bytes, message: str) -> None:
    refuse(tmp_path, spoil(tmp_path, name, content), message, url=prefect_url)


def test_a_problem_without_an_answer(tmp_path: Path, prefect_url: str) -> None:
    problems = file_problems(tmp_path)
    rows = [*GOOD[:7], {"question": "9+9=", "answer": None}]
    problems["train"]["path"] = str(jsonl(tmp_path / "gaps.jsonl", rows))
    refuse(tmp_path, recipe_of(problems), "9+9=", "has no gold answer", url=prefect_url)


def test_duplicate_ids(tmp_path: Path, prefect_url: str) -> None:
    problems = file_problems(tmp_path)
    rows = [{**row, "name": "same"} for row in GOOD[:8]]
    problems["train"] |= {"path": str(jsonl(tmp_path / "ids.jsonl", rows)), "mapping": {**MAPPING, "id": "name"}}
    refuse(tmp_path, recipe_of(problems), "both have the id 'same'", url=prefect_url)


def test_a_problem_in_two_sets(tmp_path: Path, prefect_url: str) -> None:
    problems = file_problems(tmp_path)
    problems["report"]["path"] = problems["train"]["path"]
    refuse(tmp_path, recipe_of(problems), "8 problems are in both train and report", url=prefect_url)


def test_a_prompt_longer_than_the_context_is_counted(tmp_path: Path, prefect_url: str) -> None:
    """It ends no stage; the run goes on, and stops where this model has nothing to train on."""
    problems = file_problems(tmp_path)
    rows = [*GOOD[8:11], {"question": "1+" * 60 + "1=", "answer": "61"}]
    problems["select"]["path"] = str(jsonl(tmp_path / "long.jsonl", rows))
    shown = refuse(tmp_path, recipe_of(problems), "0 of 32 samples were kept", status=3, url=prefect_url)
    assert "answers are missing: too_long" in shown and "tokens, and the context of model" in shown


@pytest.mark.parametrize("content", [{}, {"config.json": "{}"}], ids=["empty folder", "no weights"])
def test_a_model_folder_without_weights(tmp_path: Path, prefect_url: str, content: dict) -> None:
    (tmp_path / "model").mkdir()
    for name, text in content.items():
        (tmp_path / "model" / name).write_text(text)
    recipe = micro_recipe(model={"base": "model"})
    refuse(tmp_path, recipe, "the model folder", str(tmp_path / "model"), url=prefect_url)


def test_a_tokenizer_without_a_chat_template(tmp_path: Path, prefect_url: str) -> None:
    first = selfloop(
        "run", write_recipe(tmp_path, micro_recipe(rounds={"max": 1})), cwd=tmp_path, PREFECT_API_URL=prefect_url
    )
    assert first.returncode == 0, first.stderr
    published = next((tmp_path / "home/store/micro/round-000/base").glob("*/model"))
    bare = tmp_path / "bare"
    bare.mkdir()
    for file in published.iterdir():
        if file.suffix != ".jinja":
            (bare / file.name).write_bytes(file.read_bytes())
    settings = json.loads((bare / "tokenizer_config.json").read_text())
    settings.pop("chat_template", None)
    (bare / "tokenizer_config.json").write_text(json.dumps(settings))
    recipe = micro_recipe(name="bare", model={"base": "bare"}, warm_start=None)
    recipe["train"]["start_from"] = "base"
    refuse(tmp_path, recipe, "chat template", "model.chat_template", url=prefect_url)


def test_no_sample_kept(tmp_path: Path, prefect_url: str) -> None:
    recipe = recipe_of(micro_recipe()["problems"])
    recipe["generate"]["num_samples"] = 1
    recipe["select"] = [{"kind": "length", "min_tokens": 1000}]
    shown = refuse(
        tmp_path, recipe, "round 1 stopped: 0 of 24 samples were kept", "too_short 24", status=3, url=prefect_url
    )
    assert "stopped" in shown


def test_a_store_that_cannot_be_written(tmp_path: Path, prefect_url: str) -> None:
    (tmp_path / "file").write_text("in the way")
    refuse(
        tmp_path,
        micro_recipe(),
        str(tmp_path / "file"),
        url=prefect_url,
        SELFLOOP_STORE=str(tmp_path / "file" / "store"),
    )


def test_a_damaged_record(tmp_path: Path, prefect_url: str) -> None:
    recipe = micro_recipe(rounds={"max": 1})
    assert selfloop("run", write_recipe(tmp_path, recipe), cwd=tmp_path, PREFECT_API_URL=prefect_url).returncode == 0
    record = next((tmp_path / "home/store/micro/round-000/base").glob("*/record.json"))
    record.write_text(record.read_text().replace('"seconds"', '"Seconds"'))
    done = selfloop("run", write_recipe(tmp_path, recipe), cwd=tmp_path, PREFECT_API_URL=prefect_url)
    assert done.returncode == 0, done.stderr
    for words in ("round-000/base", "does not match its own digest", "this step is computed anew"):
        assert words in done.stderr


def test_a_second_run_says_who_holds_the_experiment(tmp_path: Path, prefect_url: str) -> None:
    from infra.store.folder import FolderStore
    from infra.store.lease.lease import Lease

    with Lease(FolderStore(tmp_path / "home" / "store"), "micro/lease.json", "somebody@else"):
        refuse(tmp_path, micro_recipe(), "somebody@else", str(os.getpid()), url=prefect_url)


def test_an_engine_that_dies(tmp_path: Path, prefect_url: str) -> None:
    engine = tmp_path / "python"
    engine.write_text("#!/bin/sh\necho this interpreter is broken >&2\nexit 7\n")
    engine.chmod(0o755)
    recipe = write_recipe(tmp_path, micro_recipe())
    variables = {"SELFLOOP_ENGINE_PYTHON": str(engine), "PREFECT_API_URL": prefect_url}
    for command in (["run", recipe], ["stage", "generate", recipe, "--out", "samples.parquet"]):
        done = selfloop(*command, cwd=tmp_path, **variables)
        assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
        told = done.stderr.partition("error: ")[2]
        (log,) = re.findall(r"exit status 7; last lines of (\S+):", told)
        assert "this interpreter is broken" in Path(log).read_text()
        assert "fix: run the same command again" in told
        if command[0] == "stage":
            shutil.rmtree(next(folder for folder in Path(log).parents if folder.name.startswith("selfloop-stage-")))


def test_a_full_disk(tmp_path: Path, prefect_url: str) -> None:
    """RLIMIT_FSIZE refuses large writes the way a full disk does."""
    recipe = write_recipe(tmp_path, micro_recipe())
    script = tmp_path / "limited.sh"
    script.write_text(f'ulimit -f 64\nexec "{ROOT}/.venv/bin/selfloop" run {recipe}\n')
    import subprocess

    from tests.flows.micro import environment

    done = subprocess.run(
        ["bash", str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
        env=environment(tmp_path / "home", PREFECT_API_URL=prefect_url, MLFLOW_TRACKING_URI="http://127.0.0.1:9"),
    )  # fmt: skip
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "fix: " in done.stderr


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    done = selfloop("check", "nowhere.yaml", "--debug", cwd=tmp_path)
    assert done.returncode != 0
    assert "Traceback" in done.stderr
