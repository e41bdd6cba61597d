"""`selfloop serve`: the champion answers, a promotion is followed, and nothing is left. Slow: real servers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.micro import SELFLOOP, environment, micro_recipe, selfloop, wait_until_gone, write_recipe
from tests.servers import free_port

pytestmark = pytest.mark.slow(minutes=4)

STORE = Path(__file__).parents[1] / "fixtures" / "store_at_526152f" / "store.tar.gz"
EXPERIMENT = "old"
PATIENCE = 900.0
"""seconds; loading vLLM on a busy machine takes minutes"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder, whose store holds a finished experiment of two rounds."""
    with tarfile.open(STORE) as archive:
        archive.extractall(tmp_path / "home" / "store", filter="data")
    return tmp_path


class Served:
    """A `selfloop serve` that runs, with what it prints."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder, self.port = folder, free_port()
        self._said = (folder / "said.txt").open("w+")
        command = [str(SELFLOOP), "serve", EXPERIMENT, "--port", str(self.port), "--watch-seconds", "0.5", *arguments]
        env = environment(folder / "home", SELFLOOP_TEST_RUN=str(folder), CUDA_VISIBLE_DEVICES="")
        self.process = subprocess.Popen(command, cwd=folder, env=env, stdout=self._said, stderr=self._said)

    @property
    def said(self) -> str:
        return (self.folder / "said.txt").read_text()

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while words not in self.said:
            assert self.process.poll() is None and time.monotonic() < deadline, self.said + self.log
            time.sleep(0.2)

    @property
    def log(self) -> str:
        path = self.folder / "home" / f"serve-{EXPERIMENT}.log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def ask(self) -> dict[str, Any]:
        body = {
            "model": EXPERIMENT,
            "messages": [{"role": "user", "content": "4+3="}],
            "max_tokens": 4,
            "temperature": 0,
        }
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/chat/completions", json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            return dict(json.load(reply))

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        status = self.process.wait(60)
        assert wait_until_gone(self.folder, 10) == []
        with socket.create_server(("127.0.0.1", self.port)):
            return status


@pytest.fixture
def start(folder: Path) -> Iterator[Any]:
    running: list[Served] = []

    def begin(*arguments: str) -> Served:
        running.append(Served(folder, *arguments))
        return running[-1]

    yield begin
    for served in running:
        served.process.kill()
        served.process.wait()


def greedy(folder: Path, model: str) -> str:
    """What a model writes, by the library alone."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    place = folder / f"taken-{model}"
    done = selfloop("export", EXPERIMENT, "--to", str(place), "--merged", cwd=folder)
    assert done.returncode == 0 and model in done.stdout, done.stderr
    tokenizer, loaded = AutoTokenizer.from_pretrained(place), AutoModelForCausalLM.from_pretrained(place)
    chat = [{"role": "user", "content": "4+3="}]
    asked = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    written = loaded.generate(**asked, max_new_tokens=4, do_sample=False, tokenizer=tokenizer)
    return str(tokenizer.decode(written[0, asked["input_ids"].shape[1] :], skip_special_tokens=True))


def champion(folder: Path) -> tuple[str, str]:
    """Name of the champion, and of another round's model."""
    entries = sorted((folder / "home" / "store" / EXPERIMENT / "reports").glob("*.json"))
    name = json.loads(entries[-1].read_text())["report"]["champion"]
    return name, next(f"round-{number}" for number in (1, 2) if name != f"round-{number}")


def test_the_champion_answers_and_a_promotion_is_followed(folder: Path, start: Any) -> None:
    first, second = champion(folder)
    expected = greedy(folder, first)
    served = start("--engine", "transformers")
    served.wait_for(f"{first} of {EXPERIMENT}: http://127.0.0.1:{served.port}/v1")
    assert served.ask()["choices"][0]["message"]["content"] == expected
    assert selfloop("promote", EXPERIMENT, second, cwd=folder).returncode == 0
    served.wait_for(f"{second} of {EXPERIMENT}: http")
    assert f"{second} is the champion now" in served.said
    shutil.rmtree(folder / f"taken-{first}")
    assert served.ask()["choices"][0]["message"]["content"] == greedy(folder, second)
    assert served.end(signal.SIGINT) == 0
    assert "the server has ended" in served.said and "Traceback" not in served.said
    assert not list((folder / "home" / "work").glob("serve-*"))


def test_a_new_champion_that_is_damaged_leaves_the_old_one_serving(folder: Path, start: Any) -> None:
    _, second = champion(folder)
    served = start("--engine", "transformers")
    served.wait_for("/v1, model")
    number = int(second.removeprefix("round-"))
    for path in (folder / "home" / "store" / EXPERIMENT).glob(f"round-00{number}/train/*/*/*.safetensors"):
        path.write_bytes(b"x" * path.stat().st_size)
    assert selfloop("promote", EXPERIMENT, second, cwd=folder).returncode == 0
    served.wait_for("warning: the model before it serves on")
    assert served.ask()["choices"] and served.said.count("warning:") == 1
    assert served.end(signal.SIGTERM) == 143


def test_a_server_that_is_killed_takes_its_children_along(folder: Path, start: Any) -> None:
    served = start("--engine", "transformers")
    served.wait_for("/v1, model")
    os.kill(served.process.pid, signal.SIGKILL)
    served.process.wait(60)
    assert wait_until_gone(folder, 20) == []


@pytest.mark.vllm
def test_vllm_serves_the_champion_by_the_name_of_the_experiment(tmp_path: Path, start: Any, prefect_url: str) -> None:
    """Its model has heads of 32, for vLLM's kernels for CPUs know none of 12, which the stored experiment's have."""
    pytest.importorskip("vllm", reason="vLLM is not installed")
    folder, model = tmp_path, {**micro_recipe()["model"], "hidden_size": 64}
    shutil.rmtree(folder / "home")
    write_recipe(folder, micro_recipe(name=EXPERIMENT, model=model, rounds={"max": 1}))
    # A model this small may keep nothing in round 1: its seed is the champion.
    selfloop("run", "recipe.yaml", cwd=folder, PREFECT_API_URL=prefect_url)
    entry = sorted((folder / "home" / "store" / EXPERIMENT / "reports").glob("*.json"))[-1]
    first = json.loads(entry.read_text())["report"]["champion"]
    served = start("--engine", "vllm")
    served.wait_for(f"{first} of {EXPERIMENT}: http")
    answer = served.ask()
    assert answer["model"] == EXPERIMENT and answer["choices"][0]["message"]["content"] == greedy(folder, first)
    assert served.end(signal.SIGINT) == 0


def test_what_cannot_be_served_is_one_message(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = selfloop("serve", EXPERIMENT, "--port", port, cwd=folder)
        assert done.returncode == 2 and f"nobody can listen on 127.0.0.1, port {port}" in done.stderr
    done = selfloop("serve", "unknown", cwd=folder)
    assert done.returncode == 2 and "holds no rounds of 'unknown'" in done.stderr
    nothing = folder / "python"
    nothing.write_text("#!/bin/sh\n")
    nothing.chmod(0o755)
    done = selfloop("serve", EXPERIMENT, "--port", str(free_port()), cwd=folder, SELFLOOP_ENGINE_PYTHON=str(nothing))
    assert done.returncode == 2 and "cannot run a server" in done.stderr and "pip install" in done.stderr
