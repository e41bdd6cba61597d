"""What a node finds wrong with itself is one message that names the node and what to do."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from configs.errors import EngineError, StoreError
from infra.cluster.greeting import Greeting, answer, own_version
from infra.store.folder import FolderStore
from tests.infra.store.conftest import s3_environment  # noqa: F401
from tests.servers import free_port


@pytest.fixture
def greeting(tmp_path: Path) -> Greeting:
    store = FolderStore(tmp_path / "store")
    store.put("mine/cluster/word", b"open")
    return Greeting(own_version(), store.uri, "mine/cluster/word", "open")


def test_a_node_of_the_same_program_that_reads_the_word_can_be_of_use(greeting: Greeting) -> None:
    assert answer(greeting, "n1").read(greeting.key) == b"open"


def test_another_version_is_named_with_both(greeting: Greeting) -> None:
    with pytest.raises(EngineError, match=f"node n1 .* {own_version()}; this run has 9.9") as caught:
        answer(replace(greeting, version="9.9"), "n1")
    assert "install the same version" in str(caught.value.fix)


@pytest.mark.parametrize("there", ["no folder", "another folder"])
def test_a_folder_that_a_node_does_not_share_is_refused_and_not_made(greeting: Greeting, there: str) -> None:
    shutil.rmtree(greeting.store)
    if there == "another folder":
        FolderStore(Path(greeting.store))
    with pytest.raises(StoreError, match=r"node n1 .* does not see the store .*/store, a folder") as caught:
        answer(greeting, "n1")
    assert "into S3" in str(caught.value.fix)
    assert Path(greeting.store).exists() is (there == "another folder")


def test_a_node_without_credentials_says_where_it_takes_them_from(
    greeting: Greeting,
    s3_environment: pytest.MonkeyPatch,  # noqa: F811
) -> None:
    s3_environment.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free_port()}")
    s3_environment.setenv("AWS_REGION", "us-east-1")
    with pytest.raises(StoreError, match=r"node n1 of the cluster cannot use the store: .*credentials") as caught:
        answer(replace(greeting, store="s3://bucket/team"), "n1")
    assert "the environment in which `ray start` ran" in str(caught.value.fix)
