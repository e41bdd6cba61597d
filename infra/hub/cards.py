"""Cards of the Hugging Face hub: a README.md whose first lines are YAML that the hub reads. Control side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CARD = "README.md"


@dataclass(frozen=True)
class Measured:
    """A number of a model, as the hub lists results.

    Attributes:
        name: of the set that it was measured on.
        split: select or report.
        metric: such as accuracy.
        value: a share in [0, 1].
    """

    name: str
    split: str
    metric: str
    value: float


def write_model_card(
    folder: Path, name: str, fields: Mapping[str, Any], results: Sequence[Measured], body: str
) -> None:
    """The card of a model's folder.

    Args:
        fields: of the front matter; None: left out.
        body: Markdown.
    """
    from huggingface_hub import EvalResult, ModelCard, ModelCardData

    found = [
        EvalResult(
            task_type="text-generation", dataset_type="private", dataset_name=one.name, dataset_split=one.split,
            metric_type=one.metric, metric_value=round(one.value, 4),
        )
        for one in results
    ]  # fmt: skip
    data = ModelCardData(model_name=name, eval_results=found or None, **_given(fields))
    ModelCard(_with_front_matter(data.to_yaml(), body)).save(folder / CARD)


def write_dataset_card(folder: Path, fields: Mapping[str, Any], body: str) -> None:
    """The card of a data set's folder; arguments as above."""
    from huggingface_hub import DatasetCard, DatasetCardData

    data = DatasetCardData(**_given(fields))
    DatasetCard(_with_front_matter(data.to_yaml(), body)).save(folder / CARD)


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _with_front_matter(yaml: str, body: str) -> str:
    return f"---\n{yaml}\n---\n\n{body}"
