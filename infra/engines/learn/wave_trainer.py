"""TRL's GRPOTrainer on rows that come from outside: two methods are overridden, nothing else of it is touched.

`_generate_and_score_completions` reads a wave's file in place of generating, and `_compute_loss` adds up kernels over
streams in place of one loss. Used inside `learner_program.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch

from infra.engines.learn.critic import Critic
from infra.engines.learn.desk import Desk
from infra.engines.learn.grpo import GRPOTrainer
from infra.engines.learn.kernels.policy import entropy_bonus
from infra.engines.learn.losses import MAXIMA, Losses
from infra.engines.learn.moving import MovingCopy
from infra.engines.learn.request import LearnRequest
from infra.engines.learn.rows import StreamRow, read_rows
from infra.engines.learn.start import StartWeights
from infra.engines.learn.tensors import tensors_of
from infra.engines.learn.words import word_logps
from infra.engines.train.steps import CountedSteps


class WaveTrainer(CountedSteps, GRPOTrainer):
    """A trainer whose rows are handed in, wave after wave.

    To be set before training: `request`, `desk` and `losses`; `moving` where a copy follows the weights, `critic` where
    the objective has a value head, and `start` where the request compares with it.
    """

    request: LearnRequest
    desk: Desk
    losses: Losses
    moving: MovingCopy | None = None
    critic: Critic | None = None
    start: StartWeights

    def count_tokens(self, batch: Any) -> int:
        """0: TRL's loader gives one empty prompt a wave, no tokens. What is trained on is counted with its loss."""
        return 0

    def _generate_and_score_completions(self, inputs: Any) -> dict[str, torch.Tensor]:
        request = self.request
        path, seed, rate = self.desk.next_wave(self.state.global_step // request.optimizer_steps_per_wave)
        if self.moving is not None:
            self.moving.rate = rate
        torch.manual_seed(seed)  # of the rows' order, which TRL shuffles, and of dropout
        rows, batches = read_rows(path), self.args.steps_per_generation
        num_rows = max(self.args.generation_batch_size, -(-len(rows) // batches) * batches)  # TRL cuts them into these
        wave = tensors_of(
            rows, self.losses.streams, num_rows, self._tokenizer.pad_token_id, self.accelerator.device
        )  # fmt: skip
        if self.losses.reads_reference:
            wave["reference_logps"] = self.losses.reference_logps(self, wave)
        if self.critic is not None:
            with self.critic.watching():
                wave["old_logps"] = self._logps_of(self.model, wave)
                wave |= self.critic.credit(wave, self.critic.values(wave["completion_ids"].size(1)).detach())
        elif request.optimizer_steps_per_wave > 1:
            wave["old_logps"] = self._logps_of(self.model, wave)
        if request.compares_start(self.state.global_step):
            with self.start.instead(self.model):
                wave["start_logps"] = self._logps_of(self.model, wave)
        return wave

    def _compute_loss(self, model: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        self.desk.say_alive()
        inputs = dict(inputs)  # what is put beside lives as long as the batch, not as long as its wave
        critic, step = self.critic, self.request.first_step + self.state.global_step
        is_alone = critic is not None and critic.trains_alone(step)
        with critic.watching() if critic is not None else nullcontext():
            logps, entropies = self._read(model, inputs)
            values = critic.values(inputs["completion_ids"].size(1), is_alone) if critic is not None else None
        loss, sums = self.losses.of_batch(logps, inputs, self._window(), self._buffered_inputs)
        totals, trained = self.losses.totals(self._window(), self._buffered_inputs), self.losses.trained(inputs)
        if weight := getattr(self.request.objective, "entropy_weight", 0.0):
            loss = loss - entropy_bonus(entropies, trained, weight, totals)
        if critic is not None and values is not None:
            own, numbers = critic.loss(values, inputs, totals)
            loss, sums = own if is_alone else loss + own, sums | numbers
        sums["entropy"] = (entropies.detach() * trained).sum(), trained.sum()
        self.step_tokens += self.losses.count(inputs)
        self._note(sums)
        return loss

    def _read(self, model: Any, inputs: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probabilities and entropies of the written tokens; for distillation those of all words are put beside."""
        if self.losses.main != "distil":
            ids, attention, width = whole_rows(inputs)
            logps, entropies, _ = self._get_per_token_logps_and_entropies(
                model, ids, attention, width, compute_entropy=True
            )
            return logps, entropies
        written, mask, heat = inputs["completion_ids"], inputs["completion_mask"], self.request.temperature
        with self.teacher():
            inputs["teacher_words"] = word_logps(
                model, inputs["teacher_ids"], inputs["teacher_mask"], written, mask, heat
            )
        words = word_logps(model, inputs["prompt_ids"], inputs["prompt_mask"], written, mask, heat)
        inputs["words"] = words
        entropies = -(words.exp() * words).sum(-1)
        return words.gather(-1, written.unsqueeze(-1)).squeeze(-1), entropies

    @contextmanager
    def teacher(self) -> Iterator[None]:
        """The model computes as the teacher does: with the moving copy, or with the weights of the moment."""
        was_training = self.model.training
        self.model.eval()
        with self.moving.in_place() if self.moving is not None else torch.no_grad():
            yield
        self.model.train(was_training)

    def logps_of(self, model: Any, wave: dict[str, torch.Tensor]) -> torch.Tensor:
        """Log-probabilities of a wave's written tokens, (rows, tokens), without gradient or dropout."""
        return self._logps_of(model, wave)

    def gaps_of(self, rows: Sequence[StreamRow]) -> list[list[float]]:
        """log p - log p_ref of the written tokens of each row, in nats, without gradient or dropout."""
        size, gaps = self.args.per_device_train_batch_size, list[list[float]]()
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            batch = tensors_of(part, (), len(part), self._tokenizer.pad_token_id, self.accelerator.device)
            found = (self._logps_of(self.model, batch) - self.losses.reference_logps(self, batch)).tolist()
            gaps += [one[: len(row.written)] for one, row in zip(found, part, strict=True)]
            self.desk.say_alive()
        return gaps

    @torch.no_grad()
    def _logps_of(self, model: Any, wave: dict[str, torch.Tensor]) -> torch.Tensor:
        was_training = model.training
        model.eval()
        ids, attention, width = whole_rows(wave)
        found, _, _ = self._get_per_token_logps_and_entropies(
            model, ids, attention, width, batch_size=self.args.per_device_train_batch_size
        )
        model.train(was_training)
        return found

    def _window(self) -> list[dict[str, torch.Tensor]]:
        """The batches of the optimizer step at hand."""
        size = self.args.gradient_accumulation_steps
        place = self._step % self.args.steps_per_generation // size * size
        window: list[dict[str, torch.Tensor]] = self._buffered_inputs[place : place + size]
        return window

    def _note(self, sums: dict[str, Any]) -> None:
        """Add up a batch's numbers; with the last batch of a step they go to TRL's log."""
        if self._step % self.args.gradient_accumulation_steps == 0:
            self._sums: dict[str, Any] = defaultdict(lambda: (0.0, 0.0))
        for name, (value, count) in sums.items():
            before = self._sums[name]
            told = max(before[0], float(value)) if name in MAXIMA else before[0] + float(value)
            self._sums[name] = told, 1.0 if name in MAXIMA else before[1] + float(count)
        if (self._step + 1) % self.args.gradient_accumulation_steps == 0:
            for name, (value, count) in self._sums.items():
                if count:
                    self._metrics["train"][name].append(value / count)


def whole_rows(inputs: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Token ids and attention mask of prompts with what was written, and the number of written tokens."""
    ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], dim=1)
    attention = torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], dim=1)
    return ids, attention, inputs["completion_ids"].size(1)
