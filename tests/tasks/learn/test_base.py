"""Weights that exist already: what is laid over them is part of the model, and of every key that it enters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configs.schema.model import PretrainedModel
from configs.schema.train import Lora
from tasks.core.refs import ModelRef
from tasks.learn.base import pretrained_model
from tasks.learn.targets import named_layers
from tests.build.benches import open_bench
from tests.build.records import make_recipe

TEMPLATE = "{{ messages[0].content }}"


def model_of(folder: Path, **fields: Any) -> ModelRef:
    """The model of a folder with no real weights: none are read."""
    weights = folder / "model"
    weights.mkdir(exist_ok=True)
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (weights / name).write_text("{}")
    with open_bench(folder) as bench:
        return pretrained_model(bench, PretrainedModel(base=str(weights), **fields), "base")


def test_what_a_template_reads_makes_another_model(tmp_path: Path) -> None:
    (tmp_path / "t.jinja").write_text(TEMPLATE)
    changes: list[dict[str, Any]] = [
        {}, {"chat_template": "t.jinja"}, {"chat_template_name": "rag"}, {"chat_template_date": "2024-07-26"},
        {"chat_template_kwargs": {"enable_thinking": False}}, {"chat_template_kwargs": {"enable_thinking": True}},
    ]  # fmt: skip
    models = [model_of(tmp_path, **fields) for fields in changes]
    assert len({model.digest for model in models}) == len(changes)
    assert model_of(tmp_path, chat_template_date="2026-01-01").digest == models[0].digest, "the default, written out"
    assert (models[2].chat_template_name, models[3].chat_template_date) == ("rag", "2024-07-26")


def test_a_byte_order_mark_is_no_part_of_a_template(tmp_path: Path) -> None:
    digests = set()
    for content in (TEMPLATE.encode(), b"\xef\xbb\xbf" + TEMPLATE.encode()):
        (tmp_path / "t.jinja").write_bytes(content)
        model = model_of(tmp_path, chat_template="t.jinja")
        assert model.chat_template == TEMPLATE
        digests.add(model.digest)
    assert len(digests) == 1


def test_a_template_beside_the_weights_is_part_of_them(tmp_path: Path) -> None:
    """Also a named one in the folder where transformers keeps them."""
    plain = model_of(tmp_path).digest
    (tmp_path / "model/additional_chat_templates").mkdir()
    (tmp_path / "model/additional_chat_templates/rag.jinja").write_text(TEMPLATE)
    assert model_of(tmp_path).digest != plain


LORA = {"kind": "lora", "target_modules": ["q_proj"]}


@pytest.mark.parametrize(
    ("sections", "named"),
    [
        ({}, []),
        ({"train": {"tune": {"kind": "lora"}}}, []),
        ({"train": {"tune": LORA}}, [("q_proj",)]),
        ({"phases": [{"name": "a", "rounds": 2, "set": {"train": {"tune": LORA}}}]}, [("q_proj",)]),
    ],
)
def test_layers_that_a_recipe_names_are_found(sections: dict[str, Any], named: list[Any]) -> None:
    recipe = make_recipe(**{"warm_start": None, "train": {}, **sections})
    found = named_layers(recipe, "policy")
    assert [tune.target_modules for tune in found] == named
    assert all(isinstance(tune, Lora) for tune in found)
