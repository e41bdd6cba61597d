"""A step's key says what defines it; its record proves itself."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import StoreError
from tasks.core.refs import FileRef
from tasks.core.step import StepSpec, canonical_json, derive_seed, digest, read_record, write_record

SPEC = StepSpec("demo", "judge", 3, {"judge": [{"kind": "answer"}]}, {"samples": "a" * 64}, 7, {"judge": 1})
FILES = [FileRef(name="verdicts.parquet", sha256="b" * 64, size_bytes=12)]


def test_the_prefix_is_readable_and_ends_in_the_key() -> None:
    assert SPEC.prefix == f"demo/round-003/judge/{SPEC.key[:12]}"


def test_the_experiment_name_is_not_part_of_the_key() -> None:
    assert StepSpec("other", *(getattr(SPEC, name) for name in list(SPEC.payload))).key == SPEC.key


@pytest.mark.parametrize("change", [{"stage": "select"}, {"round": 4}, {"config": {}}, {"inputs": {}}, {"seed": 8},
                                    {"versions": {"judge": 2}}])  # fmt: skip
def test_whatever_defines_a_step_changes_its_key(change: dict) -> None:
    values = {"experiment": "demo", **SPEC.payload, **change}
    assert StepSpec(**values).key != SPEC.key


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none(), max_size=5))
def test_the_order_of_keys_does_not_matter(value: dict) -> None:
    assert digest(value) == digest(dict(reversed(value.items())))
    assert json.loads(canonical_json(value)) == value


def test_seeds_of_different_places_differ() -> None:
    seeds = {derive_seed(0, round, stage) for round in range(50) for stage in ("generate", "train", "select")}
    assert len(seeds) == 150
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_a_record_comes_back_as_the_step() -> None:
    record = write_record(SPEC, FILES, {"num_samples": 4}, 1.5, {"git_commit": "abc"})
    ref = read_record(record, SPEC.prefix, SPEC.key)
    assert (ref.stage, ref.round, ref.files, ref.summary, ref.seconds) == (
        "judge",
        3,
        tuple(FILES),
        {"num_samples": 4},
        1.5,
    )
    assert ref.is_reused


@pytest.mark.parametrize("spoil", [b"", b"{}", b"[1]", b"not json"])
def test_what_is_no_record_is_named(spoil: bytes) -> None:
    with pytest.raises(StoreError, match=rf"{SPEC.prefix}/record.json is not a record\n  fix: run again"):
        read_record(spoil, SPEC.prefix, SPEC.key)


def test_a_changed_record_is_refused() -> None:
    record = write_record(SPEC, FILES, {"num_samples": 4}, 1.5, None).replace(b'"num_samples": 4', b'"num_samples": 5')
    with pytest.raises(StoreError, match="does not match its own digest"):
        read_record(record, SPEC.prefix, SPEC.key)


def test_the_record_of_another_step_is_refused() -> None:
    record = write_record(SPEC, FILES, {}, 1.5, None)
    with pytest.raises(StoreError, match="is of another step"):
        read_record(record, SPEC.prefix, "f" * 64)
