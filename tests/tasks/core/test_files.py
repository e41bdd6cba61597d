"""A step's samples are read as answers, unless all texts are asked for."""

from __future__ import annotations

from pathlib import Path

from tasks.core.files import SAMPLES
from tasks.core.records import Part
from tasks.core.step import StepSpec
from tests.build.benches import make_ledger, publish_tables
from tests.build.records import make_sample


def test_samples_are_answers_unless_all_texts_are_asked_for(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path)
    texts = [make_sample(index=index, part=part) for index, part in enumerate(Part)]
    shards = {"shard-00000": texts[:5], "shard-00001": texts[5:]}
    step = publish_tables(ledger, StepSpec("demo", "generate", 1, {}), **shards)
    assert [one.part for one in SAMPLES.read(ledger, step)] == [Part.ATTEMPT, Part.STEP]
    assert list(SAMPLES.read_all(ledger, step)) == texts and len(texts) == len(Part)
