"""Derived rows `copies`: texts of the episodes under another chat than they were written under (RLTF)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from configs.schema.online.derived import DerivedCopies
from infra.engines.questions import Missing, Scoring
from tasks.answer.standing import stands_in
from tasks.core.paths import path_of
from tasks.core.prompts import render
from tasks.core.records import Credit, Message, Part, Sample
from tasks.online.derived.made import Made, Scene, chat, first_context, question_of
from tasks.online.monitors.wave import share
from tasks.online.schedule import amount_at
from tasks.online.settle import Rated


def make(config: DerivedCopies, scene: Scene, prompt: str) -> Made:
    return _moved(scene) if config.stream == "advantage" else _learnt(config, scene, prompt)


def _moved(scene: Scene) -> Made:
    """Last attempts under the problem alone; a first attempt stands there already."""
    contexts, stored = {}, {}
    for one in scene.used:
        context = first_context(one)
        for rollout in one.group.rollouts:
            last = rollout.turns[rollout.attempts[-1]].sample_id if len(rollout.attempts) > 1 else None
            if last is not None and last in one.drawn.tokens:
                contexts[last], stored[last] = context, one.drawn.problem.messages
    return Made(stored=stored, contexts=contexts)


def _learnt(config: DerivedCopies, scene: Scene, prompt: str) -> Made:
    """The likelihood of texts around attempts; one that gives the answer away is left out, and counted."""
    weight = amount_at(config.weight, scene.position)
    found = list(_texts(config, scene, prompt)) if weight else []
    clean = [(node, asked) for one, node, asked in found if not _leaks(one, node)]
    told = scene.encode([Scoring(node.id, chat(asked), node.text) for node, asked in clean])
    tokens, stored = {}, {}
    for (node, asked), row in zip(clean, told, strict=True):
        if not isinstance(row, Missing):
            tokens[node.id] = replace(row, logprobs=())
            stored[node.id] = asked
    return Made(
        stored=stored,
        tokens=tokens,
        credit=tuple(Credit(name, "nll_weight", 0, len(row.written), weight) for name, row in tokens.items()),
        numbers={f"{config.name}_leak_share": share(_leaks(one, node) for one, node, _ in found)},
    )


def _texts(config: DerivedCopies, scene: Scene, prompt: str) -> Iterator[tuple[Rated, Sample, tuple[Message, ...]]]:
    """Texts of the part with what asks for them: the prompt, filled in with the attempt before the text."""
    for one in scene.used:
        nodes = {node.id: node for node in one.drawn.nodes}
        for node in nodes.values():
            above = [text for text in path_of(node, nodes)[:-1] if text.part == Part.ATTEMPT]
            if node.part == config.part and node.text and above:
                problem = one.drawn.problem
                system = tuple(turn for turn in problem.messages if turn.role == "system")
                text = render(prompt, prompt=question_of(problem), attempt=above[-1].text)
                yield one, node, (*system, Message("user", text))


def _leaks(one: Rated, node: Sample) -> bool:
    """Whether the gold answer stands in a text by itself."""
    gold = (one.drawn.problem.gold or "").strip()
    return bool(gold) and stands_in(node.text, gold)
