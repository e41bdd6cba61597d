"""Numbers of one wave: rewards, signal, lengths. All of them are over what was drawn, not over what was kept.

None where there is nothing to count. What the learner alone knows (entropy, clips, divergence, gaps) it says itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tasks.core.records import Label, Verdict
from tasks.online.credit.assign import Advantage, Judged
from tasks.online.credit.numbers import deviation, known, mean, total
from tasks.online.reward import Rewarded

Numbers = dict[str, float | None]


def reward_numbers(groups: Sequence[Judged]) -> Numbers:
    """reward_mean and reward_std (n - 1) of whole episodes, unscored_share, and one mean a term: reward_TERM, of the
    sum over an episode's texts."""
    episodes = [rewarded for group in groups for rewarded in group.episodes]
    totals = [total(rewarded.rewards) for rewarded in episodes]
    there = known(totals)
    numbers: Numbers = {
        "reward_mean": mean(there) if there else None,
        "reward_std": deviation(there, 1) if there else None,
        "unscored_share": share(value is None for value in totals),
    }
    for name in episodes[0].by_term if episodes else ():
        of_term = known([total(rewarded.by_term[name]) for rewarded in episodes])
        numbers[f"reward_{name}"] = mean(of_term) if of_term else None
    return numbers


def signal_numbers(teaching: Sequence[bool], num_used: int) -> Numbers:
    """zero_signal_share: drawn groups that teach nothing. groups_per_kept: groups drawn for each that is used."""
    return {
        "zero_signal_share": share(not one for one in teaching),
        "groups_per_kept": len(teaching) / num_used if num_used else None,
    }


def length_numbers(episodes: Sequence[Rewarded], verdicts: Sequence[Verdict]) -> Numbers:
    """tokens_mean of trained texts, truncated_share of them, turns_mean of episodes; parse_rate of the verdicts."""
    texts = [turn for rewarded in episodes for turn in rewarded.rollout.turns if turn.is_trained and not turn.is_shared]
    read = (Label.CORRECT, Label.WRONG, Label.UNSCORED)
    return {
        "tokens_mean": mean([turn.num_tokens for turn in texts]) if texts else None,
        "truncated_share": share(turn.is_truncated for turn in texts),
        "turns_mean": mean([len(rewarded.rollout.turns) for rewarded in episodes]) if episodes else None,
        "parse_rate": share(verdict.label in read for verdict in verdicts),
    }


def advantage_abs(advantages: Sequence[Advantage]) -> float | None:
    """Mean size of the advantages that are trained on."""
    sizes = [abs(one.value) for one in advantages if one.dropped is None]
    return mean(sizes) if sizes else None


def majority_share(answers: Sequence[str | None]) -> float:
    """Share of a group's samples with its most frequent answer; those without an answer stay in the denominator."""
    counts = Counter(answer for answer in answers if answer is not None)
    return max(counts.values(), default=0) / len(answers) if answers else 0.0


def vote_share(groups: Sequence[Sequence[str | None]]) -> float | None:
    """Mean of the groups' majority shares."""
    return mean([majority_share(answers) for answers in groups]) if groups else None


def top_answer_share(groups: Sequence[Sequence[str | None]]) -> float | None:
    """Share of the problems whose most frequent answer is the one that is so most often: collapse to one answer."""
    tops = [Counter(there).most_common(1)[0][0] for answers in groups if (there := [one for one in answers if one])]
    return max(Counter(tops).values()) / len(groups) if tops else None


def share(flags: Iterable[bool]) -> float | None:
    """Share of true ones; None of none."""
    found = list(flags)
    return sum(found) / len(found) if found else None
