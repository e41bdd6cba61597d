"""Generation with vLLM, on GPUs or with its CPU build. Loaded by `session_program.py`.

Requests of all submitted jobs are decoded together, so no time is lost between shards. Every draw is a request of its
own with a seed of its own. Its scores depend on what is decoded with it in their last bits, so a draw repeats but for
the few tokens where that turns the choice.

An adapter is merged into a scratch copy of its base before loading: on a CPU that is about eight times faster than
vLLM's own adapters, and everywhere it keeps one code path and float32 merging.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig

from configs.schema.drawing import Sampling
from configs.schema.engine import VllmEngine
from configs.schema.repetition import Repetition
from infra.engines.chat.load import load_chat
from infra.engines.cpu_tiles import ask_for_tiles
from infra.engines.generate.first_load import first_alone, mark_of
from infra.engines.generate.open_job import OpenJob
from infra.engines.generate.prompts import (
    Prompts,
    check_reading,
    decode_continuation,
    encode_all,
    encode_request,
    encode_scoring,
    stop_texts,
)
from infra.engines.generate.shared_memory import forget_names
from infra.engines.generate.token_ends import TokenEnds
from infra.engines.generate.transformers_runner import context_length
from infra.engines.generate.vllm_metrics import used
from infra.engines.generate.vllm_reading import (
    choices,
    read_prompt_logprobs,
    reading_choices,
    reading_prompt,
    sum_prompt_logprobs,
)
from infra.engines.gpu_list import visible_gpus
from infra.engines.gpu_memory import wait_for_share
from infra.engines.models.merge import merge_once
from infra.engines.models.model_files import ModelFiles
from infra.engines.models.probe import Probe, check_probe, name_of, read_probe
from infra.engines.questions import (
    Completion,
    Missing,
    MissingReason,
    Request,
    Score,
    Tokens,
    draw_seed,
)
from infra.engines.runner import Progress, Result
from infra.engines.wire import Job, ReadingJob, ScoringJob, Shard

Input = tuple[Any, list[int], list[int], Any]
"""what is asked, tokens that were given, tokens to read, sampling parameters"""


AS_MUCH_AS_FITS = -1
"""context for which memory is: a model's own, of up to a million tokens, would need a cache that no GPU holds"""


class VllmRunner:
    """See `runner.Runner`.

    Args:
        with_tokens: completions say their tokens, and the prompt's.
        options: further ones of vLLM's engine.
    """

    def __init__(
        self, settings: VllmEngine, model: ModelFiles, scratch: Path, *, with_tokens: bool = False, **options: Any
    ) -> None:
        on_cpu = not torch.cuda.is_available()
        set_environment(settings, on_cpu)
        import vllm  # reads the environment when imported

        self._vllm = vllm
        self._files = model
        self._chat = load_chat(model)
        self._ends, self._with_tokens = TokenEnds(self._chat), with_tokens
        self._adapter: Any = None
        config = AutoConfig.from_pretrained(model.weights, trust_remote_code=model.trust_remote_code)
        context = context_length(settings.max_model_length, model, config)
        folder, probe = model.weights, read_probe(model)
        if model.adapter is not None:
            folder, probe = merge_once(model, scratch)
        if not on_cpu:
            wait_for_share(settings.gpu_memory_utilization, visible_gpus())
        arguments: dict[str, Any] = {
            "model": str(folder),
            "dtype": cpu_dtype() if on_cpu and settings.dtype == "auto" else settings.dtype,
            "max_model_len": settings.max_model_length or AS_MUCH_AS_FITS,
            "max_num_seqs": settings.max_num_seqs,
            "max_num_batched_tokens": settings.max_num_batched_tokens,
            "quantization": settings.quantization,
            "kv_cache_dtype": settings.kv_cache_dtype or "auto",
            "gpu_memory_utilization": settings.gpu_memory_utilization,
            "tensor_parallel_size": settings.tensor_parallel_size,
            "enforce_eager": on_cpu if settings.enforce_eager is None else settings.enforce_eager,
            "trust_remote_code": model.trust_remote_code,
            "disable_log_stats": False,
            **settings.options,
            **options,
        }
        llm = self._load(arguments)
        self._metrics = llm.get_metrics if llm.llm_engine.log_stats else list
        self._context = min(context, llm.model_config.max_model_len)
        self._engine = llm.llm_engine
        self._open: dict[str, OpenJob] = {}
        self._dtype = name_of(llm.model_config.dtype)
        if probe is not None:
            self._check(probe, "in vllm")

    @property
    def is_idle(self) -> bool:
        return not self._open

    def submit(self, job: Job) -> None:
        """Hand all requests of a job to vLLM, which queues what does not fit."""
        inputs = self._draws(job) if isinstance(job, Shard) else self._given(job)
        work = OpenJob.of(job, [asked for asked, *_ in inputs], [given for _, given, *_ in inputs])
        self._open[job.name] = work
        if isinstance(job, ScoringJob):
            work.group(choices([(given, tokens[len(given) :]) for _, given, tokens, _ in inputs]))
        for place in work.leading():
            _, given, tokens, params = inputs[place]
            if place in work.together:
                tokens, params = given, reading_choices(work.together[place].values())
            self._ask(f"{place}/{job.name}", tokens, params)

    def _draws(self, shard: Shard) -> list[Input]:
        encoded = encode_all(
            shard.requests, lambda request: encode_request(self._chat, self._files, request, self._context)
        )
        inputs: list[Input] = []
        for request, tokens in zip(shard.requests, encoded, strict=True):
            if isinstance(tokens, list):
                inputs += [(row, [], [], None) for row in tokens]
                continue
            prompt, prefix = tokens
            room = min(request.max_tokens or sys.maxsize, self._context - len(prompt) - len(prefix))
            inputs += [
                ((request, draw), prefix, prompt + prefix,
                 self._sampling(shard.sampling, draw_seed(request.seed, draw), room))
                for draw in request.draws
            ]  # fmt: skip
        return inputs

    def _given(self, job: Job) -> list[Input]:
        """Texts, or tokens, to read."""
        assert isinstance(job, (ScoringJob, ReadingJob))
        context, seen = self._context + VllmEngine.reads_beyond, Prompts()
        encoded: list[Any]
        if isinstance(job, ReadingJob):
            encoded = encode_all(job.requests, lambda row: check_reading(self._files, row, context))
        else:
            encoded = encode_all(job.requests, lambda row: encode_scoring(self._chat, self._files, row, context, seen))
        return [
            (tokens[0], [], [], None)
            if isinstance(tokens, list)
            else (row, tokens[0], tokens[0] + tokens[1], reading_prompt())
            for row, tokens in zip(job.requests, encoded, strict=True)
        ]

    def step(self) -> list[Progress | Result]:
        """One step of vLLM's scheduler."""
        events: list[Progress | Result] = []
        is_asked = any(work.num_open for work in self._open.values())  # vLLM would wait for ever
        for output in self._engine.step() if is_asked else ():
            if output.finished:
                events += self._take(output)
        empty = [name for name, work in self._open.items() if work.num_open == 0]
        for name in empty:
            events.append(Result(name, self._open.pop(name).rows, used(self._metrics())))
        return events

    def close(self) -> None:
        self._engine.engine_core.shutdown()

    def _load(self, arguments: dict[str, Any]) -> Any:
        def load() -> Any:
            loaded = self._vllm.LLM(**arguments)
            forget_names()  # all that share the model have it open
            return loaded

        if arguments["enforce_eager"]:
            return load()
        versions = (self._vllm.__version__, torch.__version__, str(torch.cuda.is_available()))
        mark = mark_of(Path(self._vllm.envs.VLLM_CACHE_ROOT), Path(arguments["model"]), arguments, versions)
        return first_alone(mark, load)

    def _ask(self, name: str, tokens: list[int], params: Any) -> None:
        self._engine.add_request(name, {"prompt_token_ids": tokens}, params, lora_request=self._adapter)

    def _check(self, before: Probe, what: str) -> None:
        """See that vLLM reads the weights as they were meant; arguments as of `check_probe`."""
        tokens = list(before.tokens[: self._context - 1])
        self._ask("probe", tokens, reading_prompt())
        outputs: list[Any] = []
        while not outputs:
            outputs = [output for output in self._engine.step() if output.finished]
        found = [entry[token].logprob for token, entry in zip(tokens[1:], outputs[0].prompt_logprobs[1:], strict=True)]
        known = replace(before, tokens=tuple(tokens), logprobs=before.logprobs[: len(found)])
        check_probe(self._files.name, what, known, found, self._dtype)

    def _take(self, output: Any) -> list[Progress | Result]:
        place, _, name = output.request_id.partition("/")
        work = self._open[name]
        if int(place) in work.together:
            group = work.together[int(place)]
            for number, token in group.items():
                work.answer(number, Score(work.asked[number].id, output.outputs[0].logprobs[0][token].logprob, 1))
            return [Progress(name, len(group), len(group))]
        asked, given = work.asked[int(place)], work.given[int(place)]
        if isinstance(work.job, Shard):
            request, number = asked
            row: Any = self._completion(request, number, given, work.job.sampling, output)
        elif isinstance(work.job, ReadingJob):
            row = read_prompt_logprobs(asked.id, output, len(given))
        else:
            row = sum_prompt_logprobs(asked.id, output, len(given))
        work.answer(int(place), row)
        return [Progress(name, 1, 0 if isinstance(row, Missing) else row.num_tokens)]

    def _completion(
        self, request: Request, number: int, prefix: list[int], sampling: Sampling, output: Any
    ) -> Completion | Missing:
        draw = output.outputs[0]
        repeats = draw.finish_reason == "repetition"
        if draw.finish_reason not in ("stop", "length", "repetition"):
            words = f"vLLM gave up on request '{request.id}': {draw.finish_reason}"
            return Missing(request.id, MissingReason.FAILED, words, number)
        text, stop_text = decode_continuation(self._chat, prefix, draw.token_ids, sampling.stop)
        tokens = None
        if self._with_tokens:
            written = tuple(draw.token_ids)
            chances = tuple(entry[token].logprob for token, entry in zip(written, draw.logprobs, strict=True))
            tokens = Tokens(tuple(output.prompt_token_ids), written, chances, self._ends.of(prefix, written, len(text)))
        return Completion(
            request_id=request.id,
            index=number,
            text=text,
            finish_reason="length" if repeats else draw.finish_reason,
            num_tokens=len(draw.token_ids),
            logprob=self._logprob(draw),
            stop_text=stop_text,
            tokens=tokens,
            repeats=repeats,
        )

    def _logprob(self, draw: Any) -> float:
        """Of the tokens as they are scored: where another token than the turn's end ended it, the end's counts."""
        total: float = draw.cumulative_logprob
        last, end = draw.token_ids[-1], self._chat.end
        if end.token is None or last == end.token or last not in end.stops:
            return total
        chances = draw.logprobs[-1]
        return total - chances[last].logprob + chances[end.token].logprob

    def _sampling(self, sampling: Sampling, seed: int, room: int) -> Any:
        end, stop = self._chat.end, list(stop_texts(self._chat, sampling.stop))
        watched = [end.token] if end.token is not None and len(end.stops) > 1 else []
        return self._vllm.SamplingParams(
            seed=seed,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            top_k=sampling.top_k,
            min_p=sampling.min_p,
            max_tokens=min(sampling.max_tokens, room),
            stop=stop,
            stop_token_ids=list(end.stops),
            detokenize=bool(stop),  # otherwise text is decoded once, at the end
            logprobs=len(watched),
            logprob_token_ids=watched or None,
            flat_logprobs=True,
            output_kind=self._vllm.sampling_params.RequestOutputKind.FINAL_ONLY,
            repetition_detection=self._repetition(sampling.repetition),
        )

    def _repetition(self, rule: Repetition | None) -> Any:
        if rule is None:
            return None
        return self._vllm.sampling_params.RepetitionDetectionParams(
            max_pattern_size=rule.longest, min_pattern_size=rule.shortest, min_count=rule.times
        )


def load(settings: VllmEngine, model: ModelFiles, scratch: Path) -> VllmRunner:
    """Called by the session program."""
    return VllmRunner(settings, model, scratch)


def set_environment(settings: VllmEngine, on_cpu: bool) -> None:
    """Settings that vLLM takes from the process only."""
    os.environ["VLLM_NO_USAGE_STATS"] = "1"
    if on_cpu:
        ask_for_tiles()
        os.environ["VLLM_CPU_KVCACHE_SPACE"] = str(settings.cpu_kv_cache_gib)
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"  # one process: it has nothing to overlap with
        os.environ["VLLM_CPU_OMP_THREADS_BIND"] = "nobind"


def cpu_dtype() -> str:
    """bfloat16 where the processor computes in it; emulated, it is several times slower than float32."""
    return "bfloat16" if torch.ops.mkldnn._is_mkldnn_bf16_supported() else "float32"
