"""Derived rows `attempts`: attempts under a prompt that helps, learnt as answers to the problem alone (ExPO)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from configs.errors import ProblemsError
from configs.schema.online.derived import DerivedAttempts
from infra.engines.questions import Completion, Request
from tasks.core.prompts import names_used, render
from tasks.core.records import Credit, DropReason, Label, Message, Problem, Sample, Verdict
from tasks.judge.verdicts import judge_samples
from tasks.online.derived.made import Made, Scene, chat, first_context, question_of
from tasks.online.rollout import Group
from tasks.online.schedule import amount_at
from tasks.online.settle import Rated
from tasks.sample.episode import to_sample
from tasks.select.filters.hint_shows import find_words

PRIVILEGED = frozenset({"answer", "solution"})


def make(config: DerivedAttempts, scene: Scene, prompt: str) -> Made:
    """Nothing is drawn where the weight has come to 0."""
    weight = amount_at(config.weight, scene.position)
    asked = [one for one in scene.used if is_wanted(config, one.group)] if weight else []
    chats = [asked_with_help(one.drawn.problem, prompt) for one in asked]
    requests = [
        Request(f"{one.drawn.problem.id}:{config.name}", chat(messages), config.count,
                seed=scene.seed_of(config.name, one.drawn.problem.id))
        for one, messages in zip(asked, chats, strict=True)
    ]  # fmt: skip
    drawn = list(scene.ask(scene.sampling(), requests))
    texts = [
        (one, row, _node(config, scene, one, row, messages, bool(names_used(prompt) & PRIVILEGED)))
        for one, messages, rows in zip(asked, chats, drawn, strict=True)
        for row in rows
    ]
    return _kept(config, scene, texts, weight, len(asked))


def is_wanted(config: DerivedAttempts, group: Group) -> bool:
    """Whether a group is in the state that is asked for."""
    last = [rollout.turns[rollout.attempts[-1]] for rollout in group.rollouts if rollout.attempts]
    has_right = any(turn.is_right is True for turn in last)
    return {"always": True, "some_right": has_right, "none_right": bool(last) and not has_right}[config.when]


def asked_with_help(problem: Problem, prompt: str) -> tuple[Message, ...]:
    """The problem's chat with its last user turn rewritten.

    Raises:
        ProblemsError: the prompt shows what the problem does not have.
    """
    known = {"prompt": question_of(problem), "answer": problem.gold, "solution": problem.solution}
    for name in sorted(names_used(prompt)):
        if not known[name]:
            raise ProblemsError(
                f"problem {problem.id} has no {name}, which a prompt of online.derived shows",
                f"say where it is: mapping.{name}; or name another prompt",
            )
    text = render(prompt, **known)
    place = max((at for at, turn in enumerate(problem.messages) if turn.role == "user"), default=len(problem.messages))
    return (*problem.messages[:place], Message("user", text), *problem.messages[place + 1 :])


def _node(
    config: DerivedAttempts, scene: Scene, one: Rated, row: Completion, asked: tuple[Message, ...], is_helped: bool
) -> Sample:
    problem = one.drawn.problem
    stored = problem.messages if config.train_under == "first_prompt" else ()
    node = to_sample(row, problem, scene.drawing.model, id=f"{problem.id}/w{scene.wave}/{config.name}{row.index}")
    return replace(node, state="live", draw=config.name, messages=asked, stored=stored, privileged=is_helped)


def _kept(
    config: DerivedAttempts, scene: Scene, texts: Sequence[tuple[Rated, Completion, Sample]], weight: float, asked: int
) -> Made:
    nodes = [node for _, _, node in texts]
    verdicts = list(judge_samples(nodes, scene.judges, scene.drawing.world, kept=scene.drawing.kept))
    first = {verdict.sample_id: verdict for verdict in verdicts if verdict.judge == scene.judges[0].name}
    refused = {node.id: reason for node in nodes if (reason := refusal(config, node, first[node.id]))}
    kept = [(one, row, node) for one, row, node in texts if node.id not in refused]
    is_moved = config.train_under == "first_prompt"
    return Made(
        texts=tuple(nodes),
        verdicts=tuple(verdicts),
        tokens={node.id: row.tokens for _, row, node in texts if row.tokens is not None},
        contexts={node.id: first_context(one) for one, _, node in kept} if is_moved else {},
        credit=tuple(Credit(node.id, "nll_weight", 0, row.num_tokens, weight) for _, row, node in kept),
        drops=refused,
        numbers={
            f"{config.name}_asked_share": asked / len(scene.used),
            f"{config.name}_kept_share": len(kept) / len(nodes) if nodes else None,
        },
    )


def refusal(config: DerivedAttempts, node: Sample, verdict: Verdict) -> str:
    """Why an attempt is not learnt; empty where it is."""
    if verdict.label != Label.CORRECT:
        return verdict.label
    return str(DropReason.HINT_SHOWS) if find_words(config.leak_words).search(node.text.casefold()) else ""
