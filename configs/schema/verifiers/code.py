"""The verifier that runs generated programs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from configs.schema.verifiers.base import VerifierBase


class CodeVerifier(VerifierBase):
    """The program passes the problem's tests, in a sandbox without network (bubblewrap; Linux only).

    The gold answer is a JSON object:

    - humaneval: `prompt`, `test`, `entry_point`; the program continues the prompt, or defines the function anew
    - mbpp: `test_list`, and `test_setup_code` and `test_imports` where there are any
    - apps: `inputs` and `outputs`, one entry a test: standard input and output, or with `fn_name` arguments and result
    """

    kind: Literal["code"] = "code"
    layout: Literal["humaneval", "mbpp", "apps"] = Field(
        description="how the gold answer holds the tests, as told above"
    )
    extract: Literal["fenced", "whole"] = Field(
        "fenced", description="the program is the last fenced Python block, or the whole text; `pattern` goes before it"
    )
    score: Literal["all", "share", "count"] = Field(
        "all",
        description="all: 1 where all tests are passed, else 0; share, count: of the tests that are passed, run one by "
        "one, at most 30",
    )
    limit_seconds: float = Field(
        10.0,
        gt=0,
        description="wall clock for one sample, all its tests together; the start of sandboxes is not counted",
    )
    memory_mib: int = Field(512, ge=64, le=2048, description="memory of each process of the program")
    max_processes: int = Field(4, ge=1, le=256, description="processes and threads of the program together")
    max_file_mib: int = Field(16, ge=1, le=512, description="each file, all files together, and standard output")
