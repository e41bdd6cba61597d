"""Each filter that looks at one problem at a time, by cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from configs.errors import UserError
from configs.schema.kinds import component_choices
from configs.schema.select import (
    BothOutcomes,
    Cap,
    Correct,
    DistinctEquations,
    DropTruncated,
    HintShows,
    Judged,
    KeepProblem,
    LengthWindow,
    Select,
    Threshold,
    Unique,
    UserFilter,
)
from tasks.core.joined import Candidate
from tasks.core.records import DropReason, Label
from tasks.select.filters.filter import Draw
from tasks.select.filters.registry import FILTERS
from tests.build.candidates import make_candidate
from tests.build.records import make_problem, make_sample, make_verdict


def refuse(group: list[Candidate], config: Select, seed: int = 0, round: int = 1) -> Sequence[str | None]:
    draw = Draw(seed, round)
    return FILTERS[config.kind].prepare([group], config, draw)(group, config, draw)


@pytest.mark.parametrize("label", list(Label))
def test_correct_drops_by_the_judges_label(label: Label) -> None:
    expected = None if label == Label.CORRECT else DropReason(label)
    assert refuse([make_candidate(label=label)], Correct()) == [expected]


def test_correct_asks_the_judge_it_names() -> None:
    sample = make_sample()
    verdicts = {
        "a": make_verdict(sample, judge="a", label=Label.CORRECT),
        "b": make_verdict(sample, judge="b", label=Label.WRONG),
    }
    candidate = Candidate(sample, verdicts, make_problem())
    assert refuse([candidate], Correct()) == refuse([candidate], Correct(judge="a")) == [None]
    assert refuse([candidate], Correct(judge="b")) == [DropReason.WRONG]


@pytest.mark.parametrize(
    ("label", "score", "reason"),
    [
        (Label.CORRECT, 1.0, None),
        (Label.WRONG, 0.0, None),
        (Label.UNSCORED, 2.5, None),
        (Label.UNSCORED, None, DropReason.UNSCORED),
        (Label.UNPARSEABLE, None, DropReason.UNPARSEABLE),
        (Label.UNPARSEABLE, 0.0, DropReason.UNPARSEABLE),
        (Label.TRUNCATED, None, DropReason.TRUNCATED),
        (Label.VERIFIER_ERROR, None, DropReason.VERIFIER_ERROR),
    ],
)
def test_judged_keeps_good_and_bad_but_no_missing_opinion(
    label: Label, score: float | None, reason: DropReason | None
) -> None:
    assert refuse([make_candidate(label=label, score=score)], Judged()) == [reason]


@pytest.mark.parametrize(
    ("label", "score", "reason"),
    [
        (Label.UNSCORED, 0.5, None),
        (Label.UNSCORED, 0.49, DropReason.BELOW_THRESHOLD),
        (Label.WRONG, 0.0, DropReason.BELOW_THRESHOLD),
        (Label.UNSCORED, None, DropReason.UNSCORED),
        (Label.UNPARSEABLE, None, DropReason.UNPARSEABLE),
        (Label.TRUNCATED, None, DropReason.TRUNCATED),
        (Label.VERIFIER_ERROR, None, DropReason.VERIFIER_ERROR),
    ],
)
def test_threshold_never_takes_a_missing_score_for_a_zero(
    label: Label, score: float | None, reason: DropReason | None
) -> None:
    candidate = make_candidate(label=label, score=score)
    assert refuse([candidate], Threshold(at_least=0.5)) == [reason]
    assert refuse([candidate], Threshold(at_least=-1.0)) == [None if score is not None else reason]


def test_above_is_strict_and_at_least_is_not() -> None:
    group = [make_candidate(index=index, score=score) for index, score in enumerate([0.49, 0.5, 0.51])]
    below = DropReason.BELOW_THRESHOLD
    assert refuse(group, Threshold(above=0.5)) == [below, below, None]
    assert refuse(group, Threshold(at_least=0.5)) == [below, None, None]


@pytest.mark.parametrize(
    ("config", "kept"),
    [
        (KeepProblem(at_most=0.5), True),
        (KeepProblem(at_most=0.499), False),
        (KeepProblem(at_least=0.5), True),
        (KeepProblem(at_least=0.501), False),
        (KeepProblem(at_least=0.1, at_most=0.9), True),
    ],
)
def test_a_problem_is_kept_whole_by_its_mean_score(config: KeepProblem, kept: bool) -> None:
    group = [make_candidate(index=index, score=score) for index, score in enumerate((0.25, 0.75, None))]
    assert refuse(group, config) == [None if kept else DropReason.PROBLEM_SCORE] * 3


def test_a_problem_without_a_score_goes_for_what_the_judge_said() -> None:
    labels = (Label.UNPARSEABLE, Label.TRUNCATED, Label.UNSCORED)
    group = [make_candidate(index=index, label=label, score=None) for index, label in enumerate(labels)]
    assert refuse(group, KeepProblem(at_most=1)) == ["unparseable", "truncated", "unscored"]


def test_both_outcomes_keeps_or_refuses_a_problem_whole() -> None:
    right, wrong, other = (make_candidate(label=label) for label in (Label.CORRECT, Label.WRONG, Label.UNPARSEABLE))
    for group, is_kept in [
        ([right, wrong, other], True),
        ([right, right], False),
        ([wrong, wrong], False),
        ([right, other], False),
        ([], False),
    ]:
        assert refuse(group, BothOutcomes()) == [None if is_kept else DropReason.ONE_SIDED] * len(group)


@pytest.mark.parametrize(("num_correct", "num_kept"), [(0, 0), (3, 3), (17, 10), (32, 10)])
def test_cap_keeps_the_numbers_of_rest_em(num_correct: int, num_kept: int) -> None:
    reasons = refuse([make_candidate(index=index) for index in range(num_correct)], Cap(per_problem=10))
    assert reasons.count(None) == num_kept
    assert reasons.count(DropReason.OVER_CAP) == num_correct - num_kept


def test_cap_draws_by_seed_round_and_problem() -> None:
    def chosen(seed: int, round: int, problem_id: str) -> list[int]:
        group = [make_candidate(problem_id, index) for index in range(32)]
        return [i for i, reason in enumerate(refuse(group, Cap(per_problem=8), seed, round)) if reason is None]

    assert chosen(0, 1, "p") == chosen(0, 1, "p")
    assert len({tuple(chosen(*draw)) for draw in [(0, 1, "p"), (1, 1, "p"), (0, 2, "p"), (0, 1, "q")]}) == 4


def test_cap_gives_every_sample_the_same_chance() -> None:
    group = [make_candidate(index=index) for index in range(4)]
    kept = [0] * 4
    for seed in range(4000):
        for index, reason in enumerate(refuse(group, Cap(per_problem=1), seed)):
            kept[index] += reason is None
    # 1000 expected each; five standard deviations of a binomial(4000, 1/4) are 137
    assert sum(kept) == 4000 and all(abs(count - 1000) < 137 for count in kept)


@given(st.permutations(range(8)), st.integers())
def test_cap_chooses_the_same_samples_in_any_order(order: list[int], seed: int) -> None:
    def chosen(indices: list[int]) -> set[int]:
        reasons = refuse([make_candidate(index=index) for index in indices], Cap(per_problem=3), seed)
        return {index for index, reason in zip(indices, reasons, strict=True) if reason is None}

    assert chosen(order) == chosen(list(range(8)))


def test_unique_keeps_the_first_of_equal_texts() -> None:
    group = [make_candidate(index=index, text=text) for index, text in enumerate(["a", "b", " a\n", "A", "b"])]
    assert refuse(group, Unique()) == [None, None, DropReason.DUPLICATE, None, DropReason.DUPLICATE]


def test_length_includes_both_ends_of_its_window() -> None:
    group = [make_candidate(index=tokens, num_tokens=tokens) for tokens in (4, 5, 8, 9)]
    assert refuse(group, LengthWindow(min_tokens=5, max_tokens=8)) == [
        DropReason.TOO_SHORT,
        None,
        None,
        DropReason.TOO_LONG,
    ]
    assert refuse(group, LengthWindow(min_tokens=5)) == [DropReason.TOO_SHORT, None, None, None]


def test_length_counts_characters_apart_from_tokens() -> None:
    """DICE's window of 3 to 6,700 characters, whatever the tokens are."""
    texts = ["ab", "abc", "a" * 6700, "a" * 6701]
    group = [make_candidate(index=place, text=text, num_tokens=9) for place, text in enumerate(texts)]
    wanted = [DropReason.TOO_SHORT, None, None, DropReason.TOO_LONG]
    assert refuse(group, LengthWindow(min_chars=3, max_chars=6700)) == wanted
    assert refuse(group, LengthWindow()) == [None] * 4
    assert refuse(group, LengthWindow(min_chars=3, max_tokens=8))[1:] == [DropReason.TOO_LONG] * 3
    with pytest.raises(ValidationError, match="max_chars 2 is below min_chars 3: nothing could be kept"):
        LengthWindow(min_chars=3, max_chars=2)


def test_drop_truncated_asks_no_judge() -> None:
    group = [make_candidate(is_truncated=True), make_candidate(index=1)]
    assert refuse(group, DropTruncated()) == [DropReason.TRUNCATED, None]


BARE = r"(\d+[+*]\d+=\d+)"
SAME, WRONG_EQUATION = DropReason.SAME_EQUATIONS, DropReason.WRONG_EQUATION


def by_texts(*texts: str) -> list[Candidate]:
    return [make_candidate(index=index, text=text) for index, text in enumerate(texts)]


def test_of_equal_equations_the_farther_text_stays() -> None:
    # Kept {"3+4=7 so 7", "2*7=14 so 14"}; of the next key the second is farther: 19 + 14 = 33 against 7 + 2 = 9.
    group = by_texts("3+4=7 so 7", "2*7=14 so 14", "7*2=14 so 14", "First 7*2=14, hence 14")
    assert refuse(group, DistinctEquations(pattern=BARE)) == [None, None, SAME, None]
    swapped = [*group[:2], group[3], group[2]]
    assert refuse(swapped, DistinctEquations(pattern=BARE)) == [None, None, None, SAME]


def test_equations_are_compared_without_white_space_and_in_order() -> None:
    group = by_texts("<<3+4=7>> then <<7*2=14>>", "so << 3 + 4 = 7 >> and <<7*2 = 14>>", "<<7*2=14>>, before <<3+4=7>>")
    assert refuse(group, DistinctEquations()) == [None, SAME, None]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<<10/3=3.333>>", None),
        ("<<10/3=3.33>>", WRONG_EQUATION),
        ("<<9*2=19>>", WRONG_EQUATION),
        ("<<3+4=7>> and <<9*2=19>>", WRONG_EQUATION),
        ("<<x+1=3>>", WRONG_EQUATION),
        ("no equation", None),
    ],
)
def test_every_equation_must_hold(text: str, reason: DropReason | None) -> None:
    assert refuse(by_texts(text), DistinctEquations()) == [reason]


def test_samples_without_equations_collapse_to_one() -> None:
    assert refuse(by_texts("it is 7", "seven", "7"), DistinctEquations()) == [None, SAME, SAME]


@given(st.lists(st.sampled_from(["<<1+1=2>>", "<<2*3=6>>", "<<9*2=19>>", "none", "<<1+1=2>> <<2*3=6>>", "two"])))
def test_one_sample_stays_of_each_key(texts: list[str]) -> None:
    reasons = refuse(by_texts(*texts), DistinctEquations())
    keys = {"".join(text.split()) if "<<" in text else "" for text in texts if "19" not in text}
    assert reasons.count(None) == len(keys)
    assert reasons.count(WRONG_EQUATION) == sum("19" in text for text in texts)


def test_a_guided_sample_that_speaks_of_its_hint_is_dropped() -> None:
    shown, config = DropReason.HINT_SHOWS, HintShows(words=("hint", "Given Answer"))
    for draw, text, prefix, reason in [
        ("hinted", "As the HINT says, 4", "", shown),
        ("guided", "the given answer is 4", "", shown),
        ("guided", "2 + 2 = 4, I think", "", None),
        ("guided", "A hint: 2 + 2 = 4", "A hint: ", None),
        ("", "a hint of lemon", "", None),
    ]:
        candidate = make_candidate(text=text, draw=draw, prefix=prefix)
        assert refuse([candidate], config) == [reason], text


KEEP_FIRST_WORDS = """
def keep(candidates):
    return [None if one.sample.text.startswith("a") and not one.chain else "starts_otherwise" for one in candidates]
"""


def test_a_users_function_keeps_or_refuses_with_its_own_reason(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(KEEP_FIRST_WORDS)
    group = [make_candidate(index=index, text=text) for index, text in enumerate(("abc", "xyz"))]
    assert refuse(group, UserFilter(function=f"{file}:keep")) == [None, "starts_otherwise"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("[None]", "returned .* for the 2 candidates of problem p"),
        ("True", "returned True for the 2 candidates"),
        ("[None, 'Two words']", "returned .*Two words"),
        ("[None, False]", "returned .*False"),
        ("1 / 0", "failed on problem p: ZeroDivisionError"),
    ],
)
def test_a_users_function_that_misbehaves_is_named(tmp_path: Path, body: str, message: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(f"def keep(candidates):\n    return {body}\n")
    with pytest.raises(UserError, match=rf"mine\.py:keep {message}"):
        refuse([make_candidate(index=0), make_candidate(index=1)], UserFilter(function=f"{file}:keep"))


def test_a_users_file_that_is_missing_or_broken_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"select\.function: there is no file"):
        refuse([make_candidate()], UserFilter(function="absent.py:keep"))
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(UserError, match="cannot be loaded: ModuleNotFoundError"):
        refuse([make_candidate()], UserFilter(function=f"{tmp_path}/broken.py:keep"))


def test_every_kind_of_the_schema_is_registered() -> None:
    assert set(FILTERS) == set(component_choices(Select))
