"""All verifiers by their `kind`. To add one: a file like `exact.py`, a config class in configs/schema, an entry here.

`build` runs once in the template process of a pool; the function it returns runs in the workers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from configs.errors import RecipeError
from configs.schema.verifiers.kinds import PythonVerifier, Verifier
from tasks.answer.value import VERSION as READER_VERSION
from tasks.core.records import Problem, Sample
from tasks.core.user_function import load_function
from tasks.judge.verifiers import call, choice, code, code_share, exact, math, number, python, reasoning_gym, regex
from tasks.judge.verifiers.finding import Finding

Item = tuple[Problem, Sample]
Verify = Callable[[Item], Finding]


@dataclass(frozen=True, slots=True)
class VerifierKind:
    """One kind of verifier.

    Attributes:
        build: from the verifier's settings to the function of one item.
        versions: what enters step keys: changing it makes steps new.
        explain_gold: why a gold answer cannot be used, in words, or None if it can.
        extract: (text, settings) -> the answer in a form in which equal answers look equal, or None where there is
            none. None for kinds that find no answer without gold.
        reads_text_alone: whether the sample's text, and the gold answer, are all that it looks at.
        imports: heavy modules that `build` imports.
        travels: a text may be looked at on another machine: it takes longer than the way there, and needs nothing that
            is on this machine alone, as a user's file is.
    """

    build: Callable[[Any], Verify]
    versions: Callable[[Any], dict[str, int | str]]
    explain_gold: Callable[[str | None, Any], str | None]
    extract: Callable[[str, Any], str | None] | None = None
    reads_text_alone: bool = True
    imports: tuple[str, ...] = ()
    travels: bool = False


def build_verifier(config: Verifier) -> Verify:
    """The function that verifies one (problem, sample) item by these settings."""
    return VERIFIERS[config.kind].build(config)


def build_extractor(config: Verifier) -> Verify:
    """The function that finds one item's answer by these settings, without gold; its Finding holds the answer alone.

    Raises:
        RecipeError: this kind of verifier finds no answers.
    """
    extract = VERIFIERS[config.kind].extract
    if extract is None:
        able = ", ".join(sorted(name for name, kind in VERIFIERS.items() if kind.extract))
        raise RecipeError(f"the verifier {config.kind} finds no answers to vote with", f"write one of {able}")
    VERIFIERS[config.kind].build(config)  # warms up what the workers share
    return lambda item: Finding(extract(item[1].text, config))


def verifier_versions(config: Verifier) -> dict[str, int | str]:
    """Versions of the code that these settings use, by name."""
    return VERIFIERS[config.kind].versions(config)


def explain_gold(gold: str | None, config: Verifier) -> str | None:
    """Why a verifier cannot compare with this gold answer, in words; None if it can."""
    return VERIFIERS[config.kind].explain_gold(gold, config)


def reads_text_alone(config: Verifier) -> bool:
    """Whether the sample's text, and the gold answer, are all that this verifier looks at."""
    return VERIFIERS[config.kind].reads_text_alone


def _compare_text(verify: Callable[[str, str | None, Any], Finding], config: Any) -> Verify:
    return lambda item: verify(item[1].text, item[0].gold, config)


def _build_math(config: Any) -> Verify:
    math.warm_up()
    return _compare_text(math.verify, config)


def _build_code(config: Any) -> Verify:
    code.require_sandbox()
    return _compare_text(code.verify if config.score == "all" else code_share.verify, config)


def _code_versions(config: Any) -> dict[str, int | str]:
    own: dict[str, int | str] = {"code": code.VERSION}
    return own if config.score == "all" else {**own, "code_share": code_share.VERSION}


def _build_python(config: PythonVerifier) -> Verify:
    function = load_function(config.function, python.FIELD, "(problem, sample)")
    return lambda item: python.verify(function, *item)


def _build_gym(config: Any) -> Verify:
    reasoning_gym.require_package()
    return _compare_text(reasoning_gym.verify, config)


def _by_text(module: Any) -> VerifierKind:
    """A verifier module that needs the sample's text and the gold answer, and nothing else."""
    name = module.__name__.rpartition(".")[2]
    return VerifierKind(
        build=lambda config: _compare_text(module.verify, config),
        versions=lambda _: {name: module.VERSION, "reader": READER_VERSION},
        explain_gold=module.explain_gold,
        extract=getattr(module, "extract", None),
    )


VERIFIERS: dict[str, VerifierKind] = {
    "number": _by_text(number),
    "exact": _by_text(exact),
    "choice": _by_text(choice),
    "call": _by_text(call),
    "regex": _by_text(regex),
    "math": VerifierKind(
        _build_math,
        lambda _: {"math": math.VERSION, "reader": READER_VERSION},
        math.explain_gold,
        math.extract,
        imports=("math_verify",),
        travels=True,
    ),
    "code": VerifierKind(_build_code, _code_versions, code.explain_gold, travels=True),
    "reasoning_gym": VerifierKind(
        _build_gym, lambda _: reasoning_gym.versions(), reasoning_gym.explain_gold, reasoning_gym.extract, travels=True
    ),
    "python": VerifierKind(
        _build_python, lambda _: {"python": python.VERSION}, lambda _gold, _config: None, reads_text_alone=False
    ),
}
