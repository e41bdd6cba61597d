"""How far texts are from the reference: for the reward term `kl`. The reference is asked as any model is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra.engines.wire import Missing, Scoring, Tokens
from tasks.core.answers import Answerer, Answers
from tasks.core.records import Problem, Sample
from tasks.sample.episode import Episode


@dataclass(frozen=True)
class Divergence:
    """Asks the reference for log-probabilities of whole texts.

    Args:
        who: the reference.
    """

    who: Answerer
    answers: Answers

    def of(
        self, episodes: Sequence[Episode], nodes: Sequence[Sequence[Sample]], tokens: Sequence[Mapping[str, Tokens]]
    ) -> dict[str, float]:
        """log p - log p_ref of each drawn text, by id; a text that the reference cannot read has none.

        Args:
            nodes, tokens: of each episode.
        """
        drawn = [
            (episode.problem, node, own[node.id])
            for episode, group, own in zip(episodes, nodes, tokens, strict=True)
            for node in group
            if node.id in own
        ]
        asked = [_question(problem, node) for problem, node, _ in drawn]
        scores = self.answers.score(self.who, asked, "reference")
        return {
            node.id: (sum(own.logprobs) if node.logprob is None else node.logprob) - score.logprob
            for (_, node, own), score in zip(drawn, scores, strict=True)
            if not isinstance(score, Missing)
        }


def _question(problem: Problem, node: Sample) -> Scoring:
    messages = node.messages or problem.messages
    chat = tuple((message.role, message.content) for message in messages)
    written = node.text.removeprefix(node.prefix)
    return Scoring(node.id, chat, written, node.prefix, with_end=not node.is_truncated or not written)
