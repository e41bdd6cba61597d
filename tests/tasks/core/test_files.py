"""A step's samples are read as answers, unless all texts are asked for."""

from __future__ import annotations

from pathlib import Path

from infra.store.folder import FolderStore
from tasks.core.files import SAMPLES
from tasks.core.ledger import Ledger
from tasks.core.records import Part, Sample
from tasks.core.step import StepSpec
from tasks.core.tables import write_records
from tests.build import make_sample


def test_samples_are_answers_unless_all_texts_are_asked_for(tmp_path: Path) -> None:
    ledger, out = Ledger(FolderStore(tmp_path / "store"), tmp_path / "work", {}), tmp_path / "out"
    out.mkdir()
    texts = [make_sample(index=index, part=part) for index, part in enumerate(Part)]
    for number, start in enumerate((0, 5)):
        write_records(out / SAMPLES.file(number), Sample, texts[start : start + 5])
    step = ledger.publish(StepSpec("demo", "generate", 1, {}), out, {}, 1.0)
    assert [one.part for one in SAMPLES.read(ledger, step)] == [Part.ATTEMPT, Part.STEP]
    assert list(SAMPLES.read_all(ledger, step)) == texts and len(texts) == len(Part)
