"""GPUs are waited for, and whoever holds them is named; read from what nvidia-smi prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.errors import EngineError
from infra.engines import gpu_memory
from infra.engines.gpu_memory import Gpu, parse_gpus, read_gpus, wait_for_gpus, wait_for_share

GPUS = "GPU-aa, 800, 81000\nGPU-bb, 80500, 81000\nGPU-cc, [N/A], [N/A]\n"
PROCESSES = "GPU-aa, 12, /usr/bin/python, 79000\nGPU-aa, 13, a, b, [N/A]\nGPU-bb, 14, x, 100\n"


def test_holders_are_read() -> None:
    first, second = parse_gpus(GPUS, PROCESSES)
    assert (first.free, first.total, first.held) == (800, 81000, 79000)
    assert first.holders == ("/usr/bin/python (process 12, 79000 MiB)", "a, b (process 13, memory unknown)")
    assert second.held == 100 and first.is_settled and second.is_settled


def test_what_the_driver_owes_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_memory, "POLL_SECONDS", 0.0)
    seen = [[Gpu("a", 100, 1000), Gpu("b", 990, 1000)], [Gpu("a", 700, 1000)], [Gpu("a", 700, 1000, held=250)]]
    told = list(seen)
    wait_for_gpus({"a", "b"}, lambda: told.pop(0))
    assert not told, "held by somebody who lives: it is not waited for"


def test_a_gpu_that_stays_taken_is_named_with_its_holder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_memory, "FREE_SECONDS", 0.0)
    with pytest.raises(EngineError, match=r"GPU-aa: 800 of 81000 MiB are free, held by .*process 12") as caught:
        wait_for_gpus({"GPU-aa", "GPU-bb"}, lambda: parse_gpus(GPUS, PROCESSES))
    assert "GPU-bb" not in caught.value.message and "train.devices" in str(caught.value.fix)
    wait_for_gpus({"GPU-bb"}, lambda: parse_gpus(GPUS, PROCESSES))


def test_a_share_is_waited_for_and_what_would_fit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_memory, "POLL_SECONDS", 0.0)
    told = [[Gpu("a", 100, 1000), Gpu("b", 0, 1000)], [Gpu("a", 900, 1000), Gpu("b", 0, 1000)]]
    wait_for_share(0.9, {"a"}, lambda: told.pop(0))
    assert not told
    monkeypatch.setattr(gpu_memory, "FREE_SECONDS", 0.0)
    full = Gpu("a", 500, 1000, 450, ("python (process 12, 450 MiB)",))
    with pytest.raises(EngineError, match=r"utilization: 0\.9 asks .* a: 500 of 1000 MiB .*process 12") as caught:
        wait_for_share(0.9, {"a"}, lambda: [full])
    assert "gpu_memory_utilization: 0.49" in str(caught.value.fix)


def test_nvidia_smi_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f'#!/bin/sh\ncase "$1" in *compute*) echo "{PROCESSES}";; *) echo "{GPUS}";; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert read_gpus() == parse_gpus(GPUS, PROCESSES)
    program.write_text("#!/bin/sh\nexit 9\n")
    assert read_gpus() == []
