"""Rows of training as token ids in a file: written once, narrow, mapped into memory, and the same rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from configs.errors import UserError
from configs.schema.objective import Kto, Sft
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.token_rows import ROWS_AT_ONCE, encode_file, read_token_rows, write_token_rows
from tests.infra.engines.training import encode_rows, make_request, prepare_rows, said

pytestmark = pytest.mark.slow

NUM_ROWS = ROWS_AT_ONCE + 3


def examples(last_weight: float = 1.0) -> Iterator[dict[str, Any]]:
    """More rows than are encoded at once; a part of the last may have another weight."""
    for number in range(NUM_ROWS):
        parts = [*said("1"), *said("2", last_weight if number == NUM_ROWS - 1 else 1.0)]
        messages = [{"role": "user", "content": f"{number}+1="}]
        yield {"messages": messages, "completion": parts, "weight": 1.0, "is_desirable": number % 2 == 0}


def encode(base: Path, path: Path, objective: Any, rows: Iterator[dict[str, Any]], **optimizer: Any) -> Any:
    from infra.engines.chat.load import load_chat
    from infra.engines.train.objectives.registry import objective_of
    from infra.engines.train.rows import Encoder

    source = path.with_name("rows.jsonl")
    source.write_text("")
    encoder = Encoder(load_chat(ModelFiles("base", base)), optimizer.get("max_length", 64))
    request = make_request(base, objective, source, **optimizer)
    return encode_file(path, rows, objective_of(objective), request, encoder)


@pytest.mark.parametrize("objective", [Sft(), Kto()], ids=str)
def test_the_rows_of_a_file_are_those_that_are_encoded_one_by_one(base: Path, tmp_path: Path, objective: Any) -> None:
    from infra.engines.chat.load import load_chat
    from infra.engines.train.objectives.registry import objective_of
    from infra.engines.train.rows import Encoder

    kind, path = objective_of(objective), tmp_path / "tokens.arrow"
    found = encode(base, path, objective, examples())
    one_by_one, _ = encode_rows(kind.rows, examples(), Encoder(load_chat(ModelFiles("base", base)), 64))
    rows = read_token_rows(path, found.dropped)
    assert (found.num_rows, found.num_too_long, len(rows)) == (NUM_ROWS, 0, NUM_ROWS)
    assert list(rows) == one_by_one
    assert rows.cache_files, "it lies in the file, not in memory"
    if kind.lay_out is not None:
        request = make_request(base, objective)
        write_token_rows(tmp_path / "laid.arrow", kind.lay_out(rows, request))
        assert list(read_token_rows(tmp_path / "laid.arrow")) == prepare_rows(kind, one_by_one, request)


@pytest.mark.parametrize(
    ("asked", "answer", "unknown"), [("1+ß=", "2", "'ß'"), ("1+1=", "é2ü", "'é', 'ü'")], ids=["prompt", "answer"]
)
def test_a_row_that_the_tokenizer_cannot_read_is_told_with_its_characters(
    base: Path, tmp_path: Path, asked: str, answer: str, unknown: str
) -> None:
    row = {"messages": [{"role": "user", "content": asked}], "completion": said(answer), "weight": 1.0}
    with pytest.raises(UserError, match=rf"no token for {unknown}, in .*(ß|é2ü)") as error:
        encode(base, tmp_path / "tokens.arrow", Sft(), iter([*islice(examples(), 3), row]))
    assert "model.alphabet" in str(error.value.fix)


def test_ids_are_of_32_bits_and_weights_are_kept_where_one_is_not_1(base: Path, tmp_path: Path) -> None:
    plain = encode(base, tmp_path / "plain.arrow", Sft(), examples())
    assert plain.dropped == ("input_ids_weights",)
    kept = encode(base, tmp_path / "kept.arrow", Sft(), examples(last_weight=0.5))
    assert kept.dropped == ()
    rows = read_token_rows(tmp_path / "kept.arrow")
    assert rows[0]["input_ids_weights"] == [1.0] * len(rows[0]["input_ids"])
    assert 0.5 in rows[NUM_ROWS - 1]["input_ids_weights"]
    schema = pa.ipc.open_stream(tmp_path / "plain.arrow").schema
    assert schema.field("input_ids").type == schema.field("labels").type == pa.list_(pa.int32())


def test_a_resumed_phase_finds_its_file_and_another_request_encodes_again(base: Path, tmp_path: Path) -> None:
    path = tmp_path / "tokens.arrow"

    def unread() -> Iterator[dict[str, Any]]:
        raise AssertionError("the rows are read again")
        yield

    first = encode(base, path, Sft(), examples())
    assert encode(base, path, Sft(), unread()) == first
    shorter = encode(base, path, Sft(), examples(), max_length=8)
    assert shorter.num_too_long and shorter.num_rows + shorter.num_too_long == NUM_ROWS
    assert len(read_token_rows(path, shorter.dropped)) == shorter.num_rows
    told = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps({**told, "fingerprint": "of another"}))
    with pytest.raises(AssertionError, match="read again"):
        encode(base, path, Sft(), unread(), max_length=8)
