"""The models of a loop, by name: the policy, and every role with states of its own. Values; no weights are read here.

A chain is what a model was and is: its base, its seed, what plays now, what played before, what was trained last. The
policy's `current` moves by the gate, a role's to whatever its round trained.
"""

from __future__ import annotations

from configs.schema.role import POLICY
from configs.schema.train import Reference, StartFrom
from tasks.core.refs import ModelRef, Ref, StepRef

LEARNER_STAGES = ("base", "warm_start", "select", "train")
"""stages that are run for each model by itself"""


def stage_of(stage: str, learner: str) -> str:
    """The stage's name for one model: `train` for the policy, `train_critic` for the role critic."""
    return stage if learner == POLICY else f"{stage}_{learner}"


def learner_of(stage: str) -> str:
    """Whose stage it is, by its name; the policy's where it is nobody's in particular."""
    found = (stage.removeprefix(f"{kind}_") for kind in LEARNER_STAGES if stage.startswith(f"{kind}_"))
    return POLICY if stage in LEARNER_STAGES else next(found, POLICY)


def stage_kind(stage: str) -> str:
    """The stage without whose it is: train_critic is a `train`."""
    learner = learner_of(stage)
    return stage if learner == POLICY else stage.removesuffix(f"_{learner}")


def metric_of(stage: str, name: str) -> str:
    """A number's name among all numbers of a round: those of a role's stages have `role_NAME_` before."""
    learner = learner_of(stage)
    return name if learner == POLICY else f"role_{learner}_{name}"


class States(Ref):
    """What of a chain can be asked in a round.

    Attributes:
        previous: the model before the one that plays.
        round_start: the model that plays in the round; the policy's writes the samples.
        live: the newest, accepted or not.
    """

    base: ModelRef
    seed: ModelRef | None
    previous: ModelRef | None
    round_start: ModelRef
    live: ModelRef

    def state(self, frozen: str) -> ModelRef:
        """A state by its name in the recipe; where there is no seed or no previous model, the base stands for it."""
        found: ModelRef | None = getattr(self, frozen)
        return found or self.base


class Lineage(Ref):
    """One model through the rounds.

    Attributes:
        base, seed: where it began, and its warm start's model where there is one.
        current: what plays in the next round.
        previous: what played before it; None until there is one.
        newest: trained last, accepted or not; None until there is one.
        selections: what each round kept for it, in order.
        phases: what played at the end of the latest finished phase of each name.
    """

    base: ModelRef
    seed: ModelRef | None = None
    current: ModelRef
    previous: ModelRef | None = None
    newest: ModelRef | None = None
    selections: tuple[StepRef, ...] = ()
    phases: dict[str, ModelRef] = {}  # noqa: RUF012

    def states(self) -> States:
        """What the next round can ask of it."""
        return States(
            base=self.base, seed=self.seed, previous=self.previous, round_start=self.current,
            live=self.newest or self.current,
        )  # fmt: skip

    def start_model(self, start_from: StartFrom) -> ModelRef:
        """The model that a training starts from, but for the champion, which a loop knows."""
        assert start_from != "seed" or self.seed is not None, "the recipe was checked for a warm start"
        return self._of_phase(start_from) or {"base": self.base, "seed": self.seed}.get(start_from) or self.current

    def reference_model(self, reference: Reference, start: ModelRef) -> ModelRef:
        """The frozen model of a preference objective. `previous` is the model before the start model, and until there
        is one the base."""
        models = {"base": self.base, "seed": self.seed, "start": start, "previous": self.previous}
        return self._of_phase(reference) or models[reference] or self.base

    def _of_phase(self, name: str) -> ModelRef | None:
        """What `phase:NAME` means; None for other names."""
        return self.phases[name.removeprefix("phase:")] if name.startswith("phase:") else None

    def advanced(self) -> Lineage:
        """After a round: what it trained plays from here on. For a role; the policy has a gate."""
        if self.newest is None or self.newest == self.current:
            return self
        return self.model_copy(update={"current": self.newest, "previous": self.current})


ROUNDS_BACK = {"this_round": 0, "last_two_rounds": 1}


def window(data: str, steps: tuple[StepRef, ...], round: int) -> tuple[StepRef, ...]:
    """The steps whose rows a round trains on. Rounds are counted, not steps: one without a step leaves a gap.

    Args:
        data: of `train`.
        steps: of this round and of those before, at most one a round.
    """
    first = round - ROUNDS_BACK[data] if data in ROUNDS_BACK else 0
    return tuple(step for step in steps if first <= step.round <= round)
