"""`selfloop plan`: what would run, what is reused, and what it takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from configs.errors import UserError
from flows.commands.check import Overrides


def plan(
    recipe: Path,
    *,
    overrides: Overrides = (),
    why: bool = False,
    gpus: int | None = None,
    price: float | None = None,
    draw_speed: float | None = None,
    read_speed: float | None = None,
    train_speed: float | None = None,
) -> None:
    """Print the resolved recipe, each step as reused or new, and the cost of the new ones.

    Parameters
    ----------
    recipe
        A YAML file.
    why
        Say below each new step what differs from the newest published step of its stage.
    gpus
        Say how many hours, GPU hours and how much money the new steps take on so many GPUs, by the speeds that the
        latest finished round had, or by those given here.
    price
        Of one GPU hour, in any currency.
    draw_speed
        Tokens that one GPU writes in a second.
    read_speed
        Tokens of prompts that one GPU reads in a second, for judges.
    train_speed
        Tokens that one GPU trains on in a second.
    """
    from configs.schema.load import dump_recipe, load_recipe
    from flows.run.plan import explain_new, make_plan
    from flows.services.addresses import resolve_addresses
    from infra.store.address import open_store
    from tasks.plan.hours import Price
    from tasks.plan.speeds import Speeds

    speeds = Speeds(draw_speed, read_speed, train_speed)
    refuse_amounts(gpus, {"price": price, **{f"{name}-speed": one for name, one in asdict(speeds).items()}})
    checked = load_recipe(recipe, overrides)
    addresses = resolve_addresses(checked.services)
    store = open_store(addresses.store)
    plan = make_plan(checked, store, addresses.work_dir, Path.cwd(), Price(gpus, price) if gpus else None, speeds)
    print(dump_recipe(checked))
    print(f"experiment {checked.name} in {store.uri}")
    for line in plan.lines(explain_new(plan, store, checked.name) if why else None):
        print(line)


def refuse_amounts(gpus: int | None, amounts: Mapping[str, float | None]) -> None:
    """Refuse a number of GPUs, a price or a speed of none or less, and any of the others without GPUs.

    Args:
        amounts: what else was given, by the name of its option.

    Raises:
        UserError: names the option.
    """
    for name, amount in {"gpus": gpus, **amounts}.items():
        if amount is not None and not 0 < amount < math.inf:
            raise UserError(f"--{name} cannot be {amount:g}", f"write a number above 0, such as --{name} 8")
        if amount is not None and gpus is None:
            raise UserError(f"--{name} says nothing without --gpus", "say on how many GPUs: --gpus 8")
