from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.tracking import entries
from infra.tracking.connect import is_server, without_password


@given(st.lists(st.integers()), st.integers(1, 7))
def test_batches_keep_everything_in_order(items: list[int], size: int) -> None:
    batches = list(entries.in_batches(items, size))
    assert [item for batch in batches for item in batch] == items
    assert all(len(batch) == size for batch in batches[:-1])


@given(st.text(), st.integers(3, 20))
def test_a_cut_value_fits_and_says_so(text: str, length: int) -> None:
    short = entries.cut(text, length)
    assert len(short) <= length
    assert short == text.replace("\0", "\ufffd") or short.endswith("...")


def test_only_numbers_are_metrics() -> None:
    assert entries.finite({"a": 1, "b": float("nan"), "c": float("-inf")}) == {"a": 1.0}


def test_a_table_is_columns_and_rows() -> None:
    rows = [{"text": "4", "kept": True}, {"text": "5", "kept": False}]
    assert json.loads(entries.table_json(rows)) == {"columns": ["text", "kept"], "data": [["4", True], ["5", False]]}
    assert json.loads(entries.table_json([])) == {"columns": [], "data": []}


def test_a_table_is_listed_once() -> None:
    once = entries.with_table(None, "a.json")
    assert json.loads(once) == [{"path": "a.json", "type": "table"}]
    assert entries.with_table(once, "a.json") == once
    assert len(json.loads(entries.with_table(once, "b.json"))) == 2


@pytest.mark.parametrize(
    ("uri", "kind"),
    [("s3://bucket/a", "s3"), ("/data/a", "local"), ("file:///data/a", "local"), ("hub:org/set@abc", "external")],
)
def test_where_a_dataset_lies(uri: str, kind: str) -> None:
    assert entries.dataset_source(uri) == (kind, json.dumps({"uri": uri}))


@pytest.mark.parametrize(
    ("uri", "through_server", "source"),
    [
        ("s3://bucket/a", True, "s3://bucket/a"),
        ("/data/a", False, "/data/a"),
        ("/data/a", True, "folder:///data/a"),
        ("file:///data/a", True, "folder:///data/a"),
    ],
)
def test_a_servers_model_never_names_a_path_of_this_disk(uri: str, through_server: bool, source: str) -> None:
    assert entries.model_source(uri, through_server) == source


def test_addresses_are_shown_without_passwords() -> None:
    assert without_password("http://me:secret@host:5000/x") == "http://host:5000/x"
    assert without_password("http://host:5000") == "http://host:5000"
    assert without_password("sqlite:////data/mlflow.db") == "sqlite:////data/mlflow.db"
    assert is_server("https://host") and not is_server("sqlite:///mlflow.db")
