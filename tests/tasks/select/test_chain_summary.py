"""Chains by shape: what is wrong, right, truly and falsely called so, over a round."""

from __future__ import annotations

import pytest

from tasks.select.chain_summary import MOST_SHAPES, ChainSummary, shape_of
from tasks.select.selection import Selected
from tasks.select.summary import Numbers
from tests.tasks.select.chains import candidates


def numbers_of(*chains: str, inner: bool = True) -> Numbers:
    summary = ChainSummary()
    for place, chain in enumerate(chains):
        group = candidates({f"p{place}": chain}, inner=inner)
        summary.count(Selected(one, "correct" if place % 2 else None) for one in group)
    return summary.numbers()


def test_the_histogram_of_s2r() -> None:
    """The eight texts R+V+, R-V+R+V+, R+V-R+V+, R-V- twice, R-V+R-V- twice, R-; V+ is a true verdict."""
    told = numbers_of("R +", "W - R +", "R - R +", "W +", "W +", "W - W +", "W", "W - W +")
    assert told == {
        "num_chains": 8, "mean_attempts": 12 / 8, "verdict_recall_right": 3 / 4, "verdict_recall_wrong": 3 / 7,
        "num_chains_wf": 2, "num_chains_wtwf": 2, "num_chains_rfrt": 1, "num_chains_rt": 1, "num_chains_w": 1,
        "num_chains_wtrt": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("chain", "shape"),
    [("W words R", "wcr"), ("U - R", "wtr"), ("R ?", "rf"), ("M - R", "wfr"), ("0.5", "w"), ("R", "r")],
)
def test_other_texts_have_the_letter_of_their_part(chain: str, shape: str) -> None:
    (one,) = candidates({"p": chain})
    assert shape_of(one) == shape


def test_single_answers_are_no_chains() -> None:
    assert numbers_of("R", "W", "R") == {} == numbers_of()


def test_no_verdict_recalls_nothing_and_rare_shapes_are_one_number() -> None:
    told = numbers_of("W R", *(" ".join(["W"] * length) for length in range(1, MOST_SHAPES + 4)), "R R", "R R")
    assert told["verdict_recall_right"] is None and told["num_chains_rr"] == 2
    assert told["num_chains_other"] == 5
    assert sum(name.startswith("num_chains_") for name in told) == MOST_SHAPES + 1
