"""Who plays which role in a round: the policy or a role that learns, in one of its states, or a model that stays.

Used by the stages that ask a model: judge, guide, calibrate, invent, evaluate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from configs.schema.engine import EmbeddingEngine, EndpointEngine, RewardEngine
from configs.schema.marks import identity
from configs.schema.role import POLICY
from infra.engines.pool import Pool
from tasks.core.answers import Answerer
from tasks.core.bench import Workbench
from tasks.core.models import States
from tasks.core.refs import ModelRef
from tasks.learn.base import pretrained_model


def policy_answerer(bench: Workbench, model: ModelRef) -> Answerer:
    """The recipe's engine with a state of the policy, as somebody who is asked."""
    who = {"model": model.digest, "engine": identity(bench.recipe.engine, bench.contents)}
    return Answerer(who, lambda: bench.generator(model))


def role_answerer(bench: Workbench, role: str, player: ModelRef | None) -> Answerer:
    """What answers for a role, as somebody who is asked; arguments as of `open_role`."""
    who = {"model": role_identity(bench, role, player), "engine": engine_identity(bench, role, player)}
    return Answerer(who, lambda: open_role(bench, role, player))


def reward_answerer(bench: Workbench, role: str) -> Answerer:
    """A role's model as a reward model that is asked."""
    return _own_answerer(bench, role, RewardEngine())


def embedding_answerer(bench: Workbench, role: str) -> Answerer:
    """A role's model as an encoder that is asked."""
    return _own_answerer(bench, role, EmbeddingEngine())


def _own_answerer(bench: Workbench, role: str, default: RewardEngine | EmbeddingEngine) -> Answerer:
    """Args:
    default: the engine where the role names none.
    """
    config = bench.recipe.roles[role]
    engine = config.engine or default
    who = {"model": role_identity(bench, role, None), "engine": identity(engine, bench.contents)}
    return Answerer(who, lambda: bench.generator(role_model(bench, role), engine, config.stays_open))


class Cast(States):
    """Who can be asked in a round: the policy's states, and those of every role that has states.

    Attributes:
        roles: by name; a role that stays as it is has none.
    """

    roles: dict[str, States] = {}  # noqa: RUF012

    @classmethod
    def of(cls, models: Mapping[str, States]) -> Cast:
        """The cast of some models, the policy among them."""
        roles = {name: states for name, states in models.items() if name != POLICY}
        return cls(**dict(models[POLICY]), roles=roles)

    def player(self, role: str, frozen: str) -> ModelRef | None:
        """The state that plays a role; None for a role that stays as it is, which has a model of its own."""
        states = self if role == POLICY else self.roles.get(role)
        return states.state(frozen) if states else None


def open_role(bench: Workbench, role: str, player: ModelRef | None) -> Pool:
    """What answers for a role.

    Args:
        player: the state that plays it; None for a role that stays as it is.
    """
    config = bench.recipe.roles.get(role)
    engine = config.engine if config else None
    if player is not None or config is None:
        assert player is not None and not isinstance(engine, EndpointEngine), "the recipe was checked for it"
        return bench.generator(player, engine)
    if engine is not None and not engine.loads_model:
        return bench.pools.open(role, engine, bench.source(lambda: role_model(bench, role)))
    return bench.generator(role_model(bench, role), engine, config.stays_open)


def role_model(bench: Workbench, role: str) -> ModelRef:
    """The model of a role that stays as it is.

    Raises:
        EngineError: there is no such model, or it has no weights.
    """
    config = bench.recipe.roles[role].model
    assert config is not None, "the recipe was checked for it"
    return pretrained_model(bench, config, role)


def engine_identity(bench: Workbench, role: str, player: ModelRef | None) -> Any:
    """What enters a step's key for the engine that answers for a role; of a server only the model's name counts, which
    `role_identity` holds."""
    config = bench.recipe.roles.get(role)
    engine = config.engine if config else None
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
