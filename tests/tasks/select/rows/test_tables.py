"""The stage on files: rows, drops and numbers, for every kind of row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configs.errors import RecipeError
from configs.schema.recipe import Recipe
from tasks.core.records import Drop, DropReason, Label, Pair, Span, spell
from tasks.core.tables import read_records
from tasks.select.filters.filter import Draw, Group
from tasks.select.rows.formats import AS_IT_IS, Formats, LoadedFormat
from tasks.select.rows.tables import rows_file, write_selection
from tasks.select.summary import Numbers
from tests.build.candidates import make_candidate
from tests.build.records import make_recipe


def labelled(problem_id: str, *labels: Label, answers: str = "") -> Group:
    return [
        make_candidate(problem_id, index, label, {Label.CORRECT: 1.0, Label.WRONG: 0.0}.get(label),
                       answer=answers[index] if answers else None)
        for index, label in enumerate(labels)
    ]  # fmt: skip


RIGHT, WRONG, NONE = Label.CORRECT, Label.WRONG, Label.UNPARSEABLE
ROUND = [labelled("p", RIGHT, RIGHT, WRONG), labelled("q", RIGHT, WRONG, NONE), labelled("r", WRONG, WRONG)]


def write(
    out: Path, groups: Sequence[Group], recipe: Recipe, formats: Formats = AS_IT_IS, threshold: float | None = None
) -> tuple[list[Any], dict[str, str], Numbers]:
    numbers = write_selection(out, lambda: iter(groups), recipe, Draw(0, 1), formats, threshold)
    table = rows_file(recipe)
    rows = list(read_records(out / table.name, table.record))
    drops = {drop.sample_id: drop.reason for drop in read_records(out / "drops.parquet", Drop)}
    return rows, drops, numbers


def test_examples_are_the_kept_samples(tmp_path: Path) -> None:
    rows, drops, numbers = write(tmp_path, ROUND, make_recipe())
    assert [(row.sample_id, spell(row.completion), row.weight) for row in rows] == [
        ("p/0", "text 0", 1.0), ("p/1", "text 1", 1.0), ("q/0", "text 0", 1.0)
    ]  # fmt: skip
    assert drops == {"p/2": "wrong", "q/1": "wrong", "q/2": "unparseable", "r/0": "wrong", "r/1": "wrong"}
    assert (numbers["num_rows"], numbers["num_kept"], numbers["num_samples"]) == (3, 3, 8)
    assert (numbers["mean_weight"], numbers["weight_effective_samples"]) == (1.0, 3.0)
    assert "num_pairs" not in numbers
    assert sorted(path.name for path in tmp_path.iterdir()) == ["drops.parquet", "examples.parquet"]


def test_a_guided_examples_prefix_is_told_to_the_trainer(tmp_path: Path) -> None:
    guided = make_candidate("p", 1, text="one two", draw="guided", prefix="one ")
    rows, _, numbers = write(tmp_path, [[make_candidate("p", 0, WRONG), guided]], make_recipe(guide={}))
    assert [row.completion for row in rows] == [(Span("one "), Span("two"))]
    assert (numbers["num_kept_guided"], numbers["num_kept_iid"]) == (1, 0)
    unlearnt = make_recipe(guide={}, rows=[{"kind": "answer", "given": 0}])
    rows, _, numbers = write(tmp_path, [[guided]], unlearnt)
    assert [row.completion for row in rows] == [(Span("one ", 0.0), Span("two"))]


def test_star_counts_hinted_samples_apart_and_drops_shown_hints(tmp_path: Path) -> None:
    # ten problems, six solved, four tried again with a hint, three of them right
    groups = [labelled(f"p{number}", RIGHT if number < 6 else WRONG) for number in range(10)]
    for number in range(6, 10):
        label = RIGHT if number < 9 else WRONG
        groups[number].append(make_candidate(f"p{number}", 1, label, draw="hinted"))
    recipe = make_recipe(guide={"kind": "answer"})
    rows, _, numbers = write(tmp_path, groups, recipe)
    assert len(rows) == numbers["num_kept"] == 9
    assert numbers["num_kept_hinted"] == 3 and numbers["num_kept_iid"] == 6
    groups[6].append(make_candidate("p6", 2, text="The Hint says so", draw="hinted"))
    _, drops, numbers = write(tmp_path, groups, recipe)
    assert drops["p6/2"] == "hint_shows" and numbers["dropped_hint_shows"] == 1 and numbers["num_rows"] == 9


def test_entropy_weights_land_in_the_rows(tmp_path: Path) -> None:
    groups = [
        labelled("a", *[RIGHT] * 4, *[WRONG] * 4, answers="11112222"),
        labelled("b", *[RIGHT] * 7, WRONG, answers="11111112"),
        labelled("c", *[RIGHT] * 3, *[WRONG] * 5, answers="11122334"),
        labelled("d", *[RIGHT] * 8, answers="11111111"),
    ]
    select = [{"kind": "both_outcomes"}, {"kind": "correct"}, {"kind": "cap", "per_problem": 1}]
    rows, drops, numbers = write(tmp_path, groups, make_recipe(select=select, weigh={"kind": "entropy"}))
    assert [row.weight for row in rows] == pytest.approx([0.8698, 0.4728, 1.6575], abs=5e-5)
    assert numbers["mean_weight"] == pytest.approx(1)
    assert numbers["weight_effective_samples"] == pytest.approx(2.4146, abs=1e-3)
    assert {drops[f"d/{index}"] for index in range(8)} == {"one_sided"}
    rows, drops, _ = write(tmp_path, groups, make_recipe(weigh={"kind": "entropy", "power": 2}))
    assert {row.problem_id: round(row.weight, 4) for row in rows} == {"a": 0.6089, "b": 0.1799, "c": 2.2112}
    assert {drops[f"d/{index}"] for index in range(8)} == {"one_sided"}


def test_weights_by_problem_land_in_the_rows(tmp_path: Path) -> None:
    rows, _, numbers = write(tmp_path, ROUND, make_recipe(weigh={"kind": "by_problem"}))
    assert [row.weight for row in rows] == [0.75, 0.75, 1.5]
    assert numbers["mean_weight"] == 1


def test_every_format_is_a_row(tmp_path: Path) -> None:
    formats = Formats((LoadedFormat("{{ prompt }}?", "text"), LoadedFormat("{{ prompt }}!", "answer")))
    groups = [labelled("p", RIGHT, WRONG, answers="78"), labelled("q", RIGHT)]
    rows, _, numbers = write(tmp_path, groups, make_recipe(), formats)
    assert [(row.messages[0].content, spell(row.completion)) for row in rows] == [
        ("question p?", "text 0"), ("question p!", "7"), ("question q?", "text 0")
    ]  # fmt: skip
    assert (numbers["num_kept"], numbers["num_rows"]) == (2, 3)
    only_answers = Formats((LoadedFormat("{{ prompt }}!", "answer"),))
    rows, drops, numbers = write(tmp_path, groups, make_recipe(), only_answers)
    assert [spell(row.completion) for row in rows] == ["7"]
    assert (drops["q/0"], numbers["num_kept"]) == ("unparseable", 1)


def test_a_sample_is_written_once_by_each_kind_of_row(tmp_path: Path) -> None:
    twice = make_recipe(rows=[{"kind": "answer"}, {"kind": "turn"}])
    rows, _, numbers = write(tmp_path, [labelled("p", RIGHT, WRONG)], twice)
    assert [(row.sample_id, spell(row.completion)) for row in rows] == [("p/0", "text 0")] * 2
    assert (numbers["num_kept"], numbers["num_rows"]) == (1, 2)
    formats = Formats((LoadedFormat("{{ prompt }}?", "text"),))
    rows, _, _ = write(tmp_path, [labelled("p", RIGHT)], twice, formats)
    assert [row.messages[0].content for row in rows] == ["question p?", "question p"], "a turn has its own chat"


def test_a_kept_sample_whose_chain_makes_no_row_is_dropped_for_it(tmp_path: Path) -> None:
    steps = [{"part": "critique"}, {"part": "attempt"}]
    generate = {"kind": "revise", "max_tokens": 8, "steps": steps}
    recipe = make_recipe(generate=generate, select=[{"kind": "correct"}], rows=[{"kind": "turn", "of": ["critique"]}])
    _, drops, numbers = write(tmp_path, [labelled("p", RIGHT, WRONG)], recipe)
    assert drops == {"p/0": "no_row", "p/1": "wrong"} and numbers["num_rows"] == 0


def test_lmsi_keeps_all_samples_of_the_majority(tmp_path: Path) -> None:
    # answers 8 8 8 7 9 8 8 10, as the vote judge labels them: five are kept
    labels = [RIGHT if answer == "8" else WRONG for answer in "88879880"]
    rows, _, _ = write(tmp_path, [labelled("p", *labels)], make_recipe(select=[{"kind": "correct"}]))
    assert len(rows) == 5


def test_labelled_rows_are_right_and_wrong_samples(tmp_path: Path) -> None:
    recipe = make_recipe(train={"objective": {"kind": "kto"}}, select=[{"kind": "cap", "per_problem": 3}])
    rows, drops, numbers = write(tmp_path, ROUND, recipe)
    assert [(row.sample_id, row.is_desirable) for row in rows] == [
        ("p/0", True), ("p/1", True), ("p/2", False), ("q/0", True), ("q/1", False), ("r/0", False), ("r/1", False)
    ]  # fmt: skip
    assert drops == {"q/2": "unparseable"} and numbers["num_rows"] == numbers["num_kept"] == 7
    refused, drops, _ = write(tmp_path, ROUND, make_recipe(train={"objective": {"kind": "kto"}}))
    assert [row.sample_id for row in refused] == ["p/0", "p/1", "q/0"] and drops["p/2"] == "wrong"


def pair_recipe(**sections: Any) -> Recipe:
    return make_recipe(
        **{"train": {"objective": {"kind": "dpo"}}, "select": [{"kind": "judged"}], "pair": {"kind": "right_vs_wrong"},
           **sections}
    )  # fmt: skip


def test_pairs_and_what_ends_in_none(tmp_path: Path) -> None:
    rows, drops, numbers = write(tmp_path, ROUND, pair_recipe())
    assert [(row.chosen_id, row.rejected_id, row.margin) for row in rows] == [
        ("p/0", "p/2", 1.0), ("p/1", "p/2", 1.0), ("q/0", "q/1", 1.0)
    ]  # fmt: skip
    assert drops == {"q/2": "unparseable", "r/0": "not_paired", "r/1": "not_paired"}
    assert (numbers["num_pairs"], numbers["num_rows"], numbers["num_kept"]) == (3, 3, 5)
    assert (numbers["pair_margin"], numbers["pair_length_gap"]) == (1.0, 0.0)
    assert numbers["num_no_pair_one_sided"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["drops.parquet", "pairs.parquet"]


def test_rows_that_cannot_be_written_are_refused_with_the_recipe() -> None:
    with pytest.raises(RecipeError, match="rows: the objective dpo trains on pairs"):
        pair_recipe(rows=[{"kind": "turn"}])
    with pytest.raises(RecipeError, match=r"rows\.0\.judge: no judge is called 'nobody'"):
        make_recipe(rows=[{"kind": "splice", "judge": "nobody"}])


def test_a_role_has_filters_and_pairs_of_its_own(tmp_path: Path) -> None:
    pair = {"kind": "right_vs_wrong", "per_problem": None}
    roles = {"critic": {"like": "policy", "train": {"objective": {"kind": "dpo"}, "pair": pair}}}
    recipe, groups = make_recipe(roles=roles), [*ROUND, labelled("v", *[RIGHT] * 5, *[WRONG] * 11)]
    for name in ("policy", "critic"):
        (tmp_path / name).mkdir()
    rows, _, numbers = write(tmp_path / "policy", groups, recipe)
    assert len(rows) == 3 + 5  # the policy trains on correct samples
    assert "num_pairs" not in numbers and numbers["num_rows"] == 8
    pairs, drops, numbers = write(tmp_path / "critic", groups, recipe.for_learner("critic"))
    assert numbers["num_pairs"] == numbers["num_rows"] == len(pairs) == 3 + 55
    assert numbers["num_no_pair_one_sided"] == 1
    assert drops["r/0"] == "not_paired"


def test_the_calibrated_threshold_is_filled_in(tmp_path: Path) -> None:
    recipe = make_recipe(select=[{"kind": "threshold", "above": "calibrated"}], calibrate={"kind": "balance"})
    rows, drops, _ = write(tmp_path, ROUND, recipe, threshold=0.0)
    assert len(rows) == 3 and drops["p/2"] == "below_threshold"
    rows, _, _ = write(tmp_path, ROUND, recipe, threshold=-0.1)
    assert len(rows) == 7


def test_a_round_without_samples(tmp_path: Path) -> None:
    for recipe in (make_recipe(weigh={"kind": "entropy"}), pair_recipe()):
        rows, drops, numbers = write(tmp_path, [], recipe)
        assert (rows, drops, numbers["num_rows"], numbers["num_samples"]) == ([], {}, 0, 0)
        assert numbers["mean_weight"] is None and numbers["weight_effective_samples"] is None


RECIPES = [
    make_recipe(),
    make_recipe(weigh={"kind": "by_problem"}),
    make_recipe(weigh={"kind": "entropy"}, select=[{"kind": "judged"}]),
    make_recipe(train={"objective": {"kind": "kto"}}, select=[{"kind": "length_gap", "theta": 1}, {"kind": "unique"}]),
    pair_recipe(),
    pair_recipe(select=[{"kind": "best_share", "share": 0.7}], pair={"kind": "best_vs_worst"}),
    pair_recipe(pair={"kind": "shortest_best_longest_worst", "rho": [0.2]}),
]


@settings(max_examples=40)
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from(list(Label)), st.sampled_from("12"), st.integers(1, 4)), max_size=5, min_size=1
        ),
        max_size=4,
    ),
    st.sampled_from(RECIPES),
)
def test_every_sample_is_in_a_row_or_dropped_and_never_both(
    problems: list[list[tuple[Label, str, int]]], recipe: Recipe
) -> None:
    groups = [
        [
            make_candidate(f"p{number}", index, label, float(label == RIGHT) if label in (RIGHT, WRONG) else None,
                           text="x" * length, answer=answer)
            for index, (label, answer, length) in enumerate(samples)
        ]
        for number, samples in enumerate(problems)
    ]  # fmt: skip
    with TemporaryDirectory() as folder:
        rows, drops, numbers = write(Path(folder), groups, recipe)
    in_rows = {
        sample_id
        for row in rows
        for sample_id in ((row.chosen_id, row.rejected_id) if isinstance(row, Pair) else (row.sample_id,))
    }
    everything = {one.sample.id for group in groups for one in group}
    assert in_rows | set(drops) == everything and not in_rows & set(drops)
    assert numbers["num_kept"] == len(in_rows) and numbers["num_rows"] == len(rows)
    assert sum(int(numbers[f"dropped_{reason}"] or 0) for reason in DropReason) == len(drops)
    assert all(row.weight > 0 for row in rows)
