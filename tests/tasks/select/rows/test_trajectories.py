"""Advantages of the parts of a chain, with the worked numbers of S2R."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configs.errors import RecipeError
from configs.schema.rows import TrajectoryRow
from tasks.core.joined import Candidate
from tasks.core.records import Example, Span
from tasks.core.tables import read_records
from tasks.select.filters.filter import Draw
from tasks.select.rows.kinds import Told, rows_of
from tasks.select.rows.tables import write_selection
from tasks.select.rows.trajectories import Baselines, advantages_of
from tests.build.records import make_problem, make_recipe
from tests.tasks.select.chains import candidates


def told(string: str) -> list[Told]:
    """Of R-V+R+V+: wrong attempt, true verdict, right attempt, true verdict."""
    found: list[Told] = []
    for place in range(0, len(string), 2):
        letter, is_good = string[place], string[place + 1] == "+"
        on_right = letter == "V" and found[-1].is_good
        found.append(Told(letter == "V", is_good, on_right))
    return found


PLAIN = TrajectoryRow(change_bonus=1, right_verdict_bonus=1)


def test_advantages_by_hand() -> None:
    """R-V+R+V+ with baselines -.2, .5, .2, .6: -.8, .5, .8, .4; with bonuses -.8, .5, 1.6, .8."""
    baselines = [-0.2, 0.5, 0.2, 0.6]
    assert advantages_of(told("R-V+R+V+"), baselines, PLAIN) == pytest.approx([-0.8, 0.5, 0.8, 0.4])
    assert advantages_of(told("R-V+R+V+"), baselines, TrajectoryRow()) == pytest.approx([-0.8, 0.5, 1.6, 0.8])


def test_bonuses_are_for_changes_and_for_verdicts_on_right_attempts() -> None:
    zeros = [0.0] * 6
    assert advantages_of(told("R+V-R-V+R-V-"), zeros, TrajectoryRow()) == [1, -2, -2, 1, -1, -1]
    assert advantages_of(told("R+V+"), [None, 0.5], TrajectoryRow()) == [0, 1]


def test_the_outcome_is_the_last_attempt_s() -> None:
    outcome = TrajectoryRow(reward="outcome")
    assert advantages_of(told("R-V+R+V-"), [0.9] * 4, outcome) == [1, 1, 1, 1]
    assert advantages_of(told("R+V-R-V-"), [None] * 4, outcome) == [-1, -1, -1, -1]


@pytest.mark.parametrize(("number", "expected"), [(10, [0.6, -1.4]), (9, [0.0, 0.0])])
def test_a_group_of_ten_has_a_baseline(number: int, expected: list[float]) -> None:
    """Ten rewards with seven +1: baseline .4, advantages .6 and -1.4; nine of them: none."""
    baselines = Baselines(PLAIN)
    strings = ["R+"] * 7 + ["R-"] * (number - 7)
    for string in strings:
        baselines.add(told(string), 0.5)
    found = [advantages_of(told(string), baselines.of(told(string), 0.5), PLAIN)[0] for string in ("R+", "R-")]
    assert found == pytest.approx(expected)


def test_what_makes_a_group() -> None:
    """Of R+V+ and R-V+ the verdicts stand at one place, and after other strings; problems of other rates are apart."""
    for group, same_rate, sizes in (
        ("position", False, [3, 3]), ("position", True, [2, 2]), ("prefix", False, [3, 2]), ("prefix", True, [2, 1])
    ):  # fmt: skip
        config = TrajectoryRow(group=group, same_rate=same_rate, min_group=1)
        baselines = Baselines(config)
        for string, rate in (("R+V+", 0.5), ("R-V+", 0.5), ("R+V-", 0.25)):
            baselines.add(told(string), rate)
        smallest = [
            next(size for size in (3, 2, 1) if baselines_at(baselines, config, size)[place] is not None)
            for place in (0, 1)
        ]
        assert smallest == sizes, (group, same_rate)


def baselines_at(baselines: Baselines, config: TrajectoryRow, size: int) -> list[float | None]:
    """Baselines of R+V+ where groups need this size."""
    baselines._config = config.model_copy(update={"min_group": size})
    return baselines.of(told("R+V+"), 0.5)


def write(group: list[Candidate], folder: Path, **row: Any) -> tuple[list[Example], dict[str, Any]]:
    steps = [{"part": "verdict"}, {"part": "attempt"}]
    recipe = make_recipe(
        generate={"kind": "revise", "max_tokens": 8, "steps": steps}, select=[{"kind": "judged"}],
        rows=[{"kind": "trajectory", **row}], train={"objective": {"kind": "offline_pg"}, "start_from": "seed"},
    )  # fmt: skip
    numbers = write_selection(folder, lambda: iter([group]), recipe, Draw(0, 1))
    return list(read_records(folder / "examples.parquet", Example)), dict(numbers)


def test_a_chain_is_one_row_with_an_advantage_a_piece(tmp_path: Path) -> None:
    group = candidates({"a": "W - R +", "b": "R +"}, make_problem(question="How many?"))
    links = {"verdict": ["; "], "attempt": ["! "]}
    rows, numbers = write(group, tmp_path, links=links, min_group=2)
    first, second = rows
    assert first.completion == (
        Span("W 0"), Span("; ", 0.0), Span("- 1"), Span("! ", 0.0), Span("R 2"), Span("; ", 0.0), Span("+ 3")
    )  # fmt: skip
    assert first.advantages == (-1.0, 0.0, 0.0, 0.0), "the later places have one chain alone"
    assert second.advantages == (1.0, 0.0), "of two verdicts both are true"
    assert (numbers["num_rows"], numbers["num_parts"], numbers["num_parts_without_baseline"]) == (2, 6, 2)
    rows, numbers = write(group, tmp_path, reward="outcome")
    assert [row.advantages for row in rows] == [(1.0,) * 4, (1.0,) * 2] and numbers["num_parts"] == 0


def test_other_texts_are_shown_and_not_learnt() -> None:
    """A critique has no reward, and what the solution says is nobody's doing."""
    (one,) = candidates({"a": "W because R"})
    (row,) = rows_of(one, TrajectoryRow(), Draw(0, 1))
    assert [span.weight for span in row.completion] == [1, 0, 1]
    assert [part.is_good for part in row.told] == [False, True]


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"train": {"objective": {"kind": "offline_pg"}}}, "rows: the objective offline_pg trains on texts with"),
        ({"rows": [{"kind": "trajectory"}]}, "rows.0: the objective sft reads no advantages"),
        ({"rows": [{"kind": "splice"}, {"kind": "trajectory"}], "train": {"objective": {"kind": "kto"}}},
         "rows.1: the objective kto reads no advantages"),
        ({"rows": [{"kind": "trajectory"}], "weigh": {"kind": "by_problem"},
          "train": {"objective": {"kind": "offline_pg"}}}, "weigh: examples are weighed"),
        ({"rows": [{"kind": "trajectory"}],
          "train": {"objective": {"kind": "offline_pg"}, "formats": [{"prompt": "few_shot_direct"}]}},
         "formats: trajectories are trained on as they are"),
        ({"rows": [{"kind": "trajectory", "judge": "nobody"}], "train": {"objective": {"kind": "offline_pg"}}},
         "rows.0.judge: no judge is called 'nobody'"),
    ],
)  # fmt: skip
def test_rows_that_do_not_fit_are_refused(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as raised:
        make_recipe(**sections)
    assert message in str(raised.value)
