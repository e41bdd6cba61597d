"""How fast is a run in which everything is reused?   python -m benchmarks.reuse [RECIPE]

Runs a recipe (default: the demo, made first if it was not) a second time and prints the wall time of the whole command
and of each round, as Prefect recorded it. Promises: a reused round within 10 s, the reused demo within 45 s.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import httpx

from flows.services.addresses import resolve_addresses
from flows.services.prefect_server import PrefectServer

ROOT = Path(__file__).parents[1]
SELFLOOP = Path(sys.executable).with_name("selfloop")


def run(recipe: Path) -> float:
    """Wall seconds of one `selfloop run`."""
    started = time.monotonic()
    subprocess.run([str(SELFLOOP), "run", str(recipe)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def round_seconds(url: str) -> dict[str, float]:
    """Seconds of the latest flow run of each round."""
    runs = httpx.post(f"{url}/flow_runs/filter", json={"sort": "START_TIME_ASC"}).json()
    return {run["name"]: run["total_run_time"] for run in runs if " round " in run["name"]}


def main() -> None:
    recipe = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "configs" / "recipes" / "demo.yaml"
    run(recipe)
    total = run(recipe)
    with PrefectServer(resolve_addresses()) as server:
        rounds = round_seconds(server.wait())
    print(f"reused run   {total:6.1f} s in all")
    for name, seconds in sorted(rounds.items()):
        print(f"{name:<20} {seconds:6.1f} s")


if __name__ == "__main__":
    main()
