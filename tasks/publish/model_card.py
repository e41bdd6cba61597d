"""What the card of a published model says. Pure; `folders.py` writes it."""

from __future__ import annotations

from typing import Any

from configs.schema.model import PretrainedModel
from infra.hub.cards import Measured
from tasks.publish.recipe import public_name
from tasks.publish.sections import again_section, count_rounds, lineage_section, method_section
from tasks.publish.told import Told
from tasks.report.table import format_interval, markdown_rows, table_rows_of


def model_fields(told: Told) -> dict[str, Any]:
    """Front matter of the model's card."""
    return {
        "license": told.licence,
        "library_name": "peft" if told.is_adapter else "transformers",
        "pipeline_tag": "text-generation",
        "base_model": told.base_id,
        "base_model_relation": None if told.base_id is None else "adapter" if told.is_adapter else "finetune",
        "datasets": [told.data_repository] if told.data_repository else None,
        "tags": ["selfloop", "self-improvement", told.recipe.train.objective.kind],
    }


def results(told: Told) -> list[Measured]:
    """The model's accuracies, as the hub lists them."""
    sets = (("report", "held out, only measured"), ("select", "held out, decides on promotions"))
    metrics = told.champion.report.metrics
    return [
        Measured(f"{name} set of {told.experiment} ({what})", name, "accuracy", metrics[f"{name}_accuracy"])
        for name, what in sets
        if f"{name}_accuracy" in metrics
    ]


def model_body(told: Told) -> str:
    """The model's card."""
    return "\n".join(
        (
            f"# {told.experiment}: {told.model.name}\n",
            f"A model that improved itself: the champion of the experiment `{told.experiment}` after "
            f"{count_rounds(len(told.entries) - 1)}, made with selfloop. This folder holds {told.kind}.\n",
            _base(told),
            "## Method\n",
            method_section(told.recipe),
            "## How good it is\n",
            _numbers(told),
            "## What was trained on what\n",
            lineage_section(told),
            _data(told),
            "## To make it again\n",
            again_section(told),
        )
    )


def _base(told: Told) -> str:
    model = told.recipe.model
    if not isinstance(model, PretrainedModel):
        return "Base: a small model with random weights, made by the run itself.\n"
    commit = f" at {told.base_commit}" if told.base_commit else ""
    return f"Base: `{told.base_id or public_name(model.base)}`{commit}, whose own licence holds besides.\n"


def _numbers(told: Told) -> str:
    """The table of rounds, and how sure the difference is."""
    first, champion = told.reports[0], told.champion.report
    lines = [
        "Greedy accuracy with 95 % Wilson intervals. The report set is only measured; the select set decides on "
        "promotions, so its numbers flatter.\n",
        *markdown_rows(table_rows_of(told.reports)),
        "",
    ]
    if champion.round != first.round:
        test = "" if told.p_value is None else f" (exact McNemar test on the same problems: p = {told.p_value:.2g})"
        lines.append(
            f"Report set: {format_interval(first.interval('report'))} in round 0, "
            f"{format_interval(champion.interval('report'))} in round {champion.round}{test}.\n"
        )
    return "\n".join(lines)


def _data(told: Told) -> str:
    where = f"the data set [{told.data_repository}](https://huggingface.co/datasets/{told.data_repository})"
    return f"The samples: {where if told.data_repository else 'the folder `data` beside this one'}.\n"
