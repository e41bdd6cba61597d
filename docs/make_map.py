"""Write docs/map.md: one line a file, the first of its docstring. `python docs/make_map.py > docs/map.md`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
FLOORS = ("flows", "tasks", "infra", "configs", "benchmarks")
HEAD = """# Map

One line a file, the first of its docstring; written by `python docs/make_map.py > docs/map.md`.
"""


def write_map(root: Path) -> str:
    """The page: floor by floor, room by room, file by file."""
    lines = [HEAD]
    for floor in FLOORS:
        for room in sorted({path.parent for path in (root / floor).rglob("*.py")}):
            files = sorted(path for path in room.glob("*.py") if path.stat().st_size)  # an __init__.py is mostly empty
            if files:
                lines += [f"## {room.relative_to(root).as_posix()}/\n", "| file | what it is |", "|---|---|"]
                lines += [f"| `{path.name}` | {first_line(path)} |" for path in files]
                lines.append("")
    return "\n".join(lines)


def first_line(path: Path) -> str:
    """The first sentence of a module's docstring, on one line, fit for a cell of a table.

    Raises:
        ValueError: the module has no docstring.
    """
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    if not said:
        raise ValueError(f"{path} has no docstring: say what it is, who calls it")
    paragraph = " ".join(said.split("\n\n")[0].split())
    sentence = re.split(r"(?<=[.:])\s+(?=[A-Z`])", paragraph)[0]
    return sentence.rstrip(".:").replace("|", "\\|")


if __name__ == "__main__":
    print(write_map(ROOT), end="")
