"""Hostile programs are contained and judged wrong: none ends, slows, fools or outlives the judge.

Each file of `hostile/` is a program that should add two numbers. Most would do so if their attack worked, so that
`wrong` says that it did not.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.verifiers.code import CodeVerifier
from tasks.core.records import Verdict
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tests.build.records import make_problem, make_sample
from tests.infra.sandbox.sandboxes import NEEDS_SANDBOX, sandboxed_processes

pytestmark = [
    pytest.mark.usefixtures("sandboxes_alone"),
    pytest.mark.slow,
    NEEDS_SANDBOX,
]

PROGRAMS = sorted(Path(__file__).with_name("hostile").glob("*.py"))
GOLD = json.dumps(
    {
        "prompt": 'def add(a, b):\n    """The sum of two numbers."""\n',
        "test": "SECRET = 'KNOWN_ONLY_TO_' 'THE_TESTS'\n\ndef check(candidate):\n    assert candidate(2, 3) == 5\n"
        "    assert candidate(-1, 1) == 0\n",
        "entry_point": "add",
    }
)
RIGHT = "def add(a, b):\n    return a + b\n"
# These must be ended by the clock.
TOO_SLOW = {"fork_bomb", "infinite_loop", "native_loop", "sleep"}
NEIGHBOURS: set[int] = set()
"""processes of other sandboxes that ran before"""
CODE = CodeVerifier(layout="humaneval", extract="whole", limit_seconds=3, memory_mib=256)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Verdict]]:
    """All hostile programs through the judge stage at once, a right program before and behind each of them."""
    NEIGHBOURS.update(sandboxed_processes())
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "key").write_text("secret", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.MonkeyPatch.context() as patch:
        server.setblocking(False)
        patch.setenv("SELFLOOP_SECRET", "secret")
        patch.setenv("HOME", str(folder))
        texts = [RIGHT]
        for path in PROGRAMS:
            text = path.read_text(encoding="utf-8").replace("PORT", str(server.getsockname()[1]))
            texts += [text.replace("SECRET_FOLDER", str(folder)), RIGHT]
        samples = [make_sample(text=text, index=index) for index, text in enumerate(texts)]
        judge = AnswerJudge(verifier=CODE)
        found = list(judge_samples(samples, [judge], World({"p": make_problem(gold=GOLD)})))
        with pytest.raises(BlockingIOError):
            server.accept()
    assert [path.name for path in folder.iterdir()] == ["key"]
    assert [verdict.label for verdict in found[::2]] == ["correct"] * (len(PROGRAMS) + 1)
    yield {path.stem: verdict for path, verdict in zip(PROGRAMS, found[1::2], strict=True)}


@pytest.mark.parametrize("name", [path.stem for path in PROGRAMS])
def test_a_hostile_program_is_wrong(name: str, verdicts: dict[str, Verdict]) -> None:
    verdict = verdicts[name]
    assert (verdict.label, verdict.score) == ("wrong", 0.0), verdict.note
    assert "longer than" in (verdict.note or "") or name not in TOO_SLOW, verdict.note


def test_no_process_of_a_program_is_left(verdicts: dict[str, Verdict]) -> None:
    watched = set(sandboxed_processes()) - NEIGHBOURS
    deadline = time.monotonic() + 10
    while (left := watched & set(sandboxed_processes())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == set()
