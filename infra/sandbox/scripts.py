"""Scripts in killable workers, each in a sandbox of its own. Called for blocks of code that a model writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from configs.errors import UserError
from infra.sandbox.bubblewrap import START_SECONDS, Limits, SandboxError
from infra.sandbox.bubblewrap_run import probe_sandbox, run_script
from infra.sandbox.killable import KillablePool

PATIENCE_SECONDS = 10.0
"""beyond the limit of a script and the start of its sandbox, before its worker is killed"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a script ended.

    Attributes:
        printed: its standard output.
        failure: why it failed, in words; empty where it did not.
        is_sandbox: the sandbox failed: nothing is known about the script.
    """

    printed: bytes
    failure: str = ""
    is_sandbox: bool = False


def require_sandbox(who: str) -> None:
    """Nothing, where programs can be run here.

    Args:
        who: what needs it, as the recipe calls it.

    Raises:
        UserError: they cannot, with the reason.
    """
    reason = probe_sandbox()
    if reason is not None:
        raise UserError(
            f"{who} needs a sandbox, and cannot have one: {reason}",
            "install bubblewrap 0.8 or later, and run as root or where user namespaces are allowed",
        )


def run_scripts(sources: Iterable[str], limits: Limits) -> Iterator[Ended]:
    """How each script ended, in their order, as they come. Nothing that one does hangs or ends another."""
    seconds = limits.seconds + START_SECONDS + PATIENCE_SECONDS
    with KillablePool("infra.sandbox.scripts:build_runner", seconds, initargs=(limits,)) as pool:
        for outcome in pool.map(sources):
            yield outcome.value if outcome.failure is None else Ended(b"", outcome.failure, is_sandbox=True)


def build_runner(limits: Limits) -> Callable[[str], Ended]:
    """The function of one script; runs in the workers."""

    def run(source: str) -> Ended:
        try:
            result = run_script(source, b"", limits)
        except SandboxError as error:
            return Ended(b"", str(error), is_sandbox=True)
        return Ended(result.output, result.note)

    return run
