"""TRL's GRPOTrainer on rows that come from outside: two methods are overridden, nothing else of it is touched.

`_prepare_inputs` reads a wave's file in place of generating, and `_compute_loss` adds up kernels over streams in place
of one loss. Used inside `learner_program.py`.

Of several devices each reads all rows of a wave, so that all know by what a step's sums are divided. Each computes its
part of what is asked of the rows before they are trained on, and trains on its part of every step (`layout.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import torch

from infra.engines.learn.critic import Critic
from infra.engines.learn.desk import Desk
from infra.engines.learn.grpo import GRPOTrainer
from infra.engines.learn.kernels.policy import entropy_bonus
from infra.engines.learn.kernels.totals import Totals
from infra.engines.learn.losses import Batch, Losses, Sums
from infra.engines.learn.moving import MovingCopy
from infra.engines.learn.request import LearnRequest
from infra.engines.learn.rows import StreamRow, read_rows
from infra.engines.learn.start import StartWeights
from infra.engines.learn.step_numbers import StepNumbers
from infra.engines.learn.tensors import tensors_of
from infra.engines.learn.words import word_logps
from infra.engines.train import group
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
    totals: Sequence[dict[str, Totals]] = ()
    """of each step of the wave at hand, by stream, over all devices"""
    numbers: StepNumbers

    def count_tokens(self, batch: Any) -> int:
        """0: TRL's loader gives one empty prompt a wave, no tokens. What is trained on is counted with its loss."""
        return 0

    def _prepare_inputs(self, inputs: Any) -> Batch:
        """The batch at hand of the wave at hand, or of the next one."""
        if self._step % (self.args.steps_per_generation * self.args.num_iterations) == 0:
            self._buffered_inputs = self._next_wave()
        batch: Batch = self._buffered_inputs[self._step % self.args.steps_per_generation]
        return batch

    def _next_wave(self) -> list[Batch]:
        """The batches of this device in all steps that share the next wave."""
        path, seed, rate = self.desk.next_wave(self.state.global_step // self.request.optimizer_steps_per_wave)
        if self.moving is not None:
            self.moving.rate = rate
        torch.manual_seed(seed)  # of the rows' order, and of dropout
        layout, rows = self.request.layout(group.size()), read_rows(path)
        num_places = layout.num_places(len(rows))
        num_rows, padding = layout.num_computed(num_places), self._tokenizer.pad_token_id
        wave = tensors_of(rows, self.losses.streams, num_rows, padding, self.accelerator.device)
        self._ask_before_training(wave)
        steps = layout.steps(torch.randperm(num_places).tolist())
        self.totals, self.numbers = self.losses.totals(wave, steps), StepNumbers()
        if not group.is_first():
            torch.manual_seed(seed + group.rank())  # each drops others out
        passes = [places for step in steps for places in layout.passes(step, group.rank(), num_rows - 1)]
        return [{name: tensor[torch.tensor(places)] for name, tensor in wave.items()} for places in passes]

    def _ask_before_training(self, wave: Batch) -> None:
        """Put beside the rows what is asked of the weights that drew them, of the reference and of the start."""
        request = self.request
        if self.losses.reads_reference:
            wave["reference_logps"] = self._over_devices(wave, partial(self.losses.reference_logps, self))
        if self.critic is not None:
            both = self._over_devices(wave, self._logps_and_values)
            wave["old_logps"] = both[..., 0].contiguous()
            wave |= self.critic.credit(wave, both[..., 1].contiguous())
        elif request.optimizer_steps_per_wave > 1:
            wave["old_logps"] = self._over_devices(wave, partial(self._logps_of, self.model))
        if request.compares_start(self.state.global_step):
            with self.start.instead(self.model):
                wave["start_logps"] = self._over_devices(wave, partial(self._logps_of, self.model))

    def _over_devices(self, wave: Batch, compute: Callable[[Batch], torch.Tensor]) -> torch.Tensor:
        """Numbers of all rows, of which each device computes a part."""
        if group.size() == 1:
            return compute(wave)
        size = len(wave["prompt_ids"]) // group.size()
        own = slice(group.rank() * size, (group.rank() + 1) * size)
        found: torch.Tensor = self.accelerator.gather(compute({name: tensor[own] for name, tensor in wave.items()}))
        return found

    def _logps_and_values(self, wave: Batch) -> torch.Tensor:
        """Log-probabilities and the head's values of written tokens, (rows, tokens, 2)."""
        critic = self.critic
        assert critic is not None
        with critic.watching():
            logps = self._logps_of(self.model, wave)
            return torch.stack([logps, critic.values(logps.size(1)).detach()], dim=-1)

    def _compute_loss(self, model: Any, inputs: Batch) -> torch.Tensor:
        self.desk.say_alive()
        inputs = dict(inputs)  # what is put beside lives as long as the batch, not as long as its wave
        critic, step = self.critic, self.request.first_step + self.state.global_step
        is_alone = critic is not None and critic.trains_alone(step)
        with critic.watching() if critic is not None else nullcontext():
            # a policy that is left as it is has no gradients to be meaned, and several devices would wait for them
            logps, entropies = self._read(self.model if is_alone else model, inputs)
            values = critic.values(inputs["completion_ids"].size(1), is_alone) if critic is not None else None
        totals = self.totals[self._step % self.args.steps_per_generation // self.args.gradient_accumulation_steps]
        loss, sums = self.losses.of_batch(logps, inputs, totals)
        learnt, trained = totals[self.losses.main], self.losses.trained(inputs)
        if weight := getattr(self.request.objective, "entropy_weight", 0.0):
            loss = loss - entropy_bonus(entropies, trained, weight, learnt)
        if critic is not None and values is not None:
            own, numbers = critic.loss(values, inputs, learnt)
            loss, sums = own if is_alone else loss + own, sums | numbers
        sums["entropy"] = (entropies.detach() * trained).sum(), trained.sum()
        self._note(sums, self.losses.count(inputs))
        return loss

    def _note(self, sums: Sums, num_tokens: int) -> None:
        """Add a batch's numbers; with the last batch of a step, means over all devices go to TRL's log."""
        self.numbers.add(sums, num_tokens)
        if (self._step + 1) % self.args.gradient_accumulation_steps == 0:
            means, self.step_tokens = self.numbers.of_step()
            for name, mean in means.items():
                self._metrics["train"][name].append(mean)

    def _read(self, model: Any, inputs: Batch) -> tuple[torch.Tensor, torch.Tensor]:
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
                self.model, inputs["teacher_ids"], inputs["teacher_mask"], written, mask, heat
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

    def logps_of(self, model: Any, wave: Batch) -> torch.Tensor:
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
    def _logps_of(self, model: Any, wave: Batch) -> torch.Tensor:
        was_training = model.training
        model.eval()
        ids, attention, width = whole_rows(wave)
        found, _, _ = self._get_per_token_logps_and_entropies(
            model, ids, attention, width, batch_size=self.args.per_device_train_batch_size
        )
        model.train(was_training)
        return found


def whole_rows(inputs: Batch) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Token ids and attention mask of prompts with what was written, and the number of written tokens."""
    ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], dim=1)
    attention = torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], dim=1)
    return ids, attention, inputs["completion_ids"].size(1)
