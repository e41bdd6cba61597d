"""What writers are shown in each form, what training shows in its place, and what is refused before any draw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configs.errors import ProblemsError, RecipeError
from infra.engines.questions import Request
from tasks.core.records import Message, Sample
from tasks.sample.shots import Shots
from tests.build.records import ask, make_problem
from tests.tasks.core.scripted import ScriptedPool
from tests.tasks.sample.revise.script import by_place, revise_sampler, run

PROMPTS = {
    "look": "look",
    "again": "again",
    "named": "{{ critique }} of {{ attempt }} to {{ prompt }}",
    "shown": "is {{ answer }}, {{ label }}, {{ peer }}",
    "wait": " wait:",
    "is_wrong": " VERDICT: wrong\n",
    "run": "it ran: {{ execution }}",
}
WRONG = {"judge": "answer", "says": ["wrong"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in PROMPTS.items():
        (tmp_path / f"{name}.j2").write_text(f"{text}\n")
    return tmp_path


def asked(folder: Path, steps: list[dict[str, Any]], texts: dict[str, str] | None = None, **generate: Any) -> Any:
    """What was asked, by the name of the request, and the texts that are stored."""
    pool = ScriptedPool(write=by_place(texts or {}))
    sampler = revise_sampler(folder, generate={"steps": steps, **generate})
    problem = make_problem(question="Q?", solution="by hand")
    (episode,) = run(sampler, folder / "run", pool=pool, problems=[problem])
    requests = {request.id: request for shard in pool.shards for request in shard.requests}
    return requests, {node.id: node for node in episode.nodes}


def turns(request: Request) -> list[str]:
    return [f"{role}: {text}" for role, text in request.messages]


def stored(node: Sample) -> list[str]:
    return [message.content for message in node.stored or node.messages]


def test_in_a_chat_every_turn_stands_before(folder: Path) -> None:
    steps = [{"part": "critique", "prompt": "look.j2"}, {"part": "attempt", "prompt": "again.j2"}]
    requests, nodes = asked(folder, steps, {"p/0:critique/0": "hm"}, max_turns=3)
    assert turns(requests["p/0:critique0/0:critique"]) == [
        "user: Q?", "assistant: W", "user: look", "assistant: hm", "user: again", "assistant: W", "user: look",
    ]  # fmt: skip
    last = nodes["p/0:critique0/0"]
    assert last.messages == (*ask("Q?"), Message("assistant", "W"), Message("user", "look"), Message("assistant", "hm"),
                             Message("user", "again"))  # fmt: skip
    assert last.stored == () and not last.privileged and nodes["p/0"].messages == ()


def test_a_single_turn_sees_what_it_names_and_leaves_the_chat_as_it_is(folder: Path) -> None:
    single = {"part": "critique", "form": "single", "prompt": "look.j2"}
    requests, _ = asked(folder, [single, {"part": "attempt", "prompt": "again.j2"}], {"p/0:critique/0": "hm"})
    assert turns(requests["p/0:critique"]) == ["user: look"]
    assert turns(requests["p/0:critique0:attempt"]) == ["user: Q?", "assistant: W", "user: again"]
    both = [single, {"part": "attempt", "form": "single", "prompt": "named.j2"}]
    requests, _ = asked(folder / "both", both_in(folder, both), {"p/0:critique/0": "hm"}, max_turns=3)
    assert turns(requests["p/0:critique0:attempt"]) == ["user: hm of W to Q?"]


def both_in(folder: Path, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps with prompts by their whole path."""
    return [{**step, "prompt": str(folder / step["prompt"])} for step in steps]


def test_inline_the_models_own_turn_goes_on(folder: Path) -> None:
    steps: list[dict[str, Any]] = [
        {"part": "verdict", "by": "template", "form": "inline", "prompt": "is_wrong.j2", "when": WRONG},
        {"part": "attempt", "form": "inline", "prompt": "wait.j2"},
    ]
    requests, nodes = asked(folder, steps)
    request = requests["p/0:verdict0:attempt"]
    assert turns(request) == ["user: Q?"] and request.prefix == "W VERDICT: wrong\n wait:"
    verdict, attempt = nodes["p/0:verdict0"], nodes["p/0:verdict0/0"]
    assert (verdict.said, verdict.prefix, verdict.by) == ("wrong", "", "template")
    assert verdict.text == " VERDICT: wrong\n", "text by rule is whole"
    assert (attempt.text, attempt.prefix) == (" wait:W", " wait:")


def test_text_by_rule_stands_in_the_users_next_turn_once(folder: Path) -> None:
    code = {"kind": "answer", "verifier": {"kind": "python", "function": "score.py:score"}}
    execution = {"part": "execution", "by": "judge:answer"}
    for prompt, last in (("again.j2", "wrong\n\nagain"), ("run.j2", "it ran: wrong")):
        pool = ScriptedPool(write=by_place({}))
        sampler = revise_sampler(folder, generate={"steps": [execution, {"part": "attempt", "prompt": prompt}]},
                                 judge=[code])  # fmt: skip
        (episode,) = run(sampler, folder / prompt.removesuffix(".j2"), pool=pool)
        requests = {request.id: request for shard in pool.shards for request in shard.requests}
        assert turns(requests["p/0:execution0:attempt"])[-1] == f"user: {last}"
        assert (episode.nodes[1].by, episode.nodes[1].text) == ("environment", "wrong")


def test_what_training_shows_is_not_what_the_writer_saw(folder: Path) -> None:
    steps: list[dict[str, Any]] = [
        {"part": "critique", "prompt": "shown.j2", "stored_prompt": "look.j2", "when": WRONG},
        {"part": "attempt", "prompt": "again.j2"},
    ]
    texts = {"p/0": "W", "p/1": "R", "p/0:critique/0": "hm"}
    requests, nodes = asked(folder, steps, texts, num_samples=2)
    assert turns(requests["p/0:critique"])[-1] == "user: is 72, wrong, R"
    assert stored(nodes["p/0:critique0"]) == ["Q?", "W", "look"]
    assert stored(nodes["p/0:critique0/0"]) == ["Q?", "W", "look", "hm", "again"]
    assert nodes["p/0:critique0/0"].messages[2].content == "is 72, wrong, R"
    assert [nodes[name].privileged for name in ("p/0", "p/0:critique0", "p/0:critique0/0", "p/1")] == [
        False, True, True, False,
    ]  # fmt: skip


def test_the_solution_stands_behind_the_prompt_that_a_model_would_get(folder: Path) -> None:
    _, nodes = asked(folder, [{"part": "attempt", "by": "solution", "prompt": "again.j2"}])
    assert stored(nodes["p/0/0"]) == ["Q?", "W", "again"] and nodes["p/0/0"].text == "by hand"


def test_examples_before_the_problem_are_in_no_chat_that_training_shows(folder: Path) -> None:
    solved = tuple(make_problem(f"s{place}", question=f"S{place}?", solution="shown") for place in range(2))
    shots = Shots(solved, 2)
    steps: list[dict[str, Any]] = [
        {"part": "critique", "name": "alone", "form": "single", "prompt": "named.j2"},
        {"part": "critique", "prompt": "shown.j2", "stored_prompt": "look.j2"},
        {"part": "attempt", "prompt": "again.j2"},
    ]
    (folder / "named.j2").write_text("about {{ attempt }}")
    sampler = revise_sampler(folder, generate={"steps": steps, "num_samples": 2})
    problems = shots.shown([make_problem(question="Q?")])
    pool = ScriptedPool(write=by_place({"p/0": "R", "p/1": "R"}))
    (episode,) = shots.put_back(run(sampler, folder / "run", pool=pool, problems=problems))
    nodes = {node.id: node for node in episode.nodes}
    first, alone, critique, attempt = (nodes[name] for name in (
        "p/0", "p/0:alone0", "p/0:alone0:critique0", "p/0:alone0:critique0/0"))  # fmt: skip
    assert (first.stored, stored(alone)) == (ask("Q?"), ["about R"])
    assert stored(critique) == ["Q?", "R", "look"] and stored(attempt) == ["Q?", "R", "look", "W", "again"]
    asked_first = next(request for shard in pool.shards for request in shard.requests if request.id == "p")
    assert turns(asked_first) == ["user: S0?", "assistant: shown", "user: S1?", "assistant: shown", "user: Q?"]
    assert len(attempt.messages) == 4 + len(attempt.stored)


REFUSED: list[tuple[list[dict[str, Any]], str]] = [
    ([{"part": "attempt", "prompt": "shown.j2"}], r"steps.0.prompt: it shows 'answer', .* no stored_prompt"),
    ([{"part": "attempt", "prompt": "shown.j2", "stored_prompt": "shown.j2"}], r"steps.0.stored_prompt: it shows"),
    ([{"part": "attempt", "prompt": "named.j2"}], r"steps.0.prompt: 'critique' is nothing that it gets"),
    ([{"part": "attempt", "prompt": "shown.j2", "form": "inline"}], "becomes part of the text that is trained on"),
    (
        [{"part": "hint", "by": "template", "prompt": "shown.j2"}, {"part": "attempt"}],
        "becomes part of the text that is trained on",
    ),
    ([{"part": "attempt", "prompt": "missing.j2"}], "the prompt 'missing.j2' cannot be read"),
]


@pytest.mark.parametrize(("steps", "message"), REFUSED)
def test_prompts_are_refused_before_anything_is_drawn(steps: list[dict[str, Any]], message: str, folder: Path) -> None:
    with pytest.raises(RecipeError, match=message):
        revise_sampler(folder, generate={"steps": steps})


def test_a_first_judge_that_needs_all_samples_cannot_be_asked_on_the_way(folder: Path) -> None:
    with pytest.raises(RecipeError, match=r"first.at_most: it asks the first judge, 'vote'"):
        revise_sampler(folder, generate={"first": {"at_most": {"wrong": 1}}}, judge=[{"kind": "vote"}],
                       evaluate={"verifier": {"kind": "number"}})  # fmt: skip


@pytest.mark.parametrize(
    ("step", "problem", "message"),
    [
        (
            {"by": "solution"},
            make_problem(),
            "problem p has no worked solution, which step 'attempt' of generate shows",
        ),
        ({"prompt": "shown.j2", "stored_prompt": "look.j2"}, make_problem(gold=None), "problem p has no gold answer"),
    ],
)
def test_a_problem_without_what_a_step_shows_is_named(step: Any, problem: Any, message: str, folder: Path) -> None:
    with pytest.raises(ProblemsError, match=message):
        run(
            revise_sampler(folder, generate={"steps": [{"part": "attempt", **step}]}),
            folder / "run",
            problems=[problem],
        )
