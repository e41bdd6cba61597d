"""Where there is no process to fork engines from, an engine is a new program; one that dies says where to look."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from configs.errors import EngineEndedError, EngineError
from configs.schema.model import TinyLlama
from infra.engines.models.build import build_model
from infra.engines.models.weights import check_model_folder
from infra.process.forking import close_servers

pytestmark = pytest.mark.slow
SMALL = TinyLlama(hidden_size=16, intermediate_size=32, num_layers=1, num_heads=2, max_length=32)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    close_servers()


def interpreter(folder: Path, monkeypatch: pytest.MonkeyPatch, program: str, instead: str) -> None:
    """Engines run under an interpreter that does something else in place of one program."""
    script = folder / "python"
    script.write_text(f'#!/bin/sh\ncase "$*" in *{program}*) {instead};; esac\nexec {sys.executable} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("SELFLOOP_ENGINE_PYTHON", str(script))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def test_without_a_process_to_fork_from_engines_are_new_programs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    interpreter(folder, monkeypatch, "fork_server", "echo the imports are broken >&2; exit 7")
    build_model(SMALL, 0, folder / "model", work_dir=folder / "work")
    check_model_folder(folder / "model")
    (said,) = caplog.messages
    assert "exit status 7" in said and "the imports are broken" in said and "/proc/" not in said


@pytest.mark.parametrize(
    ("instead", "was_killed"), [("echo last words >&2; kill -9 $$", True), ("echo last words >&2; exit 3", False)]
)
def test_a_program_that_dies_names_a_log_that_can_be_opened_and_what_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch, instead: str, was_killed: bool
) -> None:
    interpreter(folder, monkeypatch, "", instead)  # in place of every program
    with pytest.raises(EngineError, match="the process ended before its work was done") as caught:
        build_model(SMALL, 0, folder / "model", work_dir=folder / "work")
    assert "last words" in caught.value.message
    assert isinstance(caught.value, EngineEndedError) is was_killed, "the same again may end well: only then"
    (log,) = re.findall(r"last lines of (\S+):", caught.value.message)
    assert Path(log).read_text().endswith("last words\n")
    assert str(caught.value.fix).startswith("run the same command again") and log in str(caught.value.fix)
