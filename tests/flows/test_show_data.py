"""`selfloop data`: the problems as the model is given them, lengths in tokens, and what a run would refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from configs.schema.load import check_recipe
from flows.run.show_data import Shown, show_data

pytestmark = pytest.mark.slow
TEMPLATE = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}\n{% endfor %}<assistant>"


def shown(folder: Path, rows: list[dict[str, Any]], limit: int = 0, **source: Any) -> Shown:
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    mapping = {"answer": {"field": "answer"}, "solution": {"field": "work"}}
    recipe = {
        "name": "a",
        "model": yaml.safe_load('{kind: tiny_llama, alphabet: "0123456789+*=?.,: abcdefghijklmnopqrstuvwxyz"}'),
        "services": {"store": str(folder / "store")},
        "generate": {"max_tokens": 9},
        "problems": {"source": {"path": "rows.jsonl", "mapping": mapping, **source}},
    }
    return show_data(check_recipe(recipe), folder, num_rows=1, limit=limit)


def sums(count: int) -> list[dict[str, Any]]:
    return [{"question": f"{n:03}+1=", "answer": n + 1, "work": f"{n + 1}."} for n in range(count)]


def test_rows_lengths_and_sets_are_shown(tmp_path: Path) -> None:
    found = shown(tmp_path, [*sums(40), *sums(2), {"question": "a longer question?", "answer": "7", "work": "7"}])
    text = "\n".join(found.lines)
    assert found.is_sound
    assert text.startswith("problems: train 33, select 4, report 4\n")
    assert "repeated: rows.jsonl, row 40: the same problem as rows.jsonl, row 0 ('000+1=')" in text
    assert "no problem is in two sets" in text
    assert "  | 00" in text and "gold: '" in text
    lengths = [line.split() for line in found.lines if " to " in line and "#" in line]
    assert sum(int(parts[3]) for parts in lengths) == 41
    assert "tokens of the prompt, 6 to 18" in text, "a character is a token of this model"
    assert "worked solutions: 33, up to 4 tokens" in text or "worked solutions: 33, up to 3 tokens" in text


def test_what_a_run_refuses_is_shown_with_the_rest(tmp_path: Path) -> None:
    found = shown(tmp_path, [*sums(20), {"question": "yes?", "answer": "yes", "work": ""}], limit=5)
    text = "\n".join(found.lines)
    assert not found.is_sound
    assert "1 rows that a run refuses" in text and "rows.jsonl, row 20 ('yes?') has the gold answer 'yes'" in text
    assert "5 of 16 problems (--limit counts more)" in text


def test_a_chat_that_the_model_cannot_be_given_is_told(tmp_path: Path) -> None:
    found = shown(tmp_path, [*sums(20), {"question": "Capitals?", "answer": "1", "work": ""}])
    assert not found.is_sound and any("cannot be given 1 problems" in line for line in found.lines)
