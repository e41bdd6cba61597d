"""Which program generates text. The engine's kind and number format belong to a step's identity;
where and how wide it runs (device, batch size, memory share) does not."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from configs.schema.base import Component, by_kind, default_kind

Dtype = Literal["auto", "float32", "bfloat16", "float16"]


class TransformersEngine(Component):
    """Hugging Face `generate`: in every install, any device, slow on long outputs."""

    kind: Literal["transformers"] = "transformers"
    dtype: Dtype = Field("auto", description="auto: bfloat16 on a GPU, float32 on a CPU")
    max_model_length: int | None = Field(None, ge=8, description="context limit in tokens; default: the model's own")
    batch_size: int = Field(64, ge=1, description="sequences generated together")
    devices: tuple[str, ...] = Field(("auto",), min_length=1, description="one session each: cpu, cuda:0, cuda:1, ...")


class VllmEngine(Component):
    """vLLM's offline engine, on GPUs or as its CPU build."""

    kind: Literal["vllm"] = "vllm"
    dtype: Dtype = Field("auto", description="auto: the checkpoint's own; on a CPU what it computes natively")
    max_model_length: int | None = Field(None, ge=8, description="context limit in tokens; default: the model's own")
    max_num_seqs: int = Field(256, ge=1, description="sequences decoded together")
    gpu_memory_utilization: float = Field(0.9, gt=0, le=1)
    cpu_kv_cache_gib: int = Field(2, ge=1, description="KV cache size of the CPU build, in GiB")
    tensor_parallel_size: int = Field(1, ge=1)
    enforce_eager: bool | None = Field(None, description="default: true on a CPU, false on a GPU")
    devices: tuple[str, ...] = Field(("auto",), min_length=1, description="one session each: cuda:0, cuda:1, ...")


Engine = Annotated[TransformersEngine | VllmEngine, by_kind, default_kind("transformers")]
