"""An open session as a model of lm-evaluation-harness: it makes tokens as the library's own models do, and asks.

Differences from the library's HFLM:

1. Texts end at the model's own end tokens, as everywhere here; HFLM takes those of the generation config.
2. Tasks that sample draw with seeds of ours.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from lm_eval.api.model import TemplateLM
from lm_eval.models.utils import handle_stop_sequences, normalize_gen_kwargs, resolve_max_length
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window
from transformers import AutoConfig

from configs.errors import EngineError
from configs.schema.drawing import Sampling
from infra.engines.chat.load import load_chat
from infra.engines.harness.run import read_rows, write_rows
from infra.engines.models.model_files import ModelFiles

MAX_NEW_TOKENS = 256
"""where a task says nothing, as of HFLM"""
NO_ANSWER = float("-inf"), False
Texts = tuple[str, str]
Encoded = tuple[Texts | None, list[int], list[int]]


class SessionModel(TemplateLM):
    """See `lm_eval.api.model.LM`. What has no answer is an empty text, or of probability 0; whoever is asked counts it.

    Args:
        files: of the model that is asked.
        max_length: most tokens that it reads and writes, where that is fewer than it could.
        beyond: how many more it reads where it writes none, the last of them unread; HFLM's is 1.
        folder: where questions and answers are written.
        ask: hands a message on, and waits for the answer.
    """

    def __init__(
        self, files: ModelFiles, max_length: int | None, beyond: int, seed: int, folder: Path,
        ask: Callable[[Any], Any],
    ) -> None:  # fmt: skip
        super().__init__()
        self._name, self._seed, self._folder, self._ask = files.name, seed, folder, ask
        self._chat = load_chat(files)
        self.tokenizer = self._chat.tokenizer
        config = AutoConfig.from_pretrained(files.weights, trust_remote_code=files.trust_remote_code)
        own = resolve_max_length(config, self.tokenizer)
        self._max_length = min(own, max_length or own)
        self._readable = self._max_length + beyond
        self._num_asked = 0

    @property
    def eot_token_id(self) -> int:
        return int(self.tokenizer.eos_token_id)

    @property
    def prefix_token_id(self) -> int:
        start = self.tokenizer.bos_token_id
        return self.eot_token_id if start is None else int(start)

    @property
    def tokenizer_name(self) -> str:
        return self._name

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **kwargs: Any) -> list[int]:
        """Tokens of a text, with those that the tokenizer puts before one; not twice."""
        if add_special_tokens is None and string.startswith(self.tokenizer.decode(self.prefix_token_id)):
            add_special_tokens = False
        options = {} if add_special_tokens is None else {"add_special_tokens": add_special_tokens}
        try:
            tokens: list[int] = self.tokenizer.encode(string, **options)
        except Exception as error:  # tokenizers has no error class of its own
            raise EngineError(
                f"the tokenizer of model '{self._name}' cannot read the item that begins {string[:80]!r}: {error}",
                "leave this task out; for a tiny_llama, add its characters to model.alphabet",
            ) from error
        return tokens

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """A chat as the model reads it; a last turn of the model's own stays open where nothing is to be added."""
        template = self._chat.template
        text: str = self.tokenizer.apply_chat_template(
            chat_history, tokenize=False, chat_template=template.text, add_generation_prompt=add_generation_prompt,
            continue_final_message=not add_generation_prompt, **template.variables,
        )  # fmt: skip
        return text

    def _loglikelihood_tokens(self, requests: list[Encoded], **kwargs: Any) -> list[tuple[float, bool]]:
        rows = (self._reading(prompt, completion) for _, prompt, completion in requests)
        return [
            (row["logprob"], row["is_greedy"]) if row else NO_ANSWER
            for row in self._exchange({"what": "readings"}, rows)
        ]

    def _reading(self, prompt: list[int], completion: list[int]) -> dict[str, Any]:
        room = self._readable - len(completion)
        if room < 1:
            raise EngineError(
                f"an answer of {len(completion)} tokens does not fit into the {self._max_length} of the model",
                "raise engine.max_model_length, take a model with a longer context, or leave this task out",
            )
        return {"prompt": prompt[-room:], "completion": completion}

    def loglikelihood_rolling(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[float]:
        """Log-likelihood of whole texts, read in windows of the context's length."""
        windows = [self._windows(request.args[0]) for request in requests]
        found = iter(self._loglikelihood_tokens([(None, *window) for text in windows for window in text]))
        return [sum(next(found)[0] for _ in text) for text in windows]

    def _windows(self, text: str) -> list[tuple[list[int], list[int]]]:
        found = get_rolling_token_windows(self.tok_encode(text), self.prefix_token_id, self._readable - 1, 1)
        return [make_disjoint_window(window) for window in found]

    def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[str]:
        """Texts that go on from prompts, each up to a stop text of its task."""
        by_sampling: dict[Sampling, list[int]] = {}
        for place, request in enumerate(requests):
            by_sampling.setdefault(self._sampling(request), []).append(place)
        texts = [""] * len(requests)
        seen: Counter[str] = Counter()
        for sampling, places in by_sampling.items():
            contexts = [requests[place].args[0] for place in places]
            asked = {"what": "texts", "sampling": sampling.model_dump(mode="json")}
            for place, row in zip(places, self._exchange(asked, self._prompts(contexts, sampling, seen)), strict=True):
                texts[place] = row.get("text", "")
        return texts

    def _prompts(self, contexts: Sequence[str], sampling: Sampling, seen: Counter[str]) -> Iterator[dict[str, Any]]:
        """Args:
        seen: how often each context was asked before: a task that repeats its items wants other draws.
        """
        room = self._max_length - sampling.max_tokens
        for context in contexts:
            seed = int.from_bytes(hashlib.blake2b(f"{self._seed}/{context}".encode(), digest_size=4).digest()) >> 1
            yield {"tokens": self.tok_encode(context)[-room:], "seed": seed, "draw": seen[context]}
            seen[context] += 1

    def _sampling(self, request: Any) -> Sampling:
        name, settings = request.task_name, normalize_gen_kwargs(request.args[1], MAX_NEW_TOKENS)
        until = handle_stop_sequences(settings.pop("until", None), None)
        max_tokens, is_drawn = settings.pop("max_gen_toks"), settings.pop("do_sample")
        drawn = {name: settings.pop(name, None) for name in ("temperature", "top_p", "top_k", "min_p")}
        if settings:
            raise EngineError(
                f"the task {name} generates with {', '.join(sorted(settings))}, which engines here do not know",
                "leave the task out, or write one of your own without it",
            )
        if max_tokens >= self._max_length:
            raise EngineError(
                f"the task {name} generates up to {max_tokens} tokens, and the context of model '{self._name}' holds "
                f"{self._max_length}, prompt included",
                "write a task's file of your own with a smaller generation_kwargs.max_gen_toks, or leave it out",
            )
        told = {name: value for name, value in drawn.items() if value is not None} if is_drawn else {"temperature": 0.0}
        return Sampling(**told, max_tokens=max_tokens, stop=tuple(text for text in until if text))

    def _exchange(self, message: dict[str, Any], questions: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
        """Write questions, have them answered, read the answers."""
        self._num_asked += 1
        asked, answered = (self._folder / f"{name}-{self._num_asked:03d}.jsonl" for name in ("asked", "answered"))
        write_rows(asked, questions)
        self._ask({**message, "asked": str(asked), "answered": str(answered)})
        return list(read_rows(answered))
