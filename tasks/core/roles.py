"""Who plays which role in a round: the policy in one of its states, or a model of the recipe's `roles`.

Used by the stages that ask a model: judge, guide, calibrate, invent, evaluate.
"""

from __future__ import annotations

from typing import Any

from configs.schema.engine import EndpointEngine, RewardEngine
from configs.schema.marks import identity
from infra.engines.pool import Pool
from tasks.core.answers import Answerer
from tasks.core.bench import Workbench
from tasks.core.refs import ModelRef, Ref
from tasks.learn.base import pretrained_model


def policy_answerer(bench: Workbench, model: ModelRef) -> Answerer:
    """The recipe's engine with a state of the policy, as somebody who is asked."""
    return Answerer(
        {"model": model.digest, "engine": identity(bench.recipe.engine, bench.contents)}, lambda: bench.generator(model)
    )


def role_answerer(bench: Workbench, role: str, player: ModelRef | None) -> Answerer:
    """What answers for a role, as somebody who is asked; arguments as of `open_role`."""
    if player is not None:
        return policy_answerer(bench, player)
    who = {"model": role_identity(bench, role, None), "engine": engine_identity(bench, role, None)}
    return Answerer(who, lambda: open_role(bench, role, None))


def reward_answerer(bench: Workbench, role: str) -> Answerer:
    """A role's model as a reward model that is asked."""
    config = bench.recipe.roles[role]
    engine = config.engine if isinstance(config.engine, RewardEngine) else RewardEngine()
    who = {"model": role_identity(bench, role, None), "engine": identity(engine, bench.contents)}
    return Answerer(who, lambda: bench.generator(role_model(bench, role), engine, config.stays_open))


class Cast(Ref):
    """States of the policy that a round can ask.

    Attributes:
        previous: the model before the round's start model.
        round_start: the model that writes the round's samples.
        live: the newest candidate, promoted or not.
        verifier: trained by the round before, where the recipe trains one.
    """

    base: ModelRef
    seed: ModelRef | None
    previous: ModelRef | None
    round_start: ModelRef
    live: ModelRef
    verifier: ModelRef | None = None

    def state(self, frozen: str) -> ModelRef:
        """A state by its name in the recipe; where there is no seed or no previous model, the base stands for it."""
        found: ModelRef | None = getattr(self, frozen)
        return found or self.base

    def player(self, role: str, frozen: str) -> ModelRef | None:
        """The policy's state that plays a role; None for a role with a model of its own."""
        if role == "verifier":
            return self.verifier
        return self.state(frozen) if role == "policy" else None


def open_role(bench: Workbench, role: str, player: ModelRef | None) -> Pool:
    """What answers for a role.

    Args:
        player: the state of the policy that plays it; None for a role with a model of its own.
    """
    if player is not None:
        return bench.generator(player)
    config = bench.recipe.roles[role]
    if config.engine is not None and not config.engine.loads_model:
        return bench.pools.open(role, config.engine, lambda: bench.model_files(role_model(bench, role)))
    return bench.generator(role_model(bench, role), config.engine, config.stays_open)


def role_model(bench: Workbench, role: str) -> ModelRef:
    """The model of a role that has one of its own.

    Raises:
        EngineError: there is no such model, or it has no weights.
    """
    config = bench.recipe.roles[role].model
    assert config is not None, "the recipe was checked for it"
    return pretrained_model(bench, config, role)


def engine_identity(bench: Workbench, role: str, player: ModelRef | None) -> Any:
    """What enters a step's key for the engine that answers for a role; of a server only the model's name counts, which
    `role_identity` holds."""
    engine = None if player is not None else bench.recipe.roles[role].engine
    if engine is not None and not engine.loads_model:
        return None
    return identity(engine or bench.recipe.engine, bench.contents)


def role_identity(bench: Workbench, role: str, player: ModelRef | None) -> Any:
    """What enters a step's key for a role: the digest of the model, or the server's model name."""
    if player is not None:
        return player.digest
    config = bench.recipe.roles[role]
    if isinstance(config.engine, EndpointEngine):
        return {"endpoint_model": config.engine.model}
    return role_model(bench, role).digest
