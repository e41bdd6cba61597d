"""The bare side of `generation.py`: an engine's own loop over the same prompts, in a process of its own.

Commands: {"repeat": n}; answers: {loop's name: tokens a second}. The first answer means that the model is loaded.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.generation import Workload
from infra.engines.models.model_files import ModelFiles
from infra.process.protocol import Channel


def transformers_loops(folder: Path, load: Workload) -> dict[str, Callable[[int], int]]:
    """Functions that generate one repeat's samples and return the number of tokens."""
    import torch
    from transformers import AutoModelForCausalLM

    from infra.engines.chat.load import load_chat
    from infra.engines.devices import limit_threads
    from infra.engines.generate.decode import Decoder, Draft, pad_left
    from infra.engines.questions import draw_seed

    chat = load_chat(ModelFiles(folder.name, folder))
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    limit_threads(model)
    ends = list(chat.end.stops)
    pad = ends[0] if chat.tokenizer.pad_token_id is None else chat.tokenizer.pad_token_id
    sampling = load.sampling

    def batches(repeat: int) -> list[list[Draft]]:
        return [
            [
                Draft(chat.prompt_ids(request.messages), sampling.max_tokens, draw_seed(request.seed, draw))
                for request in shard.requests
                for draw in request.draws
            ]
            for shard in load.shards(repeat)
        ]

    def decode(repeat: int) -> int:
        decoder = Decoder(model, ends, pad)
        return sum(sum(decoder.decode(batch, sampling)) for batch in batches(repeat))

    def generate(repeat: int) -> int:
        torch.manual_seed(repeat)
        num_tokens = 0
        for batch in batches(repeat):
            ids, mask = pad_left([draft.prompt for draft in batch], pad, "cpu")
            said = model.generate(
                ids, attention_mask=mask, do_sample=True, temperature=sampling.temperature, top_k=0, top_p=1.0,
                max_new_tokens=sampling.max_tokens, eos_token_id=ends, pad_token_id=pad,
            )[:, ids.shape[1] :]  # fmt: skip
            is_end = torch.isin(said, torch.tensor(ends))
            num_tokens += int((is_end.cumsum(-1) - is_end.int() == 0).sum())
        return num_tokens

    return {"bare generate": generate, "bare decode": decode}


def vllm_loops(folder: Path, load: Workload) -> dict[str, Callable[[int], int]]:
    """All prompts of a repeat in one call of `LLM.generate`, with the engine's own defaults of output."""
    from configs.schema.engine import VllmEngine
    from infra.engines.generate.vllm_runner import AS_MUCH_AS_FITS, cpu_dtype, set_environment

    engine = load.engine
    assert isinstance(engine, VllmEngine)
    import torch

    on_cpu = not torch.cuda.is_available()
    set_environment(engine, on_cpu)
    import vllm

    from infra.engines.chat.load import load_chat

    chat = load_chat(ModelFiles(folder.name, folder))
    llm = vllm.LLM(
        model=str(folder), dtype=cpu_dtype() if on_cpu else "auto", max_num_seqs=engine.max_num_seqs,
        max_model_len=engine.max_model_length or AS_MUCH_AS_FITS, enforce_eager=on_cpu, disable_log_stats=True,
    )  # fmt: skip

    def generate(repeat: int) -> int:
        requests = [request for shard in load.shards(repeat) for request in shard.requests]
        prompts = [{"prompt_token_ids": chat.prompt_ids(request.messages)} for request in requests]
        settings = vllm.SamplingParams(
            n=requests[0].num_samples, temperature=load.sampling.temperature, max_tokens=load.sampling.max_tokens,
            logprobs=0,
        )  # fmt: skip
        outputs = llm.generate(prompts, settings, use_tqdm=False)
        return sum(len(draw.token_ids) for output in outputs for draw in output.outputs)

    return {"bare LLM.generate": generate}


def main() -> None:
    channel = Channel(commands=True)
    kind, folder, size = sys.argv[1:]
    loops = (vllm_loops if kind == "vllm" else transformers_loops)(Path(folder), Workload(kind, size))
    for loop in loops.values():
        loop(0)
    channel.send({"kind": "loaded"})
    while (command := channel.receive()) is not None:
        answer = {}
        for name, loop in loops.items():
            start = time.perf_counter()
            num_tokens = loop(command["repeat"])
            answer[name] = num_tokens / (time.perf_counter() - start)
        channel.send(answer)


if __name__ == "__main__":
    main()
