"""What a rule found is not looked for again, whatever is read, known, repeated or killed in between."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configs.errors import StoreError
from configs.schema.judges.by_rule import AnswerJudge, VoteJudge
from configs.schema.judges.kinds import Judge
from configs.schema.verifiers.kinds import NumberVerifier
from infra.sandbox.killable import Outcome
from tasks.judge.verifiers import outcomes, pool
from tasks.judge.verifiers.finding import Finding
from tasks.judge.verifiers.registry import Item
from tests.build.records import make_problem, make_sample
from tests.tasks.core.scripted import make_answers

ANSWER = AnswerJudge(verifier=NumberVerifier())
FAILURES = {"hangs": "timeout", "dies": "crashed: SIGKILL", "raises": "raised: KeyError: 'x'"}


@dataclass
class Rule:
    """Verifies by the text, some items ahead as a pool does, and remembers what it looked at and how often it began."""

    ahead: int = 3
    looked_at: list[str] = field(default_factory=list)
    num_starts: int = 0

    def __call__(self, judge: Judge, items: Iterable[Item]) -> Generator[pool.Outcome, None, None]:
        self.num_starts += 1
        source, taken = iter(items), list[Item]()
        while True:
            while len(taken) < self.ahead and (item := next(source, None)) is not None:
                taken.append(item)
            if not taken:
                return
            (_, sample), text = taken[0], taken.pop(0)[1].text
            self.looked_at.append(text)
            failure = FAILURES.get(text.partition(" ")[0])
            yield (
                Outcome(failure=failure) if failure else Outcome(Finding(sample.text, text == "5", len(text) / 8, "n"))
            )


def look(
    folder: Path, rule: Rule, texts: Sequence[str], gold: str = "5", judge: Judge = ANSWER, lives: int | None = None
) -> list[Outcome]:
    """What is found; the lease is lost when `lives` shards are published."""
    answers, left = make_answers(folder), [lives]

    def guard() -> None:
        if left[0] == 0:
            raise StoreError("the lease is lost")
        left[0] = None if left[0] is None else left[0] - 1

    answers.ledger.guard = guard
    problem = make_problem(gold=gold)
    items: Iterator[Item] = ((problem, make_sample(index=index, text=text)) for index, text in enumerate(texts))
    found = outcomes.rule_outcomes(judge, items, rule, answers)
    return [Outcome(one.value, one.failure) for one in found]


def expected(texts: Sequence[str]) -> list[Outcome]:
    return list(look_plain(texts))


def look_plain(texts: Sequence[str]) -> Iterator[Outcome]:
    problem = make_problem(gold="5")
    items: list[Item] = [(problem, make_sample(index=index, text=text)) for index, text in enumerate(texts)]
    for one in outcomes.rule_outcomes(ANSWER, items, Rule(), None):
        yield Outcome(one.value, one.failure)


def test_what_was_found_is_read_as_it_was_and_no_verifier_starts(tmp_path: Path) -> None:
    texts = ["5", "6", "raises", "", "7"]
    first = look(tmp_path, Rule(), texts)
    again = Rule()
    assert look(tmp_path, again, texts) == first == expected(texts)
    assert again.num_starts == 0


def test_another_gold_answer_asks_again_where_it_is_compared_with(tmp_path: Path) -> None:
    vote = VoteJudge(verifier=NumberVerifier())
    for judge, num_new in ((ANSWER, 2), (vote, 0)):
        look(tmp_path / judge.name, Rule(), ["5", "6"], "5", judge)
        rule = Rule()
        look(tmp_path / judge.name, rule, ["5", "6"], "56", judge)
        assert len(rule.looked_at) == num_new
    rule = Rule()
    look(tmp_path / "answer", rule, ["65"], "5")
    look(tmp_path / "answer", rule, ["5"], "56")
    look(tmp_path / "answer", rule, ["5"], "6")
    assert rule.looked_at == ["65", "5"], "gold and text are told apart: 56 5 was known, 5 65 and 6 5 were not"


def test_what_the_machine_failed_at_is_no_answer_and_what_the_rule_failed_at_is_one(tmp_path: Path) -> None:
    texts = ["hangs 1", "5", "dies 2", "raises 3", "hangs 1", "6"]
    rule = Rule()
    first = look(tmp_path, rule, texts)
    hung, died, raised = FAILURES.values()
    assert [one.failure for one in first] == [hung, None, died, raised, hung, None]
    again = Rule()
    assert look(tmp_path, again, texts) == first
    assert again.looked_at == ["hangs 1", "dies 2"]


def test_a_kill_costs_what_was_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "OUTCOMES_PER_SHARD", 4)
    texts = [str(number) for number in range(30)]
    with pytest.raises(StoreError, match="the lease is lost"):
        look(tmp_path, Rule(), texts, lives=3)
    rule = Rule()
    assert look(tmp_path, rule, texts) == expected(texts)
    assert rule.looked_at == texts[12:]


def test_a_slow_rule_publishes_by_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "SECONDS_PER_SHARD", -1.0)
    with pytest.raises(StoreError, match="the lease is lost"):
        look(tmp_path, Rule(), [str(number) for number in range(9)], lives=7)
    rule = Rule()
    look(tmp_path, rule, [str(number) for number in range(9)])
    assert rule.looked_at == ["7", "8"]


@pytest.mark.parametrize("number", [1, 5, 8])
def test_who_stops_after_the_last_outcome_loses_nothing(tmp_path: Path, number: int) -> None:
    texts = [str(place) for place in range(number)]
    items: list[Item] = [(make_problem(gold="5"), make_sample(text=text)) for text in texts]
    with closing(outcomes.rule_outcomes(ANSWER, items, Rule(), make_answers(tmp_path))) as found:
        assert len([next(found) for _ in texts]) == number
    again = Rule()
    look(tmp_path, again, texts)
    assert again.looked_at == []


def test_known_items_between_new_ones_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "MOST_WAITING", 8)
    known = [str(number) for number in range(100)]
    look(tmp_path, Rule(), known)
    read: list[str] = []

    def items() -> Iterator[Item]:
        for text in ["new", *known, "newer"]:
            read.append(text)
            yield make_problem(gold="5"), make_sample(text=text)

    rule = Rule()
    found = outcomes.rule_outcomes(ANSWER, items(), rule, make_answers(tmp_path))
    next(found)
    assert len(read) <= 8
    assert len(list(found)) == 101 and rule.looked_at == ["new", "newer"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 12), max_size=40), st.lists(st.integers(0, 12), max_size=15),
    st.integers(1, 5), st.integers(1, 6), st.integers(1, 9),
)  # fmt: skip
def test_whatever_is_known_the_outcomes_are_those_of_a_fresh_store(
    tmp_path_factory: pytest.TempPathFactory, now: list[int], before: list[int], ahead: int, size: int, waiting: int
) -> None:
    folder = tmp_path_factory.mktemp("outcomes")
    words = [*map(str, range(9)), "hangs 1", "dies 2", "raises 3", ""]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outcomes, "OUTCOMES_PER_SHARD", size)
        patch.setattr(outcomes, "MOST_WAITING", waiting)
        look(folder, Rule(), [words[place] for place in before])
        rule = Rule(ahead)
        texts = [words[place] for place in now]
        assert look(folder, rule, texts) == expected(texts)
    lasting = [text for text in rule.looked_at if text.partition(" ")[0] not in ("hangs", "dies")]
    assert len(lasting) == len({*lasting}) and not {*lasting} & {words[place] for place in before}


def test_a_rule_that_sees_problem_and_sample_is_asked_about_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("def score(problem, sample):\n    return 1.0\n", encoding="utf-8")
    judge = AnswerJudge.model_validate({"verifier": {"kind": "python", "function": f"{path}:score"}})
    problem, sample, rule = make_problem(gold="5"), make_sample(text="5"), Rule()
    for other in (sample, replace(sample, num_tokens=99), sample):
        list(outcomes.rule_outcomes(judge, [(problem, other)], rule, make_answers(tmp_path)))
    assert len(rule.looked_at) == 2
