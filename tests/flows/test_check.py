"""`selfloop check` and `selfloop plan` refuse the same recipes with the same words: by the recipe and what it names,
and with --data by its data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from configs.errors import UserError
from configs.schema.load import load_recipe
from flows.commands.check import check
from flows.run.plan import make_plan
from infra.store.folder import FolderStore
from tests.flows.micro import micro_recipe, write_recipe

Sections = dict[str, Any]
SUMS = {"kind": "addition", "digits": [1]}
FULL = {"kind": "full"}
REVISE = {"kind": "revise", "num_samples": 2, "max_tokens": 16}
GRPO = {"objective": {"kind": "grpo"}, "start_from": "seed", "max_steps": 4, "tune": FULL}
FILES = {
    "odd.j2": "Say {{ prompt }} and {{ nothing }}",
    "broken.j2": "Say {{ prompt",
    "answer.j2": "Say {{ prompt }}: {{ answer }}",
    "examples.j2": "{% for one in examples %}{{ one.prompt }}{% endfor %}{{ prompt }}",
    "rows.jsonl": '{"prompt": "1+1=", "completion": " 2"}\n' * 3,
    "empty_completion.jsonl": '{"prompt": "1+1=", "completion": ""}\n' * 4,
    "one_row.jsonl": '{"prompt": "1+1=", "completion": " 2"}\n',
    "bare.jsonl": "".join(json.dumps({"question": f"{n}+10=", "answer": str(n + 10)}) + "\n" for n in range(8)),
    "no_function.py": "x = 1\n",
}


def draw(**fields: Any) -> Sections:
    return {"generate": {"max_tokens": 16, "draws": [{"name": "one", **fields}]}}


def episode(**fields: Any) -> Sections:
    attempt = {"name": "attempt", "part": "attempt"}
    return {"generate": {**REVISE, "steps": [{"name": "comment", "part": "critique", **fields}, attempt]}}


def judged(kind: str, **fields: Any) -> Sections:
    """By a judging model; held-out problems by their gold answers."""
    judge, select = [{"kind": kind, **fields}], [{"kind": "drop_truncated"}]
    return {"judge": judge, "select": select, "evaluate": {"verifier": {"kind": "number"}}}


def segment(
    episode: Sections | None = None, reward: Any = None, reference: str = "start", **objective: Any
) -> Sections:
    """An online recipe."""
    more = {"reward": reward} if reward else {}
    online = {"problems_per_wave": 4, "episode": {"max_tokens": 16, **(episode or {})}, **more}
    return {"generate": None, "online": online,
            "train": {**GRPO, "objective": {"kind": "grpo", **objective}, "reference": reference}}  # fmt: skip


def bare(**sections: Any) -> Sections:
    """Train problems of a file: with answers, without solutions."""
    source = {"kind": "file", "path": "bare.jsonl", "mapping": {"answer": {"field": "answer"}}}
    problems = {**micro_recipe()["problems"], "train": source}
    return {"problems": problems, **sections}


def train(**fields: Any) -> Sections:
    return {"train": {**micro_recipe()["train"], **fields}}


NAMED: dict[str, tuple[Sections, str]] = {
    "rubric prompt away": (judged("rubric", prompt="away.j2"), "the prompt 'away.j2' cannot be read"),
    "rubric prompt unknown": (judged("rubric", prompt="away"), "the prompt 'away' cannot be read"),
    "rubric name": (judged("rubric", prompt="odd.j2"), "judge.0.prompt: 'nothing' is nothing that"),
    "rubric no Jinja": (judged("rubric", prompt="broken.j2"), "a prompt is no Jinja"),
    "pairwise name": (judged("pairwise", prompt="odd.j2"), "judge.0.prompt: 'nothing' is nothing"),
    "probe name": (judged("probe", prompt="odd.j2"), "judge.0.prompt: 'nothing' is nothing"),
    "draw prompt away": (draw(prompt="away.j2"), "the prompt 'away.j2' cannot be read"),
    "draw name": (draw(prompt="odd.j2", stored_prompt="plain"), "generate.draws.0.prompt: 'nothing' is nothing"),
    "draw sees not": (draw(prompt="answer.j2", stored_prompt="plain"), "the draw does not say that it sees it"),
    "revise prompt": (episode(prompt="odd.j2"), "generate.steps.0.prompt: 'nothing' is nothing that it gets"),
    "guide prompt": ({"guide": {"kind": "answer", "prompt": "odd.j2"}}, "guide.prompt: 'nothing' is nothing that"),
    "guide away": ({"guide": {"kind": "answer", "prompt": "away.j2"}}, "the prompt 'away.j2' cannot be read"),
    "format name": (train(formats=[{"prompt": "odd.j2"}]), "train.formats.0.prompt: 'nothing' is nothing that it gets"),
    "filter away": ({"select": [{"kind": "python", "function": "away.py:keep"}]}, "select.0.function: there is no"),
    "verifier away": (
        {"judge": [{"kind": "answer", "verifier": {"kind": "python", "function": "away.py:judge"}}]},
        "judge.0.verifier.function: there is no file",
    ),
    "template away": (
        {"model": {"kind": "pretrained", "base": ".", "chat_template": "away.jinja"}}, "model.chat_template: ",
    ),
    "online prompt": (
        segment({"kind": "revise", "steps": episode(prompt="odd.j2")["generate"]["steps"]}),
        "online.episode.steps.0.prompt: 'nothing' is nothing that it gets",
    ),
    "reference without KL": (segment(reference="base", kl_weight=0), "train.reference: 'base' is read by no KL weight"),
    "no reference": (segment(reference="none", kl_weight=0.1), "train.reference: "),
    "KL counted twice": (
        segment(reward=[{"kind": "judge"}, {"kind": "kl", "weight": 0.1}], kl_weight=0.1, reference="base"),
        "train.objective.kl_weight: the reward has a KL term already",
    ),
    "votes without answers": (
        {"judge": [{"kind": "vote", "verifier": {"kind": "code", "layout": "mbpp"}}]}, "judge",
    ),
}  # fmt: skip
"""sections of a recipe, and what is said of it"""

DATA: dict[str, tuple[Sections, str]] = {
    "replay away": (train(replay={"path": "away.jsonl"}), "there is no file away.jsonl"),
    "replay empty": (train(replay={"path": "empty_completion.jsonl"}), "row 0: completion holds an empty text"),
    "replay small": (train(replay={"path": "one_row.jsonl"}), "one_row.jsonl has 1 rows, of which a share of 0.5"),
    "problems away": ({"problems": {**micro_recipe()["problems"], "train": {"kind": "file", "path": "away.jsonl"}}},
                      "there is no file away.jsonl"),
    "guide without solutions": (bare(guide={"kind": "rationale"}), "guide.kind rationale needs a worked solution"),
    "draw without solutions": (
        bare(**draw(prompt="hint_rationale", sees="solution", stored_prompt="plain")), "has no worked solution, which"
    ),
    "examples": (
        bare(warm_start=None, train={**micro_recipe()["train"], "start_from": "base",
                                     "formats": [{"prompt": "examples.j2"}]}),
        "train.formats: a prompt shows worked examples",
    ),
    "ladder": (
        {"generate": {"max_tokens": 16, "ladder": {"tag": "digits", "start": 1}}}, "generate.ladder: round 2 samples",
    ),
    "wave": (segment() | {"problems": {**micro_recipe()["problems"], "train": {**SUMS, "num_problems": 3}}},
             "a wave has 4 problems, and the train set 3"),
}  # fmt: skip


def refusal_of(call: Any, *arguments: Any, **more: Any) -> str:
    with pytest.raises(UserError) as refused:
        call(*arguments, **more)
    return str(refused.value)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELFLOOP_HOME", str(tmp_path / "home"))
    return tmp_path


def planned(path: Path, folder: Path) -> None:
    make_plan(load_recipe(path), FolderStore(folder / "store"), folder / "work", folder)


def written(folder: Path, sections: Sections) -> Path:
    recipe = {name: value for name, value in micro_recipe(**sections).items() if value is not None}
    return write_recipe(folder, recipe)


@pytest.mark.parametrize("name", NAMED)
def test_a_bad_recipe_is_refused_by_check_and_by_plan_with_the_same_words(folder: Path, name: str) -> None:
    sections, says = NAMED[name]
    path = written(folder, sections)
    told = refusal_of(check, path)
    assert says in told
    assert refusal_of(planned, path, folder) == told


@pytest.mark.parametrize("name", DATA)
def test_bad_data_are_refused_by_check_with_data_and_by_plan(folder: Path, name: str) -> None:
    sections, says = DATA[name]
    path = written(folder, sections)
    check(path)
    told = refusal_of(check, path, data=True)
    assert says in told
    assert refusal_of(planned, path, folder) == told


def test_a_sound_recipe_is_sound_to_both(folder: Path) -> None:
    path = written(folder, train(replay={"path": "rows.jsonl"}))
    check(path, data=True)
    planned(path, folder)
