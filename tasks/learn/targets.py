"""The layers that a recipe's adapters are for, looked up in the model before anything is generated.

Called by the Prefect task of the base model.
"""

from __future__ import annotations

from configs.schema.recipe import Recipe
from configs.schema.role import POLICY
from configs.schema.train import Lora
from infra.engines.models.build import check_lora_targets
from tasks.core.bench import Workbench
from tasks.core.refs import ModelRef

ALL = Lora().target_modules


def check_targets(bench: Workbench, model: ModelRef, learner: str) -> None:
    """See that a base has the layers that are trained of it; nothing is started where a recipe names none.

    Args:
        learner: whose base it is; the policy's is also that of the roles like it.

    Raises:
        EngineError: names the layer.
    """
    roles = bench.whole.roles
    alike = [name for name, role in roles.items() if role.like == POLICY] if learner == POLICY else []
    for number, tune in enumerate(named_layers(bench.whole, learner, *alike)):
        work_dir = bench.ledger.work_dir / "targets" / f"{learner}-{number}"
        check_lora_targets(bench.model_files(model), tune, work_dir=work_dir)


def named_layers(recipe: Recipe, *learners: str) -> list[Lora]:
    """Adapters that a recipe, or one of its phases, wants on layers that it names: one of each choice of layers."""
    variants = [recipe, *(recipe.of_phase(index) for index in range(len(recipe.phases)))]
    found: dict[str | tuple[str, ...], Lora] = {}
    for variant in variants:
        for learner in learners:
            own = variant.for_learner(learner)
            for section in (own.warm_start, own.train if learner in variant.learners() else None):
                if section is not None and isinstance(section.tune, Lora) and section.tune.target_modules != ALL:
                    found.setdefault(section.tune.target_modules, section.tune)
    return list(found.values())
