from __future__ import annotations

import io

import pytest

from tasks.evaluate.correction.numbers import correction_numbers
from tasks.report.correction_table import correction_rows
from tasks.report.table import COLUMNS, format_seconds, markdown_table, print_table, sparkline, table_rows
from tests.tasks.evaluate.correction.ten_problems import COURSES, DRAWS, TURNS
from tests.tasks.report.example import baseline, experiment_report, trained


def test_one_row_a_round_with_a_dash_for_what_is_missing() -> None:
    first, second, _ = table_rows(experiment_report().rounds)
    named = dict(zip(COLUMNS, first, strict=True))
    assert named["select"] == "19.0 % [15.0, 23.0]"
    assert (named["samples"], named["kept"], named["examples"], named["loads g/t"]) == ("-", "-", "-", "1/-")
    assert second[4:] == ("1,000", "25.0 %", "250", "1/1", "1 min 25 s", "promoted")


def test_the_printed_table_is_plain_and_whole_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    print_table(experiment_report().rounds, out)
    lines = out.getvalue().splitlines()
    assert len(lines) == 4
    assert lines[0].split() == " ".join(COLUMNS).split()
    assert "79.0 % [75.0, 83.0]" in lines[2]
    assert "incumbent kept" in lines[3]
    assert "\x1b" not in out.getvalue()
    assert out.getvalue().isascii()


def test_a_role_that_learns_has_a_line_of_its_own() -> None:
    numbers = {"role_critic_kept_rate": 0.5, "role_critic_num_examples": 48.0, "seconds_select_critic": 2.0}
    report = trained(1, 0.79, "promote")
    stages = {"select_critic": "p", "train_critic": "p", "select_scribe": "p"}
    report = report.model_copy(
        update={
            "metrics": report.metrics | numbers | {"seconds_train_critic": 8.0},
            "steps": report.steps | stages,
            "roles": {"critic": "critic-1", "scribe": "scribe-seed", "twin": "seed"},
        }
    )
    policy, critic, scribe = table_rows([report])
    assert policy[1] == "round-1"
    assert policy[8] == "1 min 35 s"
    assert critic == ("1", "critic-1", "-", "-", "-", "50.0 %", "48", "-", "10 s", "trained")
    assert (scribe[1], scribe[-1]) == ("scribe-seed", "left as it is")
    assert f"| {' | '.join(critic)} |" in markdown_table([report])


def test_phases_have_a_column_where_there_are_any() -> None:
    reports = [baseline(), trained(1, 0.5, "promote").model_copy(update={"phase": "warm_up"})]
    first, second = table_rows(reports)
    assert (first[:3], second[:3]) == (("0", "-", "seed"), ("1", "warm_up", "round-1"))
    assert markdown_table(reports).startswith("| round | phase | model |")
    assert "phase" not in markdown_table(reports[:1])


def test_markup_in_a_name_is_text() -> None:
    out = io.StringIO()
    print_table([baseline().model_copy(update={"candidate": "[bold]x[/bold]"})], out)
    assert "[bold]x[/bold]" in out.getvalue()


def test_several_experiments_are_told_apart() -> None:
    out = io.StringIO()
    print_table([baseline("one"), baseline("two")], out)
    assert [line.split()[0] for line in out.getvalue().splitlines()] == ["experiment", "one", "two"]


def test_markdown_has_the_same_cells_and_a_sparkline() -> None:
    text = markdown_table(experiment_report().rounds)
    lines = text.splitlines()
    assert lines[0] == "| " + " | ".join(COLUMNS) + " |"
    assert "| 79.0 % [75.0, 83.0] |" in lines[3]
    assert lines[-1] == "report accuracy by round: \u2582\u2587\u2587 (19.0 % to 75.0 %)"
    assert "by round" not in markdown_table([baseline()])


def test_a_bar_in_a_name_does_not_make_a_column() -> None:
    report = trained(1, 0.5, "promote").model_copy(update={"candidate": "a|b"})
    assert "| a\\|b |" in markdown_table([report])


def test_the_lowest_block_is_zero_and_the_highest_one() -> None:
    assert sparkline([0.0, 0.5, 1.0]) == "\u2581\u2585\u2588"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (85, "1 min 25 s"),
        (3600, "1 h 0 min"),
        (12_000, "3 h 20 min"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert format_seconds(seconds) == text


def test_a_round_without_candidate_has_a_dash_for_its_model() -> None:
    assert table_rows([trained(1, 0.5, "stop").model_copy(update={"candidate": ""})])[0][1] == "-"


def test_what_revising_did_is_one_line_below() -> None:
    numbers = correction_numbers(COURSES, DRAWS, TURNS, 0, oracle=True)
    report = trained(2, 0.79, "promote")
    report = report.model_copy(
        update={"metrics": report.metrics | {f"report_{name}": it for name, it in numbers.items()}}
    )
    line = (
        "self-correction, round 2, report: 40.0 % -> 60.0 % (wrong to right 30.0 %, right to wrong 10.0 % of all); "
        "majority of 2.3 draws 47.3 %"
    )
    assert markdown_table([baseline(), report]).splitlines()[-1] == line
    out = io.StringIO()
    print_table([baseline(), report], out)
    assert out.getvalue().splitlines()[-1] == line
    told = report.model_copy(update={"metrics": report.metrics | {"report_revise_oracle_feedback": 1.0}})
    last = markdown_table([baseline(), told]).splitlines()[-1]
    assert "of all); oracle feedback: tests that grade were shown; majority" in last
    assert "self-correction" not in markdown_table(experiment_report().rounds)


def test_the_flow_table_has_a_row_for_each_round_that_revised() -> None:
    """The worked numbers of ten chains; a round that was not asked to revise has no row."""
    numbers = correction_numbers(COURSES, DRAWS, TURNS, 0, oracle=True)
    report = trained(2, 0.79, "promote")
    report = report.model_copy(
        update={"metrics": report.metrics | {f"report_{name}": it for name, it in numbers.items()}}
    )
    heads, row = correction_rows([baseline(), report])
    assert dict(zip(heads, row, strict=True)) == {
        "round": "2", "turn 1": "40.0 %", "turn 2": "60.0 %", "turn 3": "60.0 %", "wrong to right": "30.0 %",
        "right to wrong": "10.0 %", "p": "0.62", "right called right": "62.5 %", "wrong called wrong": "77.8 %",
        "draws": "2.3", "their majority": "47.3 %",
    }  # fmt: skip
    assert correction_rows([baseline()]) == []
    alone = report.model_copy(update={"metrics": {"report_revise_accuracy_t1": 0.5}})
    assert correction_rows([alone]) == [("round", "turn 1", *heads[4:]), ("2", "50.0 %", *("-" for _ in heads[4:]))]
    out = io.StringIO()
    print_table([baseline(), report], out)
    printed = [line.split() for line in out.getvalue().splitlines()]
    assert " ".join(row).split() in printed and " ".join(heads).split() in printed
    assert "| " + " | ".join(row) + " |" in markdown_table([baseline(), report]).splitlines()
