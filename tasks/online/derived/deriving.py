"""A wave's derived rows: what all entries of `online.derived` make, put in the places where it is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from configs.errors import RecipeError
from configs.schema.judges.kinds import Judge
from configs.schema.online.objectives import OnlineObjective, Sdpo, StreamObjective
from configs.schema.online.section import Online
from configs.schema.recipe import Recipe
from tasks.core.prompts import names_used, read_prompt
from tasks.core.records import Sample
from tasks.core.step import derive_seed
from tasks.online.carried import Carried
from tasks.online.derived.made import Made, Scene, all_of
from tasks.online.derived.registry import KINDS
from tasks.online.derived.teachers import teach
from tasks.online.draw import Drawing, Drawn
from tasks.online.settle import Rated

NAMES = {
    "attempts": frozenset({"prompt", "answer", "solution"}),
    "verdicts": frozenset({"prompt", "attempt"}),
    "copies": frozenset({"prompt", "attempt"}),
    "sdpo": frozenset({"prompt", "demonstration", "feedback"}),
}
"""by kind of an entry, or of the objective, what its prompt gets"""


@dataclass(frozen=True)
class Deriving:
    """The entries of a recipe.

    Args:
        objective: one that is taught has rows of its own.
        prompts: text of each entry's prompt; empty where it has none; and of the objective's, last.
    """

    online: Online
    objective: OnlineObjective
    judges: Sequence[Judge]
    prompts: Sequence[str]

    @classmethod
    def of(cls, recipe: Recipe, base_dir: Path) -> Deriving:
        """Raises RecipeError: a prompt cannot be read, or uses a name that it does not get."""
        assert recipe.online is not None, "asked of online rounds alone"
        assert isinstance(recipe.train.objective, StreamObjective), "the recipe was checked for it"
        objective: OnlineObjective = recipe.train.objective
        asked: list[tuple[str, str, str | None]] = [
            (f"online.derived.{place}.prompt", entry.kind, entry.prompt)
            for place, entry in enumerate(recipe.online.derived)
        ]
        asked.append(("train.objective.prompt", objective.kind, getattr(objective, "prompt", None)))
        prompts = [_read(address, kind, name, base_dir) for address, kind, name in asked]
        return cls(recipe.online, objective, recipe.judge, prompts)

    def make(self, drawing: Drawing, drawn: Sequence[Rated], wave: int, before: Carried, seed: int) -> Made:
        """What the groups that are trained on give rise to.

        Args:
            seed: of the run.
        """
        used = [one for one in drawn if one.is_used]
        if not used:
            return Made()
        own = derive_seed(seed, "wave", before.position.waves)
        scene = Scene(self.online, drawing, self.judges, used, wave, before.position, own)
        entries = zip(self.online.derived, self.prompts[:-1], strict=True)
        made = [KINDS[entry.kind](entry, scene, prompt) for entry, prompt in entries]
        if isinstance(self.objective, Sdpo):
            made.append(teach(self.objective, scene, self.prompts[-1]))
        return all_of(made)


def _read(address: str, kind: str, name: str | None, base_dir: Path) -> str:
    """Text of a prompt; empty where there is none."""
    text = read_prompt(name, base_dir) if name else ""
    if unknown := sorted(names_used(text) - NAMES.get(kind, frozenset())):
        raise RecipeError(
            f"{address}: '{name}' uses '{unknown[0]}', which is nothing that it gets",
            f"write a prompt that uses {', '.join(sorted(NAMES[kind]))} alone",
        )
    return text


def with_made(drawn: Drawn, made: Made) -> Drawn:
    """A group with what was made of it, for publication."""
    own = {node.id for node in drawn.nodes} | {text.id for text in made.texts if text.problem_id == drawn.problem.id}
    nodes = [_stored(node, made) for node in drawn.nodes]
    return replace(
        drawn,
        nodes=tuple(_in_place(nodes, [text for text in made.texts if text.problem_id == drawn.problem.id])),
        verdicts=(*drawn.verdicts, *(one for one in made.verdicts if one.problem_id == drawn.problem.id)),
        tokens={**drawn.tokens, **{name: row for name, row in made.tokens.items() if name in own}},
        contexts={name: context for name, context in made.contexts.items() if name in own},
        teachers={name: seen for name, seen in made.teachers.items() if name in own},
    )


def _stored(node: Sample, made: Made) -> Sample:
    return replace(node, stored=made.stored[node.id]) if node.id in made.stored else node


def _in_place(nodes: Sequence[Sample], texts: Sequence[Sample]) -> Iterator[Sample]:
    """Depth first: each text behind all that is below its parent, those without one at the end."""
    yield from _below(None, [*nodes, *texts])


def _below(parent: str | None, nodes: Sequence[Sample]) -> Iterator[Sample]:
    for node in nodes:
        if node.parent_id == parent:
            yield node
            yield from _below(node.id, nodes)
