"""Numbers of a wave are over what was drawn."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from configs.schema.judges.by_rule import AnswerJudge, VoteJudge
from configs.schema.judges.kinds import Judge
from configs.schema.judges.opinions import RubricJudge
from configs.schema.load import check_recipe
from configs.schema.online.objectives import Dapo
from infra.engines.questions import Tokens
from tasks.core.records import FinishReason, Label, Message, Problem, Sample, Verdict
from tasks.online.carried import Carried
from tasks.online.credit.assign import assign
from tasks.online.credit.baseline import Remembered
from tasks.online.credit.teaches import teaches
from tasks.online.draw import Drawn
from tasks.online.monitors.choices import choice_numbers
from tasks.online.monitors.judges import entropy, judge_numbers, vote_numbers
from tasks.online.monitors.turns import recall_numbers, turn_numbers
from tasks.online.monitors.wave import (
    advantage_abs,
    length_numbers,
    majority_share,
    reward_numbers,
    signal_numbers,
    top_answer_share,
    vote_share,
)
from tasks.online.monitors_of import wave_numbers
from tasks.online.settle import Settling
from tests.configs.online_recipes import online_recipe
from tests.tasks.online.build import attempt, credit, judged, rewarded, rollout, said, verdict


def test_rewards_are_those_of_whole_episodes_and_each_term_has_its_mean() -> None:
    episode = rewarded(1, 2, name="a", terms={"judge": (1, 1), "format": (0, 1)})
    missing = rewarded(None, 1, name="b", terms={"judge": (None, 0), "format": (1, 1)})
    wave = judged(1, fork="x"), type(judged(1))("f", (episode, missing))
    assert reward_numbers(wave[1:]) == {
        "reward_mean": 3, "reward_std": 0, "unscored_share": 0.5, "reward_judge": 2, "reward_format": 1.5,
    }  # fmt: skip
    assert reward_numbers([judged(1, 0, 1, 0)])["reward_std"] == pytest.approx(0.57735, abs=5e-6)
    assert reward_numbers([])["reward_mean"] is None


def test_the_share_without_signal_counts_groups_that_were_drawn() -> None:
    groups = [judged(*returns) for returns in ((1, 1, 1, 1), (0, 0, 0, 0), (1, 0, 0, 1), (1, 1, 0, 1))]
    teaching = [teaches(credit(), Dapo(), group) for group in groups]
    assert signal_numbers(teaching, sum(teaching)) == {"zero_signal_share": 0.5, "groups_per_kept": 2.0}
    assert signal_numbers([False], 0) == {"zero_signal_share": 1.0, "groups_per_kept": None}


@pytest.mark.parametrize("flat_groups", ["keep", "drop"])
def test_a_flat_group_has_no_signal_whether_it_is_trained_on_or_not(flat_groups: str) -> None:
    """(1 1)(0 0)(1 0)(0 1): half of them; of two groups that are used by dropping, of all four by keeping."""
    recipe = check_recipe(online_recipe({"kind": "grpo"}, flat_groups=flat_groups, group_size=2, probe=None))
    settling = Settling.of(recipe)
    groups = [sums(str(place), *labels) for place, labels in enumerate(("++", "--", "+-", "-+"))]
    rated = [replace(one, is_used=not one.reason) for one in settling.rate(groups, Carried())]
    settled = settling.settle([one for one in rated if one.is_used], Carried())
    numbers = wave_numbers(recipe.judge, rated, settled)
    assert numbers["zero_signal_share"] == 0.5
    assert numbers["groups_per_kept"] == (1.0 if flat_groups == "keep" else 2.0)


def sums(name: str, *labels: str) -> Drawn:
    """A problem whose samples are right (+) or wrong (-)."""
    nodes = tuple(
        Sample(f"{name}/{place}", name, place, "7", FinishReason.STOP, 1, None, "m") for place in range(len(labels))
    )
    verdicts = tuple(
        judgement(node.id, "answer", Label.CORRECT if label == "+" else Label.WRONG)
        for node, label in zip(nodes, labels, strict=True)
    )
    tokens = {node.id: Tokens((1,), (2,), (-0.5,)) for node in nodes}
    return Drawn(Problem(name, (Message("user", "3+4="),), gold="7"), nodes, verdicts, tokens)


def test_lengths_are_of_trained_texts() -> None:
    turns = [attempt(1.0, end=9, is_shared=True), said("right", start=0, end=4), attempt(0.0, end=2, is_truncated=True),
             attempt(end=99, is_trained=False)]  # fmt: skip
    verdicts = [verdict(1.0), verdict(None, Label.UNPARSEABLE), verdict(0.0), verdict(None, Label.TRUNCATED)]
    assert length_numbers([rewarded(0, 0, 0, 0, turns=turns)], verdicts) == {
        "tokens_mean": 3, "truncated_share": 0.5, "turns_mean": 4, "parse_rate": 0.5,
    }  # fmt: skip


def test_the_size_of_advantages_is_of_those_that_are_trained_on() -> None:
    found, _ = assign(credit(), [judged(1, 0, None)], Remembered())
    assert advantage_abs(found) == 0.5 and advantage_abs([]) is None


def test_one_answer_to_every_problem_is_seen() -> None:
    groups = [["5", "5", "3"]] * 6 + [["7", "7", None]] + [[None, None]]
    assert top_answer_share(groups) == 0.75
    assert majority_share(["5", "5", None, None]) == 0.5 and majority_share([None]) == 0
    assert vote_share([["5", "5"], ["5", None]]) == 0.75 and (vote_share([]), top_answer_share([[None]])) == (
        None,
        None,
    )


def test_what_becomes_of_attempts() -> None:
    chains = [(1, 1), (0, 1), (1, 0), (0, 0), (1,), (0,)]
    told = turn_numbers([rollout(*(attempt(float(one)) for one in chain)) for chain in chains])
    assert told == {
        "acc_t1": 0.5, "acc_final": 0.5, "edit_share": pytest.approx(2 / 3), "wrong_to_right": 0.25,
        "right_to_wrong": 0.25,
    }  # fmt: skip


def test_a_verifier_that_says_one_word_recalls_one_side() -> None:
    chains = [rollout(attempt(one), said(word)) for one, word in ((1.0, "right"), (1.0, "right"), (0.0, "right"))]
    told = recall_numbers([*chains, rollout(attempt(0.0), said(None)), rollout(attempt(), said("wrong"))])
    assert told == {"verifier_recall_right": 1, "verifier_recall_wrong": 0}


def judgement(sample: str, judge: str, label: str, score: float | None = None) -> Verdict:
    return Verdict(sample, "p", judge, label, score)


def test_every_judge_has_its_mean_and_the_first_that_asks_a_model_its_entropy() -> None:
    judges: list[Judge] = [AnswerJudge(), RubricJudge(), RubricJudge(name="second")]
    group = [
        judgement("a", "answer", Label.CORRECT, 1.0), judgement("a", "rubric", Label.UNSCORED, 4.0),
        judgement("b", "answer", Label.UNPARSEABLE), judgement("b", "rubric", Label.UNSCORED, 2.0),
        judgement("c", "answer", Label.WRONG, 0.0), judgement("c", "rubric", Label.UNPARSEABLE),
    ]  # fmt: skip
    numbers = judge_numbers(judges, [group, []])
    assert numbers == {"judged_answer": 0.5, "judged_rubric": 3.0, "judged_second": None,
                       "judge_entropy": pytest.approx(math.log(2))}  # fmt: skip
    assert entropy([3.0, 3.0]) == 0 and entropy([]) is None


def test_pseudo_labels_are_compared_with_gold_where_a_vote_has_a_winner() -> None:
    def group(*labels: tuple[str, str]) -> list[Verdict]:
        return [judgement(str(place), judge, label) for place, (voted, known) in enumerate(labels)
                for judge, label in (("vote", voted), ("answer", known))]  # fmt: skip

    right = group((Label.CORRECT, Label.CORRECT), (Label.WRONG, Label.WRONG))
    false = group((Label.CORRECT, Label.WRONG), (Label.WRONG, Label.CORRECT))
    tie = group((Label.UNSCORED, Label.CORRECT), (Label.UNSCORED, Label.WRONG))
    judges: list[Judge] = [AnswerJudge(), VoteJudge()]
    numbers = vote_numbers(judges, [right, false, right, tie])
    assert numbers == {"labelled_share": 0.75, "pseudo_label_accuracy": pytest.approx(2 / 3)}
    assert vote_numbers(judges, [tie]) == {"labelled_share": 0.0, "pseudo_label_accuracy": None}
    assert vote_numbers([VoteJudge()], [right]) == {"labelled_share": 1.0} and vote_numbers([AnswerJudge()], []) == {}


def test_choices_of_texts_are_counted_with_their_accuracies() -> None:
    texts = [("Plan: Least to Most.", 1.0), ("Plan: least to most.", 0.0), ("Plan: code.", 0.0), ("none", 1.0)]
    rollouts = [rollout(attempt(score, text=text)) for text, score in texts]
    assert choice_numbers(r"Plan: ([^.]+)", rollouts) == {
        "chosen_share": 0.75, "choice_least_to_most": pytest.approx(2 / 3), "accuracy_least_to_most": 0.5,
        "choice_code": pytest.approx(1 / 3), "accuracy_code": 0.0, "choice_entropy": pytest.approx(0.6365, abs=1e-4),
    }  # fmt: skip
    assert choice_numbers(None, rollouts) == choice_numbers("(x)", []) == {}
    assert choice_numbers("(x)", rollouts) == {"chosen_share": 0.0, "choice_entropy": None}
    many = [rollout(attempt(1.0, text=f"Plan: {number}.")) for number in range(20)]
    assert sum(name.startswith("accuracy_") for name in choice_numbers(r"Plan: ([^.]+)", many)) == 8
