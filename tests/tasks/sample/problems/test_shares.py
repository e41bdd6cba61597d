"""One source split into the sets by shares, groups in one set, several sources mixed."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from configs.errors import ProblemsError, RecipeError
from configs.schema.load import check_recipe
from configs.schema.problems import Source
from tasks.core.records import Message, Problem
from tasks.sample.problems.place import Place
from tasks.sample.problems.reading import Read, Reading, read_of
from tasks.sample.problems.shares import apportion, split_rows
from tasks.sample.problems.sources import read_source

SHARES = {"train": 0.8, "select": 0.1, "report": 0.1}


def rows_of(groups: list[str]) -> list[Read]:
    rows = [read_of(f"a.csv, row {n}", Problem(f"p{n}", (Message("user", f"{n}?"),), "1")) for n in range(len(groups))]
    return [
        Read(row.label, row.problem, row.digest, group) for row, group in zip(rows, groups, strict=True)
    ]  # fmt: skip


def split(
    rows: list[Read], seed: int | None = None, field: str | None = None, shares: Any = None
) -> dict[str, list[Read]]:
    return split_rows(rows, shares or SHARES, seed, "a.csv", field)


def sizes(sets: dict[str, list[Read]]) -> list[int]:
    return [len(rows) for rows in sets.values()]


@pytest.mark.parametrize(
    ("total", "counts"), [(1000, [800, 100, 100]), (10, [8, 1, 1]), (7, [5, 1, 1]), (3, [1, 1, 1]), (1, [1, 0, 0])]
)
def test_numbers_by_shares_add_up(total: int, counts: list[int]) -> None:
    assert list(apportion(total, SHARES).values()) == counts


def test_every_row_is_in_one_set_by_its_share_in_the_order_of_the_source() -> None:
    rows = rows_of([""] * 1000)
    sets = split(rows)
    assert sizes(sets) == [800, 100, 100]
    assert Counter(row.label for part in sets.values() for row in part) == Counter(row.label for row in rows)
    for part in sets.values():
        numbers = [int(row.label.split()[-1]) for row in part]
        assert numbers == sorted(numbers)
        assert 350 < sum(numbers) / len(numbers) < 650, "the sets are drawn from the whole file"


def test_the_set_depends_on_the_problem_and_the_seed_and_not_on_the_order() -> None:
    rows = rows_of([""] * 200)
    assert {row.label for row in split(rows)["report"]} == {row.label for row in split(rows[::-1])["report"]}
    assert {row.label for row in split(rows)["report"]} != {row.label for row in split(rows, 7)["report"]}
    more = split(rows_of([""] * 220))
    moved = {row.digest for row in split(rows)["report"]} & {row.digest for row in more["train"]}
    assert len(moved) <= 6, "a tenth more rows moves few from one set to another"


def test_rows_of_one_group_are_in_one_set() -> None:
    groups = [f"g{n // 4}" for n in range(400)]
    sets = split(rows_of(groups), field="story")
    assert [{row.group for row in part} for part in sets.values()] != [set()] * 3
    for one, other in (("train", "select"), ("train", "report"), ("select", "report")):
        assert not {row.group for row in sets[one]} & {row.group for row in sets[other]}
    assert sizes(sets) == [320, 40, 40]


def test_a_group_larger_than_the_small_sets_goes_into_the_large_one() -> None:
    sets = split(rows_of(["big"] * 6 + ["a", "b", "c", "d"]), field="story")
    assert sizes(sets) == [8, 1, 1] and sum(row.group == "big" for row in sets["train"]) == 6


def test_a_group_larger_than_every_set_is_one_message() -> None:
    with pytest.raises(ProblemsError) as caught:
        split(rows_of(["x", *["big"] * 9]), field="story")
    assert caught.value.message.startswith(
        "a.csv: the group story = 'big' has 9 rows (a.csv, row 1 is the first), more than the set select (1 of 10 rows)"
    )
    assert "leave group out" in (caught.value.fix or "")


def test_too_few_rows_or_groups_for_three_sets_are_one_message() -> None:
    with pytest.raises(ProblemsError, match=r"2 rows cannot be split by shares: report would get none"):
        split(rows_of(["", ""]))
    with pytest.raises(ProblemsError, match=r"the group story = 'a' has 4 rows .*, more than the set train \(3 of 9"):
        split(rows_of(["a"] * 4 + ["b"] * 5), field="story", shares={"train": 0.34, "select": 0.33, "report": 0.33})


RECIPE = {"name": "a", "model": {"kind": "tiny_llama"}, "generate": {"max_tokens": 9}}


@pytest.mark.parametrize(
    ("problems", "words"),
    [
        ({"source": {"path": "a.csv"}, "shares": {"train": 0.7}}, r"shares 0.7 \+ 0.1 \+ 0.1 add up to 0.9, not to 1"),
        ({"source": {"path": "a.csv"}, "shares": {"train": 1.2, "select": -0.1}}, r"problems\.shares\.train"),
        ({"source": {"path": "a.csv"}, "train": {"path": "b.csv"}}, "train names one: leave out one"),
        ({"train": {"path": "a.csv"}}, "select, report missing: name a source for each, or one `source`"),
        ({name: {"path": f"{name}.csv"} for name in SHARES} | {"group": "x"}, "split one `source`, and there is none"),
        (
            {name: {"path": "a.csv"} for name in ("select", "report")}
            | {"train": {"kind": "mixture", "parts": [{"share": s, "source": {"path": "a.csv"}} for s in (0.5, 0.4)]}},
            r"shares 0.5 \+ 0.4 add up to 0.9",
        ),
        ({"source": {"path": "a.csv", "encoding": "latin"  "-x"}}, "'latin-x' is no encoding"),
        ({"source": {"path": "a.csv", "mapping": {"prompt": "{{ q }}", "messages": "m"}}}, "leave out one of them"),
    ],
)  # fmt: skip
def test_sections_that_contradict_themselves_are_one_message(problems: Any, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        check_recipe({**RECIPE, "problems": problems})


def mixture(folder: Path, shares: list[float], counts: list[int], **fields: Any) -> Reading:
    parts = []
    for place, (share, count) in enumerate(zip(shares, counts, strict=True)):
        rows = [{"question": f"{place}: {n}?"} for n in range(count)]
        (folder / f"{place}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        parts.append({"share": share, "source": {"path": f"{place}.jsonl"}})
    source = TypeAdapter(Source).validate_python({"kind": "mixture", "parts": parts, **fields})
    return read_source(source, Place("train", None, folder))


def parts_of(found: Reading) -> list[int]:
    return [int(problem.messages[0].content[0]) for problem in found.problems]


def test_a_mixture_has_its_shares_everywhere_and_takes_all_it_can(tmp_path: Path) -> None:
    found = parts_of(mixture(tmp_path, [0.75, 0.25], [90, 20]))
    assert Counter(found) == {0: 60, 1: 20}
    assert all(Counter(found[start : start + 8]) == {0: 6, 1: 2} for start in range(0, 80, 8))
    assert Counter(parts_of(mixture(tmp_path, [0.5, 0.5], [90, 90], num_problems=11))) in ({0: 6, 1: 5}, {0: 5, 1: 6})


def test_a_part_with_too_few_rows_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(
        ProblemsError, match=r"part 1 \(1\.jsonl\) has 20 problems, and its share 0\.5 of num_problems: 100"
    ):
        mixture(tmp_path, [0.5, 0.5], [90, 20], num_problems=100)


def test_a_problem_of_two_parts_comes_once(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"question": "1?"}\n{"question": "2?"}\n')
    parts = [{"share": 0.5, "source": {"path": "a.jsonl", "limit": 1}}, {"share": 0.5, "source": {"path": "a.jsonl"}}]
    source = TypeAdapter(Source).validate_python({"kind": "mixture", "parts": parts})
    found = read_source(source, Place("train", None, tmp_path))
    assert [problem.messages[0].content for problem in found.problems] == ["1?", "2?"]
    assert found.tally.repeated.count == 1
