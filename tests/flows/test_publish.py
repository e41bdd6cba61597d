"""`selfloop publish`: folders that others' libraries read, and a server of the hub's upload interface. Slow."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.flows.micro import selfloop
from tests.servers.hub import TOKEN, Hub, hub_server

pytestmark = pytest.mark.slow(minutes=3)

STORE = Path(__file__).parents[1] / "fixtures" / "store_at_526152f" / "store.tar.gz"
EXPERIMENT = "old"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder, whose store holds a finished experiment."""
    place = tmp_path_factory.mktemp("publish")
    with tarfile.open(STORE) as archive:
        archive.extractall(place / "home" / "store", filter="data")
    return place


def publish(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return selfloop("publish", EXPERIMENT, *arguments, cwd=folder, **variables)


def told(done: subprocess.CompletedProcess[str]) -> str:
    """The one message of a command that failed."""
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def written(folder: Path) -> Path:
    done = publish(folder, "--to", "out", "--license", "apache-2.0", "--data-license", "cc-by-4.0")
    assert done.returncode == 0, done.stderr
    return folder / "out"


def test_the_libraries_of_the_hub_read_both_cards_and_the_rows(written: Path) -> None:
    from datasets import load_dataset
    from huggingface_hub import DatasetCard, ModelCard

    card = ModelCard.load(written / "model" / "README.md")
    assert card.data.license == "apache-2.0" and card.data.library_name == "transformers"
    results = {result.dataset_split: result.metric_value for result in card.data.eval_results or ()}
    assert set(results) == {"report", "select"}
    assert "95 % Wilson" in card.text and "| round-1 |" in card.text
    assert DatasetCard.load(written / "data" / "README.md").data.license == "cc-by-4.0"
    rows = load_dataset(str(written / "data"), "examples", split="train", cache_dir=str(written.parent / "cache"))
    assert rows.num_rows > 0 and rows[0]["completion"][0]["role"] == "assistant"


def test_the_model_is_loaded_by_transformers_and_every_file_has_its_digest(written: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    AutoModelForCausalLM.from_pretrained(written / "model")
    assert AutoTokenizer.from_pretrained(written / "model").chat_template
    for part in ("model", "data"):
        note = json.loads((written / part / "selfloop.json").read_text())
        found = {path.relative_to(written / part).as_posix() for path in (written / part).rglob("*") if path.is_file()}
        assert set(note["files"]) == found - {"selfloop.json"}
        for name, digest in note["files"].items():
            assert hashlib.sha256((written / part / name).read_bytes()).hexdigest() == digest


def test_no_path_of_this_machine_and_no_held_out_problem_is_in_it(written: Path, folder: Path) -> None:
    from tasks.core.records import Problem
    from tasks.core.tables import read_records
    from tasks.publish.rows import KeptExample

    texts = [path.read_text() for path in written.rglob("*") if path.suffix in (".md", ".yaml", ".json")]
    assert not any(str(folder) in text for text in texts)
    problems = next((folder / "home" / "store").glob("*/round-000/problems/*"))
    held = {row.messages[-1].content for suite in ("select", "report")
            for row in read_records(problems / f"{suite}.parquet", Problem)}  # fmt: skip
    shown = {row.prompt[-1].content for path in written.rglob("*.parquet") for row in read_records(path, KeptExample)}
    assert held and shown and not held & shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--to", "new"), "publishing needs a licence"),
        (("--to", "new", "--license", "Apache 2"), "'Apache 2' is no id of a licence"),
        (("--to", "out", "--license", "mit"), "out is there already"),
        (("--to", "home", "--license", "mit", "--overwrite"), "home holds other things"),
        (("--to", "hub:alone", "--license", "mit"), "'alone' names no repository of the hub"),
        (("--to", "hub:me/a..b", "--license", "mit"), "'me/a..b' names no repository of the hub"),
    ],
)
def test_what_cannot_be_published_is_one_message(
    folder: Path, written: Path, arguments: tuple[str, ...], words: str
) -> None:
    message = told(publish(folder, *arguments))
    assert words in message and "fix:" in message
    assert not (folder / "new").exists()


@pytest.fixture(scope="module")
def hub() -> Any:
    with hub_server() as server:
        yield server


def to_hub(folder: Path, hub: Hub, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    settings = {"HF_ENDPOINT": hub.address, "HF_TOKEN": TOKEN, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(folder / "hf")}
    licence = () if "--license" in arguments else ("--license", "mit")
    return publish(folder, *licence, *arguments, **{**settings, **variables})


def test_a_model_and_a_data_set_are_on_the_hub_as_they_were_in_the_folder(
    folder: Path, hub: Hub, written: Path
) -> None:
    done = to_hub(folder, hub, "--to", "hub:me/mine", "--data-license", "cc-by-4.0")
    assert done.returncode == 0, done.stderr
    assert f"{hub.address}/datasets/me/mine" in done.stdout and hub.private == {
        "dataset/me/mine": True,
        "model/me/mine": True,
    }
    for kind, part in (("model", "model"), ("dataset", "data")):
        files = hub.files[f"{kind}/me/mine"]
        local = {
            path.relative_to(written / part).as_posix(): path for path in (written / part).rglob("*") if path.is_file()
        }
        assert set(files) - {".gitattributes"} == set(local)
        for name in ("README.md", "selfloop.json"):
            local.pop(name)
        assert all(files[name] == path.read_bytes() for name, path in local.items())
    assert b"- me/mine" in hub.files["model/me/mine"]["README.md"]


def test_files_on_the_hub_are_replaced_only_on_demand(folder: Path, hub: Hub) -> None:
    assert to_hub(folder, hub, "--to", "hub:me/twice").returncode == 0
    hub.files["model/me/twice"]["stray.bin"] = b"x"
    assert "twice is on the hub already" in told(to_hub(folder, hub, "--to", "hub:me/twice"))
    assert "stray.bin" in hub.files["model/me/twice"]
    assert to_hub(folder, hub, "--to", "hub:me/twice", "--overwrite").returncode == 0
    assert "stray.bin" not in hub.files["model/me/twice"]


def test_an_upload_that_broke_off_goes_on_when_it_is_repeated(folder: Path, hub: Hub) -> None:
    hub.broken = 1000
    assert "(503): busy" in told(to_hub(folder, hub, "--to", "hub:me/later"))
    hub.broken = 0
    assert to_hub(folder, hub, "--to", "hub:me/later").returncode == 0


@pytest.mark.parametrize(
    ("name", "variables", "words", "fix"),
    [
        ("hub:you/mine", {}, "refuses the data set you/mine (403): You don't have the rights", "may write to you"),
        ("hub:me/new", {"HF_TOKEN": "hf_wrong"}, "(401): Invalid username or password", "HF_TOKEN"),
        ("hub:me/new", {"HF_TOKEN": ""}, "(401)", "hf auth login"),
        ("hub:me/new", {"HF_ENDPOINT": "http://127.0.0.1:9"}, "cannot be reached", "HF_ENDPOINT"),
        ("hub:me/new", {"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE forbids", "unset HF_HUB_OFFLINE"),
    ],
)
def test_a_hub_that_refuses_is_one_message_with_its_fix(
    folder: Path, hub: Hub, name: str, variables: dict[str, str], words: str, fix: str
) -> None:
    message = told(to_hub(folder, hub, "--to", name, **variables))
    assert words in message and fix in message.partition("fix:")[2]
    assert not any(key.endswith("/new") for key in hub.files)


def test_a_licence_that_the_hub_does_not_know_is_its_message(folder: Path, hub: Hub) -> None:
    message = told(to_hub(folder, hub, "--to", "hub:me/odd", "--license", "mitt"))
    assert '"license" must be one of' in message and "fix:" in message
