"""What the flow tells a node before it gives it work, and what the node finds wrong with itself.

A node is of use where it has the same program, and reaches the same store as the flow: the flow writes a word into the
store (`fleet.py`), and every node reads it.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from dataclasses import dataclass
from pathlib import Path

import infra
from configs.errors import EngineError, StoreError
from infra.store.address import open_store
from infra.store.base import Store

FLOORS = ("configs", "infra", "tasks")
"""of which something runs on nodes: of tasks the verifiers"""


@dataclass(frozen=True, slots=True)
class Greeting:
    """From the flow to a node.

    Attributes:
        version: of the flow's program (`own_version`).
        store: address, which holds no credentials.
        key: of the object that holds `word`.
    """

    version: str
    store: str
    key: str
    word: str


def own_version() -> str:
    """The package's version, and a digest of the sources that run on nodes: `0.1.0-1a2b3c4d5e6f`."""
    try:
        package = importlib.metadata.version("selfloop")
    except importlib.metadata.PackageNotFoundError:  # a bare checkout
        package = "unknown"
    digest = hashlib.sha256()
    root = Path(infra.__file__).parents[1]
    for path in sorted(path for floor in FLOORS for path in (root / floor).rglob("*.py")):
        digest.update(f"{path.relative_to(root)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return f"{package}-{digest.hexdigest()[:12]}"


def answer(greeting: Greeting, node: str) -> Store:
    """The store, for a node that can be of use.

    Args:
        node: the name of this one, for messages.

    Raises:
        EngineError: it has another version of the program.
        StoreError: it does not reach the flow's store: it has no credentials, or another folder.
    """
    if (own := own_version()) != greeting.version:
        raise EngineError(
            f"node {node} of the cluster has another version of selfloop, {own}; this run has {greeting.version}",
            "install the same version on every node, and start the nodes again",
        )
    if "://" not in greeting.store and not Path(greeting.store).is_dir():
        raise _unshared(greeting.store, node)
    try:
        store = open_store(greeting.store)
        found = store.read(greeting.key)
    except StoreError as error:
        raise StoreError(
            f"node {node} of the cluster cannot use the store: {error.message}",
            "give the node what this machine has (AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, or a "
            "role): it takes them from the environment in which `ray start` ran",
        ) from error
    if found != greeting.word.encode():
        if "://" in greeting.store:
            raise StoreError(
                f"node {node} of the cluster reaches another server than this machine under {greeting.store}",
                "give every node the same AWS_ENDPOINT_URL_S3, in the environment in which `ray start` runs",
            )
        raise _unshared(greeting.store, node)
    return store


def _unshared(folder: str, node: str) -> StoreError:
    return StoreError(
        f"node {node} of the cluster does not see the store {folder}, a folder of this machine",
        "put the store on a disk that every node has under the same path, or into S3: services: {store: "
        "s3://bucket/prefix}",
    )
