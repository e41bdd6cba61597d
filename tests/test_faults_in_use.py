"""Faults met in use, a line each: the test that holds it, and for what is read from texts the case itself.

A test that is renamed or goes takes its line with it, unless another is written here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from configs.schema.verifiers.kinds import Verifier
from tasks.core.records import FinishReason, Message, Problem, Sample
from tasks.judge.verifiers.finding import NoVerdictError
from tasks.judge.verifiers.registry import build_verifier, explain_gold

TESTS = Path(__file__).parent
HELD = {
    "M1 the turn's end is the template's": "infra/engines/test_drawn_is_scored.py::a_text_drawn_is_scored_at_its_log",
    "M2 adapters on tied weights": "infra/engines/test_same_model.py::layers_that_cannot_have_adapters_are_refused",
    "M2 a probe text after merge and load": "infra/engines/test_same_model.py::a_model_that_is_another_one_is_told",
    "M3 several named templates": "infra/engines/test_turn_end.py::one_of_several_named_templates_is_taken",
    "M4 one date for all prompts": "infra/engines/test_turn_end.py::a_template_is_told_one_date",
    "M5 the end is not in the text": "infra/engines/test_turn_end.py::only_the_end_is_cut_from_a_drawn_text",
    "M6 control tokens in texts": "infra/engines/test_turn_end.py::a_spelled_control_token_is_text",
    "M7 variables of a template": "infra/engines/test_turn_end.py::a_template_is_told_one_date_its_variables",
    "M8 thinking": "tasks/answer/test_find.py::the_answer_is_what_follows_the_thinking",
    "M9 a byte-order mark in a template": "tasks/learn/test_base.py::a_byte_order_mark_is_no_part_of_a_template",
    "M10 lm_head": "infra/engines/test_same_model.py::layers_that_cannot_have_adapters_are_refused_by_name",
    "A1 golds with several numbers": "tasks/judge/test_number.py::gold_with_several_numbers_is_refused",
    "A2 units and powers": "tasks/answer/test_find.py::what_carries_value_beside_a_number_is_part_of_it",
    "A3 separators and dashes": "tasks/answer/test_read.py::ten_thousand_is_read_in_all_separators_and_digits",
    "A4 letters that multiply": "tasks/judge/test_math.py::what_math_verify_calls_equal_is_computed_again",
    "A5 times": "tasks/answer/test_read.py::times_days_and_ratios",
    "A6 clusters by value": "tasks/answer/test_equal.py::five_spellings_are_one_cluster",
    "A7 verdict patterns": "tasks/judge/test_reading.py::winners",
    "A8 the program among blocks": "tasks/judge/test_code_layouts.py::the_last_block_that_defines_what_is_called",
    "A9 golds that are indices": "tasks/sample/problems/test_golds.py::numbers_of_choices_are_mapped",
    "A10 choices in words": "tasks/answer/test_choices.py::a_choice_is_read",
    "A11 short floats": "tasks/sample/problems/test_golds.py::short_floats_are_what_their_column_means",
    "B1 an endpoint's bad item": "infra/engines/test_endpoint_missing.py::one_bad_item_is_missing_wherever_it_stands",
    "B1 answers without usage": "infra/engines/test_endpoint_missing.py::an_answer_without_usage_is_an_answer",
    "B1 a limit on their share": "tasks/judge/test_missing_at_an_endpoint.py::too_many_end_the_stage",
    "B2 a prompt beyond the context": "infra/engines/test_pool_failures.py::a_prompt_beyond_the_context_is_missing",
    "B3 any text is a tag": "infra/tracking/test_tracker.py::any_text_names_a_metric_a_parameter_and_a_tag",
    "B4 half characters, NULs": "infra/text/test_outside.py::what_is_none_is_named_or_replaced",
    "B4 deep nesting": "infra/text/test_outside.py::deep_json_is_refused",
    "B5 replayed rows": "tasks/learn/test_replay.py::a_row_that_cannot_be_trained_on_is_named",
    "X1 guards of papers": "docs/test_methods.py::in_a_recipe_of_a_paper_no_guard_and_no_gate_acts",
    "X2 unlabelled problems": "docs/test_methods.py::what_is_called_unlabelled_was_shown_to_no_model_before",
    "X3 monitors see guided samples": "tasks/monitor/test_monitor.py::samples_drawn_with_help_are_in_the_tail",
    "X4 no meta stage, no judge pairs": "tasks/learn/test_judge_pairs.py::a_phase_without_a_meta_stage_trains_on_none",
    "X5 a candidate cut off loses": "tasks/sample/test_stepwise.py::what_ended_at_max_tokens_loses",
    "X6 one not compared has no score": "tasks/sample/test_stepwise.py::a_candidate_that_could_not_be_compared",
    "X7 n* of those sampled": "tasks/calibrate/test_probe.py::what_is_wanted_of_a_problem_is_counted_over_those",
    "X8 one mean over a step": "infra/engines/test_accumulation.py::a_short_batch_counts_by_its_rows",
    "X9 leak words": "tasks/select/test_selection.py::a_hint_shows_by_whole_words_and_by_those_of_its_own_prompt",
    "X10 one form of numbers": "tasks/monitor/test_contamination.py::one_number_is_one_word_however_it_is_spelled",
    "X11 the papers' values": "docs/test_methods.py::the_page_says_what_differs",
    "X11 few-shot prompts": "tasks/select/rows/test_formats.py::few_shot_prompts_show_four_other_solved_problems",
    "X12 what recipes share": "docs/test_methods.py::what_all_recipes_of_papers_share_has_the_exceptions",
    "X13 whole division": "tasks/select/filters/test_equations.py::expressions",
    "S1 a killed worker": "flows/test_housekeeping.py::runs_that_prefect_takes_for_running_are_marked",
    "S2 the local server ends": "flows/test_prefect_ends.py::a_local_server_that_is_killed_comes_back",
    "S3 a child that dies": "flows/test_bad_input.py::an_engine_that_dies",
    "S4 no conditional writes": "infra/store/s3/test_s3.py::a_server_that_refuses_the_header_and_takes_the_write",
    "S5 defaults on the page": "configs/test_describe.py::a_list_of_components_written_as_on_the_page",
}
"""a line, and the file and beginning of the name of its test"""

NUMBER, MATH, CHOICE = {"kind": "number"}, {"kind": "math"}, {"kind": "choice"}
CASES: list[tuple[dict[str, Any], str, str, bool | None]] = [
    (NUMBER, "40", "40 cm^2", True), (NUMBER, "2", "40 cm^2", False),
    (NUMBER, "10000", "10 000", True), (NUMBER, "10000", "10{,}000", True), (NUMBER, "-5", "\u20135", True),
    (NUMBER, "5", "\u20135", False), (NUMBER, "2", "<think>2</think>\n3", False), (NUMBER, "2", "<think>it is 2", None),
    (MATH, "CAB", r"\boxed{BAC}", False), (MATH, "12:00", r"\boxed{12:00}", True),
    (MATH, "10:30", "It is 9:30.", False), (NUMBER, "10:30", "It is 9:30.", False),
    (NUMBER, "10:30", "It is 10:30.", True),
    (CHOICE, "A", "<think>the answer is A?</think>\nB", False), (CHOICE, "B", "B is the correct answer", True),
    (CHOICE, "D", "ANSWER IS D", True), (CHOICE, "B", "\uff22", True),
]  # fmt: skip
"""verifier, gold, text, whether it is right; None: unreadable"""


@pytest.mark.parametrize("line", HELD)
def test_every_line_has_its_test(line: str) -> None:
    path, _, name = HELD[line].partition("::")
    assert f"def test_{name}" in (TESTS / path).read_text(encoding="utf-8")


def test_every_line_of_the_page_is_there() -> None:
    known = {line.split()[0] for line in HELD}
    sizes = {"M": 10, "A": 11, "B": 5, "X": 13, "S": 5}
    assert known == {f"{letter}{number}" for letter, size in sizes.items() for number in range(1, size + 1)}


@pytest.mark.parametrize(("verifier", "gold", "text", "is_right"), CASES)
def test_a_text_is_read_as_a_person_reads_it(
    verifier: dict[str, Any], gold: str, text: str, is_right: bool | None
) -> None:
    config: Any = TypeAdapter(Verifier).validate_python(verifier)
    sample = Sample("p/0", "p", 0, text, FinishReason.STOP, 1, None, "faults")
    try:
        found = build_verifier(config)((Problem("p", (Message("user", "?"),), gold), sample))
    except NoVerdictError:
        assert is_right is None
    else:
        assert found.is_correct is is_right


def test_a_gold_answer_with_several_numbers_is_refused() -> None:
    config: Any = TypeAdapter(Verifier).validate_python(NUMBER)
    assert explain_gold("5 or 6", config) is not None
