"""What the card of published samples says. Pure; `folders.py` writes it."""

from __future__ import annotations

from typing import Any

from tasks.publish.sections import again_section, count_rounds, lineage_section, listed, method_section
from tasks.publish.told import Told
from tasks.report.table import markdown_rows

SIZES = ((1000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
LARGEST = "n>1M"


def data_fields(told: Told) -> dict[str, Any]:
    """Front matter of the data set's card: the configurations tell the hub which files belong together."""
    configs: list[dict[str, Any]] = [
        {"config_name": name, "data_files": [{"split": "train", "path": paths}]}
        for name, paths in told.rows.files.items()
    ]
    configs[0]["default"] = True
    size = next((word for limit, word in SIZES if told.rows.num_rows < limit), LARGEST)
    return {
        "license": told.data_licence,
        "task_categories": ["text-generation"],
        "size_categories": [size],
        "tags": ["selfloop", "self-improvement", "synthetic"],
        "configs": configs,
    }


def data_body(told: Told) -> str:
    """The data set's card."""
    rows = told.rows
    files = [("file", "rows"), *((path, f"{count:,}") for path, count in rows.counts.items())]
    left_out = [
        f"{rows.num_worked:,} rows of worked solutions are left out: people wrote them." if rows.num_worked else "",
        f"{rows.num_held_out:,} rows of held-out problems are left out." if rows.num_held_out else "",
        f"Samples of rounds {listed(rows.cleared)} were cleared away before." if rows.cleared else "",
    ]
    return "\n".join(
        (
            f"# Samples that {told.experiment} kept\n",
            f"What the models of the experiment `{told.experiment}` wrote, and what was kept of it to train the next: "
            f"{rows.num_rows:,} rows of {count_rounds(len(told.entries) - 1)}. The texts are a model's, the prompts "
            "are those of the experiment's train problems. Problems and gold answers of its select and report sets are "
            "not in here.\n",
            *markdown_rows(files),
            *("", *filter(None, left_out), ""),
            "Columns: `prompt` is a chat, `completion` (or `chosen` and `rejected`) one assistant turn, as TRL's "
            "trainers read them; `weight` is the factor of a row in the loss, `spans` are the pieces of a completion "
            "with theirs, `round` is the round that kept it.\n",
            "## How they were kept\n",
            method_section(told.recipe),
            "## What was trained on them\n",
            lineage_section(told),
            "## To make them again\n",
            again_section(told),
        )
    )
