"""What is made of a server's answer, and what the schema refuses. No server needed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from configs.schema.engine import EndpointEngine, Engine, RewardEngine, RoleEngine, TransformersEngine
from infra.engines.endpoint.answer import Choice, excerpt, refuses_many, share_tokens


@given(st.lists(st.text(max_size=30), min_size=1, max_size=8), st.integers(0, 5000))
def test_shares_of_tokens_add_up(texts: list[str], num_tokens: int) -> None:
    shares = share_tokens([Choice(text, "stop") for text in texts], num_tokens)
    assert len(shares) == len(texts)
    assert sum(shares) == num_tokens
    assert min(shares) >= 0


def test_a_longer_text_has_the_larger_share() -> None:
    assert share_tokens([Choice("x" * 9, "stop"), Choice("x" * 29, "length")], 40) == [10, 30]


@pytest.mark.parametrize(
    ("body", "is_about_n"),
    [
        ('{"error": {"param": "n"}}', True),
        ("'n' must be 1", True),
        ("only n=1 is supported", True),
        ("this model doesn't exist", False),
        (r"a line\nand another", False),
        ("temperature is not supported", False),
    ],
)
def test_an_error_about_n_is_known_from_others(body: str, is_about_n: bool) -> None:
    assert refuses_many(body) == is_about_n


def test_an_excerpt_is_one_short_line() -> None:
    assert excerpt(" a\n\n  b ") == "a b"
    assert len(excerpt("x" * 9999)) == 303


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "localhost:8000"}, "write an address such as"),
        ({"url": "http://me:secret@host/v1"}, "holds no key"),
        ({"url": "http://host/v1?key=secret"}, "holds no key"),
        ({"price_per_million_input": 1.0}, "write both"),
        ({"max_cost": 1.0}, "max_cost needs"),
        ({"key_env": "sk-123"}, "key_env"),
        ({"api_key": "x"}, "api_key"),
    ],
)
def test_an_endpoint_is_refused_with_words(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        EndpointEngine(**{"url": "http://host/v1", "model": "m", **settings})
    assert "secret" not in str(caught.value)


def test_a_role_may_run_on_any_engine_and_the_policy_on_local_ones() -> None:
    role, policy = TypeAdapter(RoleEngine), TypeAdapter(Engine)
    endpoint = {"kind": "endpoint", "url": "http://host/v1", "model": "m"}
    assert isinstance(role.validate_python(endpoint), EndpointEngine)
    assert isinstance(role.validate_python({"kind": "reward"}), RewardEngine)
    assert role.validate_python({}) == policy.validate_python({}) == TransformersEngine()
    for refused in (endpoint, {"kind": "reward"}):
        with pytest.raises(ValidationError):
            policy.validate_python(refused)
