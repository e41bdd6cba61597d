"""A text that says the same over and over is ended at the first token at which it ends with one piece in a row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import RecipeError
from configs.schema.load import check_recipe
from configs.schema.repetition import Repetition
from infra.engines.generate.repetition import repeats
from tests.build.records import make_recipe
from tests.configs.online_recipes import online_recipe

rules = st.builds(
    lambda shortest, further, times: Repetition(shortest=shortest, longest=shortest + further, times=times),
    st.integers(1, 4), st.integers(0, 4), st.integers(2, 4),
)  # fmt: skip


@pytest.mark.parametrize(
    ("tokens", "rule", "found"),
    [
        ([7, 7, 7], Repetition(times=3), True),
        ([7, 7], Repetition(times=3), False),
        ([1, 2, 3, 1, 2, 3], Repetition(times=2), True),
        ([1, 2, 3, 1, 2, 3], Repetition(times=2, longest=2), False),
        ([1, 2, 3, 1, 2, 3, 1], Repetition(times=2), True),
        ([1, 2, 3, 1, 2, 4], Repetition(times=2), False),
        ([9, 1, 2, 1, 2, 1, 2], Repetition(times=3), True),
        ([7, 7, 7, 7], Repetition(times=2, shortest=2), True),
        ([7, 7, 7], Repetition(times=2, shortest=2), False),
        ([7], Repetition(times=2), False),
    ],
)
def test_the_end_of_a_text_is_looked_at(tokens: list[int], rule: Repetition, found: bool) -> None:
    assert repeats(tokens, rule) == found


@given(st.lists(st.integers(0, 1), min_size=1, max_size=24), rules)
def test_it_is_a_piece_that_comes_so_often_in_a_row(tokens: list[int], rule: Repetition) -> None:
    pieces = (tokens[len(tokens) - size :] for size in range(rule.shortest, rule.longest + 1) if size <= len(tokens))
    spelled = ["".join(map(str, piece)) * rule.times for piece in pieces]
    assert repeats(tokens, rule) == any("".join(map(str, tokens)).endswith(text) for text in spelled)


REFUSED = [
    ({"longest": 2, "shortest": 3}, "shortest 3 is above longest 2: no piece could repeat"),
    ({"times": 1}, "generate.repetition.times: .*greater than or equal to 2"),
    ({"longest": 0}, "generate.repetition.longest: .*greater than or equal to 1"),
    ({"most": 3}, "generate.repetition.most: unknown key"),
]


@pytest.mark.parametrize(("repetition", "message"), REFUSED)
def test_what_cannot_repeat_is_refused(repetition: dict[str, int], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        make_recipe(generate={"max_tokens": 8, "repetition": repetition})


def test_it_is_refused_where_nobody_would_end_a_text() -> None:
    endpoint = {"kind": "endpoint", "url": "http://localhost:1/v1", "model": "a"}
    draws = [{"name": "plain"}, {"name": "other", "role": "teacher"}]
    generate = {"max_tokens": 8, "num_samples": 2, "draws": draws, "repetition": {}}
    with pytest.raises(RecipeError, match=r"generate\.repetition: in generate 'teacher' writes behind a server"):
        make_recipe(generate=generate, roles={"teacher": {"engine": endpoint}})
    make_recipe(generate=generate, roles={"teacher": {"model": {"base": "models/other"}}})
    with pytest.raises(RecipeError, match=r"online\.episode\.repetition: a wave trains on texts"):
        check_recipe(online_recipe({"kind": "grpo"}, episode={"max_tokens": 32, "repetition": {}}))
