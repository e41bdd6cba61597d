"""A recipe with comments, from five answers: data, model, what a right answer is, method, device. Pure.

Called by `selfloop init`. What is not said here has the default that `selfloop check --show` prints.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from flows.new_recipe.guess import Guess

ANSWERS = {
    "number": "a number, in whatever spelling",
    "math": "a formula or a number, compared as mathematics",
    "choice": "a letter, such as B",
    "text": "the same text",
}
METHODS = {
    "rest_em": "train on samples that are right (ReST-EM)",
    "dpo": "prefer right samples to wrong ones of the same problem (DPO)",
    "grpo": "reinforcement learning on right and wrong (GRPO)",
}
DEVICES = {"cpu": "no GPU: a small model and small rounds", "gpu": "a GPU: vLLM draws the samples"}
ASKS = {
    "number": "\\nThink step by step. End with the answer, a number.",
    "math": "\\nThink step by step, and put the final answer in \\\\boxed{}.",
    "choice": "\\nThink briefly. End with: The answer is (letter).",
    "text": "\\nAnswer with the answer alone.",
}
LEAST_ROWS = 8
"""fewer rows than a batch teach nothing but themselves"""
SMALL_SHOWS = {
    "number": "Tom has 7 apples and eats 2. How many are left?\\nCalculation: 7 - 2 = 5\\n\\n"
    "Ann has 4 red pens and 9 blue ones. How many pens are there?\\nCalculation: 4 + 9 = 13\\n\\n",
}
"""what a small model is shown before a problem: without examples it seldom gives an answer that can be read"""
SMALL_ASKS = ASKS | {
    "number": "\\nCalculation:",
    "choice": "\\nAnswer with the letter only.",
}
"""of a small model, which finds fewer answers when it thinks aloud, and seldom ends"""


@dataclass(frozen=True)
class Choice:
    """The five answers, and what the rows of the data are taken for."""

    name: str
    data: str
    model: str
    answer: str
    method: str
    device: str
    guess: Guess
    is_hub: bool = False


def write_recipe(choice: Choice) -> str:
    """The recipe as YAML with comments."""
    is_small = choice.device == "cpu"
    parts = [
        f"# Made by `selfloop init`; every field: docs/recipe.md. Next: selfloop check {choice.name}.yaml --data",
        f"name: {choice.name}",
        f"\nmodel: {{base: {json.dumps(choice.model)}}}    # hub id, folder, .gguf file, or package:NAME",
        f"\nengine: {{kind: {'transformers' if is_small else 'vllm'}}}",
        _problems(choice),
        _sampling(choice, is_small),
        _judge(choice),
        _METHODS[choice.method],
        _train(choice, is_small),
        _DECIDE,
        f"\nrounds: {{max: {1 if is_small else 3}}}    # raise it to go on: what was computed stays",
    ]
    sizes = {"MAX_TOKENS": str(_tokens(choice)), "MAX_STEPS": "8" if is_small else "64"}
    text = "\n".join(part for part in parts if part) + "\n"
    for word, size in sizes.items():
        text = text.replace(word, size)
    return text


def _problems(choice: Choice) -> str:
    guess, is_small = choice.guess, choice.device == "cpu"
    shown = SMALL_SHOWS.get(choice.answer, "") if is_small else ""
    asks = SMALL_ASKS if is_small else ASKS
    asked = (
        f"messages: {guess.messages}"
        if guess.messages
        else f'prompt: "{shown}{_quoted(guess.prompt)}{asks[choice.answer]}"'
    )
    pattern = f", pattern: '{guess.pattern}'" if guess.pattern else ""
    where = f"kind: hub\n    id: {choice.data}" if choice.is_hub else f"path: {json.dumps(choice.data)}"
    return f"""
problems:
  source:                             # one source for all three sets
    {where}
    mapping:                          # how a row becomes a problem
      {asked}
      answer: {{field: {json.dumps(guess.gold)}{pattern}}}
    on_bad_row: error                 # drop: leave out rows that cannot be used, and count them
    # where: "a Jinja expression over the fields, true for rows that are wanted"
  shares: {{train: 0.8, select: 0.1, report: 0.1}}    # select decides on promotions; report is only measured
  # group: FIELD                      # rows with one value of it stay in one set"""


def _quoted(template: str) -> str:
    return template.replace("\\", "\\\\").replace('"', '\\"')


def _sampling(choice: Choice, is_small: bool) -> str:
    if choice.method == "grpo":
        return ""
    limit = ", num_problems: 100" if is_small else ""
    limit += ', stop: ["\\n"]' if is_small and choice.answer in SMALL_SHOWS and not choice.guess.messages else ""
    note = "    # a draw of 100 problems each round" if is_small else ""
    tokens = _tokens(choice)
    return f"\ngenerate: {{num_samples: 8, temperature: 0.7, max_tokens: {tokens}{limit}}}{note}"


def _tokens(choice: Choice) -> int:
    return 512 if choice.device == "gpu" else 160 if choice.answer == "math" else 40


def _judge(choice: Choice) -> str:
    kind = {"text": "exact"}.get(choice.answer, choice.answer)
    further = (
        ", ignore_case: true" if kind == "exact" else f", choices: {choice.guess.choices}" if kind == "choice" else ""
    )
    told = ANSWERS[choice.answer]
    return f"\njudge:\n  - {{kind: answer, verifier: {{kind: {kind}{further}}}}}    # right is {told}"


_METHODS = {
    "rest_em": """
select:                               # what is trained on
  - {kind: correct}
  - {kind: drop_truncated}
  - {kind: unique}
  - {kind: cap, per_problem: 4}       # no problem counts for more than four""",
    "dpo": """
select:
  - {kind: judged}                    # right and wrong ones; what could not be read is neither
  - {kind: drop_truncated}

pair: {kind: right_vs_wrong}""",
    "grpo": """
online:                               # a round is a segment of one RL run
  problems_per_wave: 8
  group_size: 8                       # samples of a problem, each rewarded against the others
  episode: {max_tokens: MAX_TOKENS}
  reward:
    - {kind: judge}""",
}
_DECIDE = """
decide:
  gate: {kind: significant}           # promoted is a rise that chance seldom makes; better: any rise"""
_OBJECTIVES = {
    "rest_em": "objective: {kind: sft}\n  start_from: base      # each round anew, on this round's samples",
    "dpo": "objective: {kind: dpo}\n  start_from: previous\n  reference: start",
    "grpo": "objective: {kind: grpo}\n  start_from: previous_with_optimizer\n  reference: base\n"
    "  max_steps: MAX_STEPS\n  schedule: constant",
}
_RATES = {"rest_em": "2.0e-4", "dpo": "1.0e-5", "grpo": "1.0e-5"}


def _train(choice: Choice, is_small: bool) -> str:
    epochs = "" if choice.method == "grpo" else f"\n  epochs: {2 if choice.method == 'rest_em' else 1}"
    least = (
        ""
        if choice.method == "grpo"
        else f"\n  min_examples: {LEAST_ROWS}    # with fewer the round ends, and says why"
    )
    length = "" if choice.method == "grpo" else f"\n  max_length: {512 if is_small else 2048}"
    return f"""
train:
  {_OBJECTIVES[choice.method]}
  tune: {{kind: lora, rank: 16, alpha: 32}}
  learning_rate: {_RATES[choice.method]}
  batch_size: 8{epochs}{least}{length}"""
