"""The gold answer must not come into a row that is trained on: what a recipe may not show, and what a text gave away.

A segment trains on what was drawn under the chat that drew it. So nothing that is trained may be asked with the answer
in view (`refuse_sight`), and where somebody else saw it, as a teacher that writes hints, what that wrote is searched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from configs.errors import RecipeError
from configs.schema.online.objectives import StreamObjective
from configs.schema.online.section import Online
from configs.schema.revision.parts import POLICY, Writer
from tasks.answer.standing import stands_in
from tasks.core.records import Author, Sample
from tasks.sample.revision.asking import LoadedStep


def refuse_sight(steps: Sequence[LoadedStep], online: Online, objective: StreamObjective) -> None:
    """Accept steps of which none is trained that sees what no model sees at test time.

    Raises:
        RecipeError: names the step and what it sees.
    """
    for place, name in _seeing(steps, online, objective):
        raise RecipeError(
            f"online.episode.steps.{place}: it is shown '{name}', and what it writes is trained on under what it was "
            "shown",
            "leave it out of the prompt, ask a role for this step, or leave its part out of online.credit.train_parts "
            "(and write no kl_weight_by_turn)",
        )


def _seeing(steps: Sequence[LoadedStep], online: Online, objective: StreamObjective) -> Iterator[tuple[int, str]]:
    parts = online.credit.train_parts
    for place, step in enumerate(steps):
        is_live = Writer(POLICY, "round_start") in step.writers
        is_trained = not parts or step.config.part in parts or bool(objective.kl_weight_by_turn)
        if is_live and is_trained and step.sees:
            yield place, min(step.sees)


def gives_away(node: Sample, gold: str | None) -> bool:
    """Whether a text whose writer saw the answer, or the solution, holds it. An attempt that was only hinted at may."""
    is_help = not node.is_answer or node.by in (Author.SOLUTION, Author.PEER)
    return node.privileged and is_help and bool(gold and gold.strip()) and stands_in(node.text, str(gold).strip())
