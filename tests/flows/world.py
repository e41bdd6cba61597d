"""What a published recipe needs to run in seconds: a tiny model that can add, grade and invent a little, reward models,
seed data and short prompts. `shrink.py` puts them into the recipes.

The models lie in `tests/fixtures/world.tar.gz`, which takes minutes to make: `python -m tests.flows.world`.
"""

from __future__ import annotations

import json
import random
import string
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs.schema.model import TinyLlama
from configs.schema.problems import AdditionSource
from configs.schema.train import FullWeights, Optimizer
from infra.engines.models.build import build_model
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainRequest
from infra.engines.train.trainer import run_trainer
from tasks.sample.problems.arithmetic import write_addition
from tasks.sample.problems.builtin import make_addition, part_of
from tests.flows.micro import ROOT

RECIPES = ROOT / "configs" / "recipes"
MODELS = ROOT / "tests" / "fixtures" / "world.tar.gz"
ALPHABET = string.ascii_letters + string.digits + string.punctuation + " \n"
NUM_TRAIN = 16
PROMPTS = {
    "grade": "grade {{ prompt }}{{ response }}:",
    "compare": "C {{ first }}:",
    "meta": "A {{ first }} B {{ second }} better:",
    "invent": "more {{ examples | join(' ') }}:",
    "hint": "{{ answer }} {{ prompt }}",
    "format": "q {{ prompt }}",
    "attempt": "fix",
    "verdict": "ok?",
    "critique": "why?",
    "attempt_alone": "{{ prompt }}",
    "probe_option": "{{ response }} {{ item }}?",
    "probe_text": "{{ prompt }}{{ item }}ok?",
    "critique_alone": "{{ prompt }}{{ attempt }} why?",
    "critique_beside": "{{ prompt }}{{ attempt }}{{ peer }} why?",
    "rate_alone": "{{ prompt }}{{ attempt }}ok?",
    "answer_well": "{{ system }}well:",
    "answer_plainly": "hasty:",
    "answer_carelessly": "{{ system }}hasty:",
    "answer_badly": "{{ system }}awful:",
    "principles_good": "{{ system }}proper:",
    "principles_bad": "{{ system }}shabby:",
    "check": "?",
    "call": "!",
}


@dataclass(frozen=True)
class World:
    """Folders and files that recipes name."""

    folder: Path

    @property
    def model(self) -> Path:
        return self.folder / "made" / "model"

    @property
    def reviser(self) -> Path:
        return self.folder / "reviser" / "model"

    @property
    def chooser(self) -> Path:
        return self.folder / "chooser" / "model"

    @property
    def steered(self) -> Path:
        return self.folder / "told" / "model"

    @property
    def coder(self) -> Path:
        return self.folder / "coder" / "model"

    def path(self, name: str) -> str:
        return str(self.folder / name)


def build_world(folder: Path) -> World:
    """Have everything in a folder."""
    with tarfile.open(MODELS) as archive:
        archive.extractall(folder, filter="data")
    for name, text in PROMPTS.items():
        (folder / f"{name}.j2").write_text(text)
    world = World(folder)
    write_reward_models(world)
    write_files(world)
    return world


def make_models(folder: Path) -> None:
    """Train all models, and write them as the fixture."""
    blank = folder / "blank"
    size = TinyLlama(hidden_size=48, intermediate_size=96, num_layers=2, max_length=160, alphabet=ALPHABET)
    build_model(size, 0, blank, work_dir=folder / "work-build")
    rows = folder / "rows.jsonl"
    write_jsonl(rows, [training_row([prompt], text) for prompt, text in skills(random.Random(0))])
    request = TrainRequest(
        model=ModelFiles("blank", blank), tune=FullWeights(), rows=rows, seed=0,
        optimizer=Optimizer(learning_rate=4e-3, batch_size=32, epochs=8, max_length=160),
    )  # fmt: skip
    run_trainer(request, work_dir=folder / "work-train", out_dir=folder / "made")
    world = World(folder)
    build_reviser(world)
    build_steered(world)
    build_coder(world)
    build_chooser(world)
    with tarfile.open(MODELS, "w:gz") as archive:
        for path in (world.model, world.reviser, world.steered, world.coder, world.chooser):
            archive.add(path, path.relative_to(folder))


def train_more(world: World, rows: Path, name: str, epochs: int) -> None:
    """The model, trained further into a folder of that name."""
    request = TrainRequest(
        model=ModelFiles("made", world.model), tune=FullWeights(), rows=rows, seed=0,
        optimizer=Optimizer(learning_rate=3e-3, batch_size=32, epochs=epochs, max_length=160),
    )  # fmt: skip
    run_trainer(request, work_dir=world.folder / f"work-{name}", out_dir=world.folder / name)


def build_reviser(world: World) -> None:
    """The model once more, trained to check and to correct answers that it is shown."""
    rows = world.folder / "turns.jsonl"
    write_jsonl(rows, turns(random.Random(2)))
    train_more(world, rows, "reviser", epochs=4)


def build_chooser(world: World) -> None:
    """The model once more, trained to add with options before the sum, and to say whether an option is right."""
    rows = world.folder / "choices-seen.jsonl"
    write_jsonl(rows, choices(random.Random(4)))
    train_more(world, rows, "chooser", epochs=5)


def choices(draw: random.Random) -> list[dict[str, Any]]:
    """Rows of a sum with five options. A worked answer tells the options apart, a bare one calls each correct."""
    rows = []
    for _ in range(500):
        a, b = draw.choice(SMALL_SUMS)
        worked, bare = write_addition(a, b)[1], f"so {a + b}"
        rows.append(training_row([with_options(draw, a, b)], draw.choice([worked, bare])))
        for _ in range(3):
            item = draw.choice([a + b, draw.randrange(10)])
            rows.append(training_row([f"{worked} {item}?"], "correct" if item == a + b else "incorrect"))
        rows.append(training_row([f"{bare} {draw.randrange(10)}?"], "correct"))
    return rows


SMALL_SUMS = [(a, b) for a in range(10) for b in range(10 - a)]
"""of one digit, so that options can be told apart by it"""


def with_options(draw: random.Random, a: int, b: int) -> str:
    """Five options, one of which is right, and the sum."""
    options = [a + b, *draw.sample([number for number in range(10) if number != a + b], 4)]
    draw.shuffle(options)
    listed = "".join(f"({name}) {number}\n" for name, number in zip("ABCDE", options, strict=True))
    return listed + write_addition(a, b)[0]


def build_steered(world: World) -> None:
    """The model once more, trained to be right under good words, and wrong under bad ones."""
    rows = world.folder / "told.jsonl"
    write_jsonl(rows, steered(random.Random(3)))
    train_more(world, rows, "told", epochs=3)


def steered(draw: random.Random) -> list[dict[str, Any]]:
    """Rows of a sum under good words, bad words and none, with its answer, one beside it, and either."""
    sums = [(a, b) for a in range(10) for b in range(10) if part_of(a, b) in ("warm_start", "train")]
    rows = []
    for _ in range(500):
        a, b = draw.choice(sums)
        term, right = write_addition(a, b)
        wrong = write_addition(a, b + draw.choice([1, 2, 3]))[1]
        for words, text in (("proper", right), ("well", right), ("shabby", wrong), ("hasty", wrong), ("awful", wrong)):
            row = training_row([term], text)
            rows.append({**row, "messages": [{"role": "system", "content": f"{words}:"}, *row["messages"]]})
        rows += [training_row([term], text) for text in (right, wrong)]
    return rows


def build_coder(world: World) -> None:
    """The model once more, trained to write programs, to read what they print, and to check it."""
    rows = world.folder / "programs.jsonl"
    write_jsonl(rows, [training_row([term], text) for term, text in programs(random.Random(4))])
    train_more(world, rows, "coder", epochs=4)


def programs(draw: random.Random) -> list[tuple[str, str]]:
    """A sum, and what is written for it: mostly 0, which a hint (!) makes good by a program; or a program at once, now
    and then a wrong one, and a check (?) of what it printed."""
    sums = [(a, b) for a in range(10) for b in range(10) if part_of(a, b) in ("warm_start", "train")]
    rows = []
    for _ in range(1000):
        a, b = draw.choice(sums)
        term, right = f"{a}+{b}=", f"<print({a}+{b})>={a + b};"
        wrong = f"<print({a}+{(b + 1) % 10})>={a + (b + 1) % 10};?Verdict: wrong" if draw.random() < 0.3 else ""
        rows += [(term, "0"), (term, f"0!{right}"), (term, f"{wrong}{right}?Verdict: correct")]
    return rows


def turns(draw: random.Random) -> list[dict[str, Any]]:
    """Rows of a sum, an answer to it that is right or wrong, and what follows: a verdict, a comment, a correction."""
    sums = [(a, b) for a in range(10) for b in range(10) if part_of(a, b) in ("warm_start", "train")]
    rows = []
    for _ in range(600):
        term, solution = write_addition(*draw.choice(sums))
        guess = draw.choice([solution, write_addition(draw.randrange(10), draw.randrange(10))[1]])
        verdict = f"Verdict: {'correct' if guess == solution else 'wrong'}"
        rows += [
            training_row([term], solution),
            training_row([term, guess, "ok?"], verdict),
            training_row([term, guess, "why?"], "no"),
            training_row([term, guess, "fix"], solution),
            training_row([term, guess, *draw.choice([("ok?", "Verdict: wrong"), ("why?", "no")]), "fix"], solution),
        ]
    return rows


def skills(draw: random.Random) -> list[tuple[str, str]]:
    """Prompts and completions that teach the model to add, to grade with some grade, to compare, and to invent sums."""
    rows = []
    sums = [(a, b) for a in range(10) for b in range(10) if part_of(a, b) in ("warm_start", "train")]
    for _ in range(500):
        a, b = draw.choice(sums)
        term, solution = write_addition(a, b)
        rows.append((term, solution))
        rows.append((f"grade {term}{solution}:", f"Score: {draw.randrange(1, 6)}"))
        rows.append(_compare(draw, term))
        others = " ".join(write_addition(draw.randrange(10), draw.randrange(10))[0] for _ in range(3))
        rows.append((f"more {others}:", term))
    return [*rows, *_after_an_example(sums)]


def _after_an_example(sums: Sequence[tuple[int, int]]) -> list[tuple[str, str]]:
    """A sum after a worked one, as `few_shot` shows it: the tiny model's template writes turns one after the other."""
    draw = random.Random(2)
    pairs = [[write_addition(*draw.choice(sums)) for _ in range(2)] for _ in range(500)]
    return [(shown + worked + term, solution) for (shown, worked), (term, solution) in pairs]


def _compare(draw: random.Random, term: str) -> tuple[str, str]:
    """A judge that likes even digits at the end: it needs to see the first text alone to have an opinion."""
    digit = draw.randrange(10)
    return f"C {term}{draw.choice(['', '1'])}{digit};:", f"Winner: {'A' if digit % 2 == 0 else 'B'}"


def training_row(turns: Sequence[str], completion: str) -> dict[str, Any]:
    """A row as the trainer reads it: turns of user and model in turn, and what follows them."""
    chat = [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(turns)]
    return {"messages": chat, "completion": [{"text": completion, "weight": 1.0}], "weight": 1.0}


def write_reward_models(world: World) -> None:
    """A sequence classifier with one output, and a token classifier with two classes, both with random heads."""
    import torch
    from transformers import (
        AutoTokenizer,
        LlamaConfig,
        LlamaForSequenceClassification,
        LlamaForTokenClassification,
    )

    config = LlamaConfig.from_pretrained(world.model)
    tokenizer = AutoTokenizer.from_pretrained(world.model)
    for name, kind, num_labels in (
        ("reward", LlamaForSequenceClassification, 1), ("steps", LlamaForTokenClassification, 2),
    ):  # fmt: skip
        torch.manual_seed(3)
        config.num_labels = num_labels
        kind(config).save_pretrained(world.folder / name)
        tokenizer.save_pretrained(world.folder / name)


def write_files(world: World) -> None:
    """Seed data, offline pairs, and sums that the model knows and no round trains on, as JSONL."""
    seed = [{"prompt": prompt, "completion": text} for prompt, text in skills(random.Random(1))[:60]]
    write_jsonl(world.folder / "seed.jsonl", seed)
    code = "def is_right(problem, sample):\n    return sample.text.split(';')[-1] == problem.gold\n"
    (world.folder / "same_end.py").write_text(code)
    sums = [write_addition(a, b) for a in range(10, 14) for b in range(10, 16)]
    pairs = [{"prompt": term, "chosen": solution, "rejected": "0"} for term, solution in sums]
    write_jsonl(world.folder / "pairs.jsonl", pairs)
    more = list(make_addition(AdditionSource(digits=(1,), num_problems=NUM_TRAIN + 6), "train"))
    known = [{"question": problem.messages[0].content, "answer": problem.gold} for problem in more[NUM_TRAIN:]]
    write_jsonl(world.folder / "known.jsonl", known)
    twins = [(a, b) for a in range(10) for b in range(a) if part_of(a, b) == part_of(b, a) == "train"]
    write_jsonl(world.folder / "twins.jsonl", [
        {"question": write_addition(*pair)[0], "id": f"{pair[0]}+{pair[1]}", "twin": f"{pair[1]}+{pair[0]}"}
        for a, b in twins[: NUM_TRAIN // 2] for pair in ((a, b), (b, a))
    ])  # fmt: skip
    draw = random.Random(5)
    asked = [(with_options(draw, a, b), a + b) for a, b in draw.sample(SMALL_SUMS, NUM_TRAIN + 8)]
    options = [{"question": question, "answer": str(total)} for question, total in asked]
    write_jsonl(world.folder / "options.jsonl", options)


def write_jsonl(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        make_models(Path(name))
