"""Recipes for tests that go over all of them: the published ones, and two with every part that none of those has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from configs.schema.load import check_recipe, load_recipe
from configs.schema.recipe import Recipe
from tests.configs.online_recipes import ONLINE

PUBLISHED = sorted((Path(__file__).parents[2] / "configs" / "recipes").glob("*.yaml"))
FURTHER: dict[str, dict[str, Any]] = {
    "taught": {
        "name": "taught",
        "model": {"kind": "tiny_llama"},
        "roles": {
            "critic": {"engine": {"kind": "endpoint", "url": "http://localhost:1/v1", "model": "a",
                                  "price_per_million_input": 1, "price_per_million_output": 1, "max_cost": 9}},
            "teacher": {"model": {"base": "models/other", "chat_template": "template.j2"}},
        },
        "problems": {
            "train": {
                "kind": "hub", "id": "a/b", "local_path": "copy",
                "mapping": {"answer": {"fields": ["tests", "entry"]}, "solution": {"field": "solution"}},
            },
            "select": {
                "kind": "store", "key": "data/rows.jsonl",
                "mapping": {"answer": {"field": "label", "index_of": "ABCD", "first": 1}},
            },
            "report": {"kind": "multiplication"},
        },
        "generate": {"max_tokens": 64},
        "judge": [
            {"kind": "answer", "verifier": {"kind": "code", "layout": "mbpp"}},
            {"kind": "rubric", "role": "critic"},
        ],
        "guide": {"kind": "interactive", "role": "teacher"},
        "select": [{"kind": "correct"}, {"kind": "length", "max_tokens": 99}],
        "weigh": {"kind": "by_problem"},
        "evaluate": {"verifier": {"kind": "regex", "accept": "{gold}"}},
        "decide": {"gate": {"kind": "significant"}},
    },
    "chains": {
        "name": "chains",
        "model": {"kind": "tiny_llama"},
        "problems": {part: {"kind": "addition"} for part in ("train", "select", "report")},
        "generate": {"max_tokens": 64},
        "judge": [{"kind": "answer", "verifier": {"kind": "python", "function": "score.py:score"}},
                  {"kind": "answer", "name": "called", "verifier": {"kind": "call", "ordered": True}}],
        "select": [{"kind": "judged"}, {"kind": "hint_shows", "words": ["hint"]},
                   {"kind": "python", "function": "keep.py:score"}],
        "rows": [{"kind": "turn"}, {"kind": "conversation"}, {"kind": "splice"}],
        "evaluate": {"verifier": {"kind": "choice"}, "benchmarks": {
            "tasks": ["gsm8k", {"task": "bench/own.yaml", "num_fewshot": 3, "limit": 8}], "every": 4,
            "sets": {"sums": {"source": {"kind": "addition", "digits": [2]}, "verifier": {"kind": "number"}}},
            "system": "Answer."}},
    },
    "revised": {
        "name": "revised",
        "model": {"kind": "tiny_llama"},
        "roles": {name: {"model": {"base": "models/other"}} for name in ("critic", "criticx")},
        "problems": {part: {"kind": "addition"} for part in ("train", "select", "report")},
        "generate": {
            "kind": "revise", "num_samples": 2, "max_tokens": 64, "max_turns": 3,
            "first": {"state": "base", "at_most": {"wrong": 2, "correct": 1}, "pool": "rounds"},
            "steps": [
                {"part": "critique", "by": "critic", "when": {"judge": "answer", "says": ["wrong"]}, "form": "single",
                 "prompt": "feedback", "stored_prompt": "critique", "otherwise": "skip", "keep": {"first": 2}},
                {"part": "verdict", "num": 2, "keep": {"true_verdict": 1}, "temperature": 0.5,
                 "when": {"judge": "strict", "below": 1}},
                {"part": "critique", "name": "more", "by": "criticx",
                 "when": {"judge": "answer", "wrong_with_at_least": 0.5}},
                {"part": "attempt", "num": 2, "when": {"verdict": "wrong"}, "keep": {"best": "answer"}},
            ],
            "until": [{"verdict": "unread"}, {"same": "text"}, {"no_gain": "answer"},
                      {"judge": "answer", "says": ["correct"]}],
        },
        "judge": [{"kind": "answer"}, {"kind": "answer", "name": "strict"}],
        "select": [
            {"kind": "leaves", "inner": True}, {"kind": "moves"}, {"kind": "gain", "above": 0.5},
            {"kind": "true_verdicts"}, {"kind": "helps"}, {"kind": "confirmed"}, {"kind": "pattern"}, {"kind": "cut"},
            {"kind": "pass_rate", "low": 0.1, "high": 0.9}, {"kind": "rescued"}, {"kind": "one_per"},
            {"kind": "balance", "ratio": 2}, {"kind": "leaks", "words": ["hint"]}, {"kind": "mirrors"},
        ],
        "rows": [{"kind": "turn", "of": ["verdict"]}, {"kind": "improvement"}],
        "weigh": {"kind": "by_gain"},
        "evaluate": {"revise": {
            "steps": [{"part": "critique", "by": "critic"}, {"part": "verdict"},
                      {"part": "attempt", "when": {"verdict": "wrong"}}],
            "gate": {"judge": {"kind": "rubric", "name": "sure"}},
            "max_turns": 4, "until": [{"same": "text"}], "trees": {"num_samples": 4, "budgets": [[1, 1], [2, 2]]},
        }},
    },
    "steered": {
        "name": "steered",
        "model": {"kind": "tiny_llama"},
        "roles": {name: {"model": {"base": "models/other"}} for name in ("critic", "criticx")},
        "problems": {part: {"kind": "addition"} for part in ("train", "select", "report")},
        "generate": {
            "max_tokens": 64, "num_samples": 2,
            "draws": [
                {"name": "plain", "num_samples": [2, 1]},
                {"name": "worded", "prompt": "reworded", "variants": 2, "stored_prompt": "zero_shot_direct"},
                {"name": "told", "system": "zero_shot_direct", "prompt": "hint_answer", "sees": "answer",
                 "stored_prompt": "zero_shot_direct", "leak_words": ["hint"], "strip": ["^Sure"]},
                {"name": "other", "role": "critic", "temperature": 1.5}, {"name": "another", "role": "criticx"},
                {"name": "early", "state": "base", "num_samples": [0, 1]},
            ],
        },
        "judge": [{"kind": "answer"}, {"kind": "provenance", "scores": {"plain": 1, "told": 2}},
                  {"kind": "likelihood", "under": "draw:told"}],
        "select": [
            {"kind": "correct"}, {"kind": "hint_shows", "words": ["told"], "draw": "told"},
            {"kind": "order", "by_draw": {"told": ["provenance", "answer", "likelihood"]}},
            {"kind": "above_mean", "by_draw": {"told": "provenance", "other": "answer"}},
        ],
    },
    "divided": {
        "name": "divided",
        "model": {"kind": "tiny_llama"},
        "problems": {
            "source": {
                "path": "math/train.jsonl", "where": "level > 2", "shuffle": 3, "on_bad_row": "drop",
                "duplicates": "error", "mapping": {"messages": "chosen", "answer": {"field": "answer"}},
            },
            "shares": {"train": 0.5, "select": 0.25, "report": 0.25}, "group": "story",
        },
        "generate": {"max_tokens": 64},
    },
    "mixed": {
        "name": "mixed",
        "model": {"kind": "tiny_llama"},
        "problems": {
            "train": {"kind": "mixture", "num_problems": 90, "parts": [
                {"share": 0.5, "source": {"path": "math/train.csv", "separator": ";", "encoding": "latin-1"}},
                {"share": 0.5, "source": {"path": "csqa/train.jsonl",
                                          "where": {"kind": "python", "function": "score.py:score"}}},
            ]},
            "select": {"kind": "addition"}, "report": {"kind": "addition"},
        },
        "generate": {"max_tokens": 64},
    },
    "puzzled": {
        "name": "puzzled",
        "model": {"kind": "tiny_llama"},
        "problems": {
            "train": {"kind": "reasoning_gym", "task": "countdown", "level": 1, "prompt": "{{ question }}\n",
                      "difficulty": {"max_numbers": 4, "operators": ["+", "-"]}},
            "select": {"kind": "reasoning_gym", "task": "countdown"},
            "report": {"kind": "reasoning_gym", "task": "countdown"},
        },
        "generate": {"max_tokens": 64},
        "judge": [{"kind": "answer", "verifier": {"kind": "reasoning_gym", "threshold": 0.5}}],
    },
    "probed": {
        "name": "probed",
        "model": {"kind": "tiny_llama"},
        "roles": {"encoder": {"model": {"base": "models/other"}, "engine": {"kind": "embedding"}}},
        "problems": {part: {"kind": "addition"} for part in ("train", "select", "report")},
        "generate": {"max_tokens": 64},
        "judge": [
            {"kind": "answer"},
            {"kind": "probe", "words": {"no": "not"}, "reduce": "count", "temperature": 1, "repeats": 2},
            {"kind": "probe", "name": "perfect", "items": "substitute", "extract": "Better: (.*)", "read": "choices",
             "begins": "It is", "expect": "literal", "literal": "yes", "choices": ["yes", "yesx"]},
            {"kind": "probe", "name": "asked", "items": "list", "texts": ["clear?"], "expect": "same",
             "extract": "(.)", "pattern": "(no|nox)", "choices": ["no", "nox"], "unparseable": "no"},
            {"kind": "embedding", "against": "draw:plain"},
        ],
        "select": [{"kind": "keep_problem", "judge": "perfect", "at_least": 0.125, "at_most": 0.5}],
        "pair": {"kind": "gold_vs_sample", "judge": "embedding", "lowest_share": 0.5},
        "train": {"objective": {"kind": "dpo"}},
    },
    "desirable": {
        "name": "desirable",
        "model": {"kind": "tiny_llama"},
        "problems": {part: {"kind": "addition"} for part in ("train", "select", "report")},
        "generate": {"max_tokens": 64},
        "select": [{"kind": "judged"}],
        "train": {"objective": {"kind": "kto"}},
    },
    "rewarded": {
        "name": "rewarded",
        "model": {"kind": "tiny_llama"},
        "problems": {part: {"kind": "addition"} for part in ("train", "select", "report")},
        "generate": {"kind": "revise", "max_tokens": 64, "steps": [{"part": "verdict"}, {"part": "attempt"}]},
        "select": [{"kind": "judged"}, {"kind": "balance", "by": "ends_right", "cuts": "wrong"}],
        "rows": [{"kind": "trajectory"}],
        "train": {"objective": {"kind": "offline_pg"}},
    },
    "branched": {
        "name": "branched",
        "model": {"kind": "tiny_llama"},
        "roles": {"critic": {"model": {"base": "models/other"}}},
        "problems": {part: {"kind": "addition"} for part in ("train", "select", "report")},
        "generate": {"kind": "prefix", "max_tokens": 64, "step_end": ";", "critic": "critic"},
        "rows": [{"kind": "splice", "given": 1}],
    },
    "spoilt": {
        "name": "spoilt",
        "model": {"kind": "tiny_llama"},
        "problems": {part: {"kind": "addition"} for part in ("train", "select", "report")},
        "generate": {"kind": "edit", "max_tokens": 64, "step_end": ";"},
        "select": [{"kind": "judged"}],
        "pair": {"kind": "right_vs_wrong", "per_problem": 1},
        "train": {"objective": {"kind": "dpo"}},
    },
    "phased": {
        "name": "phased",
        "model": {"kind": "tiny_llama"},
        "roles": {
            "scribe": {"like": "policy", "train": {"start_from": "base", "max_steps": 4}},
            "critic": {"model": {"base": "models/other"}, "warm_start": {"source": {"kind": "addition"}}},
        },
        "problems": {part: {"kind": "addition"} for part in ("train", "select", "report")},
        "generate": {"max_tokens": 64},
        "judge": [
            {"kind": "answer"},
            {"kind": "implicit", "name": "likely", "role": "critic", "reference": "base"},
            {"kind": "rubric", "role": "scribe"},
        ],
        "phases": [{"name": "first", "rounds": 1}, {"name": "second", "rounds": 1, "set": {"train": {"epochs": 3}}}],
        "rounds": {"cycles": 2},
    },
    "stopped": {
        "name": "stopped",
        "model": {"kind": "tiny_llama"},
        "problems": {part: {"kind": "addition"} for part in ("train", "select", "report")},
        "generate": {"max_tokens": 64, "adaptive": {"enough": 10, "wave": 8, "give_up_after": 16},
                     "repetition": {"longest": 32, "times": 8}},
    },
    "compared": {
        "name": "compared",
        "model": {"kind": "tiny_llama"},
        "problems": {part: {"kind": "addition"} for part in ("train", "select", "report")},
        "generate": {"max_tokens": 64},
        "judge": [{"kind": "answer"}, {"kind": "likelihood"}, {"kind": "win_rate", "of": "likelihood"},
                  {"kind": "rubric", "name": "style"}],
        "select": [{"kind": "judged"}],
        "pair": {
            "kind": "mixture", "fill": "repeat",
            "sets": [
                {"share": 0.6, "pair": {
                    "kind": "best_vs_worst", "judge": "likelihood", "rule": "all", "min_gap": 1,
                    "confident": {"high": -0.5, "low": -1}, "min_quality": {"judge": "likelihood", "at_least": -2},
                    "win_rate": "win_rate"}},
                {"share": 0.2, "pair": {"kind": "right_vs_wrong"}},
                {"share": 0.2, "pair": {"kind": "judgements", "judge": "style", "rule": "gap", "gap": 1}},
            ],
        },
        "train": {"objective": {"kind": "dpo"}, "max_steps": 4},
    },
}  # fmt: skip
NAMES = [*(path.stem for path in PUBLISHED), *FURTHER, *ONLINE]


def recipe(name: str) -> Recipe:
    """One of them, or of those of online rounds."""
    return (
        check_recipe((FURTHER | ONLINE)[name])
        if name in FURTHER or name in ONLINE
        else load_recipe(PUBLISHED[0].with_name(f"{name}.yaml"))
    )
