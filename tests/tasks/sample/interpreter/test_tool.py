"""Texts with an interpreter: what is run, what stands in the text, what is counted, and what a kill costs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from configs.errors import UserError
from configs.schema.drawing import Sampling
from configs.schema.interpreter import Interpreter
from infra.engines.questions import MissingReason, Request
from tasks.core.answer_folder import read_shard_records
from tasks.core.answers import Answers
from tasks.core.records import FinishReason, Inserted, Sample
from tasks.sample.draws.independent import Draws, Independent
from tasks.sample.drive import Partners, drive
from tasks.sample.episode import POLICY
from tasks.sample.interpreter.tool import STOPS_PER_CALL, Tool
from tests.build.records import make_problem
from tests.infra.sandbox.sandboxes import needs_sandbox, replace_bwrap
from tests.tasks.core.scripted import Killed, answerer, make_answers
from tests.tasks.sample.interpreter.script import SETTINGS, CodingPool, block, draw, goes_on, output, outputs

pytestmark = pytest.mark.usefixtures("sandboxes_alone")
ASK = "First. " + block("print(6 * 7)")


def counted(folder: Path, pool: CodingPool) -> tuple[list[Sample], Answers]:
    """One draw, and the answers with what was missing."""
    answers = make_answers(folder)
    partners = Partners(answers, {POLICY: answerer(pool)}, tool=Tool(Interpreter()))
    episodes = drive(Independent([Draws(SETTINGS, 1)], "m"), [make_problem()], partners, 5)
    return [node for episode in episodes for node in episode.nodes], answers


@needs_sandbox
def test_a_block_is_run_and_the_text_goes_on_behind_its_output(tmp_path: Path) -> None:
    pool = CodingPool(write=goes_on(ASK, (output("42"), "So it is 42.")))
    (sample,) = draw(tmp_path, pool)
    assert sample.text == ASK + output("42") + "So it is 42."
    assert sample.inserted == (Inserted(len(ASK), len(ASK + output("42"))),) and outputs(sample) == [output("42")]
    assert (sample.num_tokens, sample.logprob) == (len(ASK) + len("So it is 42."), -3.0), "of what the model wrote"
    assert sample.finish_reason == FinishReason.STOP
    (rest,) = pool.shards[1].requests
    assert (rest.prefix, rest.max_tokens) == (ASK + output("42"), SETTINGS.max_tokens - len(ASK))


@needs_sandbox
def test_every_block_starts_anew_and_says_why_it_fails(tmp_path: Path) -> None:
    second = block("print(x)")
    pool = CodingPool(write=goes_on(block("x = 1"), (output(""), second)))
    (sample,) = draw(tmp_path, pool)
    assert outputs(sample) == [output(""), output("NameError: name 'x' is not defined")]


@needs_sandbox
def test_after_max_calls_it_goes_on_without(tmp_path: Path) -> None:
    again = "Again. " + block("print(6 * 7)")
    pool = CodingPool(write=goes_on(ASK, (output("42"), again)))
    (sample,) = draw(tmp_path, pool, max_calls=3)
    assert sample.text == ASK + (output("42") + again) * 3 and len(sample.inserted) == 3
    assert [shard.sampling.stop for shard in pool.shards] == [("```\n",), ("```\n",), ("```\n",), ()]


@needs_sandbox
def test_what_is_no_block_is_not_run(tmp_path: Path) -> None:
    """A block that never closes, one of another language, and none at all."""
    texts = {"open": "```python\nprint(1)", "js": "```js\nlet x\n```\nand so on", "none": "It is 4."}
    pool = CodingPool(write=goes_on(texts, ("```js\nlet x\n```\n", "and on")))
    found = draw(tmp_path, pool, [make_problem(name, question=name) for name in texts])
    assert [one.text for one in found] == ["```python\nprint(1)", "```js\nlet x\n```\nand on", "It is 4."]
    assert not any(one.inserted for one in found) and ran(tmp_path) == 0


@needs_sandbox
def test_a_text_that_closes_for_ever_loses_the_interpreter(tmp_path: Path) -> None:
    pool = CodingPool(write=lambda request, draw: "```\n")
    (sample,) = draw(tmp_path, pool, max_calls=2)
    assert sample.text == "```\n" * (2 * STOPS_PER_CALL + 1) and not sample.inserted
    assert len(pool.shards) == 2 * STOPS_PER_CALL + 1


@needs_sandbox
@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("while True: pass", "it took longer than 1 s"),
        ("import os; os.write(1, bytes(range(128, 140)) + b'\\x00\\x07')", "\N{REPLACEMENT CHARACTER}" * 12 + "??"),
        ("print('y' * 10_000_000)", "y" * 50 + "..."),
        ("print('```\\n<|im_end|>')", "` ``\n<|im_end|>"),
        ("import socket; socket.create_connection(('127.0.0.1', 80))", "PermissionError: [Errno 1]"),
        ("import sys; sys.exit(3)", "exit status 3"),
        ("raise ValueError('no')", "ValueError: no"),
        ("print(1", "SyntaxError: '(' was never closed"),
        ("open('/etc/passwd')", "FileNotFoundError: [Errno 2]"),
    ],
)
def test_what_a_program_does_ends_nothing(tmp_path: Path, code: str, seen: str) -> None:
    pool = CodingPool(write=lambda request, draw: "end" if request.prefix else block(code))
    (sample,) = draw(tmp_path, pool, limit_seconds=1, max_chars=50)
    assert sample.text.endswith("end") and seen[:50] in outputs(sample)[0], outputs(sample)


@needs_sandbox
def test_max_tokens_counts_what_the_model_wrote(tmp_path: Path) -> None:
    """The block has 27 tokens: with 30 three are left, with 27 none."""
    assert len(block("print(6 * 7)")) == 27
    pool = CodingPool(write=goes_on(block("print(6 * 7)"), (output("42"), "So it is 42.")))
    (short,) = draw(tmp_path / "short", pool, sampling=Sampling(temperature=1.0, max_tokens=30))
    assert short.text.endswith(output("42") + "So ") and short.is_truncated and short.num_tokens == 30
    (none,) = draw(tmp_path / "none", pool, sampling=Sampling(temperature=1.0, max_tokens=27))
    assert none.text.endswith(output("42")) and none.is_truncated and none.num_tokens == 27


@needs_sandbox
def test_an_output_that_leaves_no_room_truncates_and_other_failures_are_missing(tmp_path: Path) -> None:
    def refuses(reason: str) -> CodingPool:
        def why(request: Request) -> str | None:
            return reason if request.prefix else None

        return CodingPool(write=goes_on(ASK), refuses=why)

    (sample,), answers = counted(tmp_path / "long", refuses(MissingReason.TOO_LONG))
    assert sample.is_truncated and sample.text == ASK + output("42") and answers.missing.num_missing == 0
    none, answers = counted(tmp_path / "unreadable", refuses(MissingReason.UNREADABLE))
    assert none == [] and answers.missing.counts == Counter({"unreadable": 1}) and answers.missing.num_asked == 1


@needs_sandbox
def test_a_sandbox_that_fails_at_a_program_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = tmp_path / "tried"
    replace_bwrap(monkeypatch, tmp_path, f'[ -e {tried} ] && exit 1\ntouch {tried}\nexec /usr/bin/bwrap "$@"')
    none, answers = counted(tmp_path / "home", CodingPool(write=goes_on(ASK)))
    assert none == [] and answers.missing.counts == Counter({MissingReason.SANDBOX: 1})
    monkeypatch.undo()
    (sample,), answers = counted(tmp_path / "home", CodingPool(write=goes_on(ASK)))
    assert outputs(sample) == [output("42")], "the next run looks again"


def test_without_bubblewrap_it_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    pool = CodingPool()
    with pytest.raises(UserError, match=r"generate.interpreter needs a sandbox, .* bwrap is not installed"):
        draw(tmp_path, pool)
    assert pool.draws == [], "before anything is drawn"


def write_own(request: Request, draw: int) -> str:
    """Four draws of three problems: other programs for each, and for half of them a second one."""
    turn = request.prefix
    if not turn:
        return block(f"print({request.seed % 97}, {draw})")
    second = block(f"print({request.seed % 89})")
    return second if turn.count("```output") == 1 and request.seed % 2 else f"The end, {request.seed % 7}."


@needs_sandbox
def test_a_kill_at_any_shard_changes_nothing_and_runs_no_program_twice(tmp_path: Path) -> None:
    problems = [make_problem(name) for name in "abc"]
    whole = CodingPool(write=write_own)
    straight = draw(tmp_path / "straight", whole, problems, num_samples=4)
    drawn: list[tuple[str, int]] = []
    num_kills = 0
    while True:
        pool = CodingPool(write=write_own, lives=1)
        try:
            found = draw(tmp_path / "killed", pool, problems, num_samples=4)
            break
        except Killed:
            num_kills += 1
        finally:
            drawn += pool.draws
    assert num_kills >= 3 and found == straight and sorted(drawn) == sorted(whole.draws)
    num_programs = sum(len(one.inserted) for one in straight)
    assert num_programs > 12 and ran(tmp_path / "killed") == ran(tmp_path / "straight") <= num_programs


def ran(folder: Path) -> int:
    """Programs whose outputs are published."""
    store = make_answers(folder).ledger.store
    shards = [shard for _, shard in read_shard_records(store, "e/") if shard is not None]
    listed = [answer for shard in shards if shard.who["service"] == "run" for answer in shard.answers]
    assert len(listed) == len({question for question, *_ in listed}), "none is there twice"
    return len(listed)
