"""Taking a model away from the store. Called by `selfloop export`."""

from __future__ import annotations

import shutil
from pathlib import Path

from configs.errors import UserError
from configs.schema.role import POLICY
from infra.engines.models.build import merge_model, write_chat_files
from infra.engines.models.model_files import ModelFiles
from tasks.core.ledger import Ledger
from tasks.core.local_model import fetch_model
from tasks.core.refs import ModelRef
from tasks.report.entry import ReportEntry


def model_of_role(entry: ReportEntry, role: str) -> ModelRef:
    """What a role plays with after a round.

    Raises:
        UserError: the experiment has no such role, or it stays as it is and has no model in the store.
    """
    known = [name for name in entry.state.models if name != POLICY]
    if role not in known:
        one_of = f"write one of {', '.join(known)}" if known else "leave --role out: it exports the policy"
        experiment = entry.report.experiment
        raise UserError(f"{experiment} has no role '{role}' that learns or begins as the policy does", one_of)
    return entry.state.models[role].current


def export_model(ledger: Ledger, model: ModelRef, to: Path, merged: bool) -> str:
    """Write a model's files into a folder; returns what was written, in words.

    An adapter comes as PEFT's own files. Without one, or with `merged`, it is a folder that transformers and vLLM load.

    Raises:
        UserError: the folder is not empty.
        StoreError: a file is missing or damaged.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UserError(f"{to} is not an empty folder", "name a new folder in --to")
    try:
        files = fetch_model(ledger, model)
        return _write(files, to, merged, ledger.work_dir)
    finally:
        ledger.clear_cache()


def _write(files: ModelFiles, to: Path, merged: bool, work_dir: Path) -> str:
    if files.adapter is None:
        shutil.copytree(files.weights, to, dirs_exist_ok=True)
        write_chat_files(files, to, work_dir=work_dir / "chat")
        return "whole weights"
    if merged:
        merge_model(files, to, work_dir=work_dir / "merge")
        return "adapter merged into whole weights"
    shutil.copytree(files.adapter, to, dirs_exist_ok=True)
    return "adapter"
