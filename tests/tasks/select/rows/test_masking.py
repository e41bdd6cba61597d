"""Words of wrong attempts are masked where a row shows them, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from configs.schema.rows import MaskInput, TurnRow
from tasks.core.records import Message, spell
from tasks.select.filters.filter import Draw
from tasks.select.rows.kinds import rows_of
from tasks.select.rows.masking import mask_words
from tests.build.records import ask
from tests.tasks.select.chains import candidates


@pytest.mark.parametrize(("num_words", "masked"), [(40, 2), (19, 0), (20, 1), (0, 0)])
def test_a_share_of_the_words_rounded_down(num_words: int, masked: int) -> None:
    text = "\n".join(f"w{place}" for place in range(num_words))
    words = mask_words(text, MaskInput(), Draw(0, 1), "p/0").split("\n")
    assert words.count("<mask>") == masked and len(words) == max(num_words, 1)
    assert all(word in ("<mask>", f"w{place}", "") for place, word in enumerate(words))


def test_other_seeds_mask_other_words() -> None:
    text = " ".join("abcdefghijklmnopqrst")
    seen = {mask_words(text, MaskInput(), Draw(seed, 1), "p/0") for seed in range(20)}
    assert len(seen) > 5 and mask_words(text, MaskInput(), Draw(3, 1), "p/0") in seen


@pytest.mark.parametrize(("chain", "shown"), [("W R", "_ _"), ("R R", "R 0")])
def test_wrong_attempts_alone_and_only_in_what_is_shown(chain: str, shown: str) -> None:
    (one,) = candidates({"p/0": chain})
    first = one.attempts[0].sample.text
    chat = (*ask("W 0?"), Message("assistant", first), Message("user", f"look at {first}"))
    one = replace(one, sample=replace(one.sample, messages=chat, text=first))
    config = TurnRow(mask_input=MaskInput(share=1, text="_"))
    (row,) = rows_of(one, config, Draw(0, 1))
    assert [turn.content for turn in row.messages[1:]] == [shown, f"look at {shown}"]
    assert spell(row.completion) == first
