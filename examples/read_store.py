"""What a finished experiment drew, judged and kept, as one table of pandas.

    python examples/read_store.py demo [ROUND]

The store is a folder (`SELFLOOP_STORE`, or .selfloop/store here) of Parquet files, one folder a step. Its layout stands
in docs/store-format.md.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pandas as pd


def steps_of(store: Path, experiment: str, number: int) -> dict[str, Path]:
    """The folders of a round's steps, by stage."""
    entry = json.loads((store / experiment / "reports" / f"round-{number:03d}.json").read_text())
    return {stage: store / prefix for stage, prefix in entry["report"]["steps"].items()}


def kept_samples(store: Path, experiment: str, number: int) -> pd.DataFrame:
    """One row a sample and judge: problem, text, label, score, and why it was dropped; empty where it was kept."""
    steps = steps_of(store, experiment, number)
    samples = pd.concat(map(pd.read_parquet, sorted(steps["generate"].glob("shard-*.parquet"))))
    verdicts = pd.read_parquet(steps["judge"] / "verdicts.parquet")
    drops = pd.read_parquet(steps["select"] / "drops.parquet")
    judged = samples[["id", "problem_id", "text"]].merge(
        verdicts[["sample_id", "judge", "label", "score"]], left_on="id", right_on="sample_id"
    )
    return judged.merge(drops[["sample_id", "reason"]], how="left", on="sample_id").fillna({"reason": ""})


if __name__ == "__main__":
    place = Path(os.environ.get("SELFLOOP_STORE", ".selfloop/store"))
    rows = kept_samples(place, sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    print(rows.head(8).to_string(index=False, max_colwidth=40))
    print(rows.groupby(["judge", "label"]).size().to_string())
    print(f"kept {(rows.reason == '').sum()} of {len(rows)}")
