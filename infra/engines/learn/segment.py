"""One segment from loading to the report. Used inside the engine program `learner_program.py`.

Of several devices each has a process that runs this; the first alone writes, and answers for all.

Checkpoints are written by the clock, on the border of two waves, where the trainer holds no rows. A checkpoint at step
s is before wave s / steps per wave: what the control side needs to know to go on.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import TrainerCallback
from transformers.trainer_callback import PrinterCallback

from infra.engines.generate.transformers_runner import TransformersRunner
from infra.engines.learn.critic import Critic, CriticSteps
from infra.engines.learn.desk import Desk, SegmentEnds
from infra.engines.learn.export import Export
from infra.engines.learn.grpo import GRPOConfig
from infra.engines.learn.kept import Kept
from infra.engines.learn.losses import Losses
from infra.engines.learn.moving import MovingCopy
from infra.engines.learn.request import LearnReport, LearnRequest
from infra.engines.learn.start import StartWeights
from infra.engines.learn.wave_trainer import WaveTrainer
from infra.engines.session_program import ALIVE_SECONDS
from infra.engines.train import group
from infra.engines.train.carry import CarriedState
from infra.engines.train.checkpoints import TimedCheckpoints, find_checkpoint
from infra.engines.train.metrics import MetricsStream, read_metrics, rewind_metrics
from infra.engines.train.saved import CHECKPOINTS, KEPT, METRICS
from infra.engines.train.settings import shared_settings
from infra.engines.train.setup import load_tokenizer, load_trainable
from infra.process.protocol import Channel

LOGGED = {name: name for name in (
    "entropy", "kl_reference", "clip_low_share", "clip_high_share", "sampler_gap_mean", "sampler_gap_max",
    "weight_ess", "kl_start", "grad_norm", "nll_derived", "divergence",
)}  # fmt: skip
"""numbers of a step, by their names in TRL's log"""
OF_VALUES = {name: name for name in ("value_mean", "value_error", "advantage_abs")}
"""those of a segment with a value head"""


def run_segment(request: LearnRequest, work_dir: Path, out_dir: Path, channel: Channel) -> LearnReport | None:
    """Train wave after wave, from the newest checkpoint where there is one; write the result.

    Returns:
        The report; None on every device but the first.

    Raises:
        EngineError: the model cannot be trained, or the loss is not a number.
    """
    fingerprint = request.fingerprint()
    checkpoints, metrics = work_dir / CHECKPOINTS, work_dir / METRICS
    trainer = _make_trainer(request, checkpoints, fingerprint, channel)
    moving = trainer.moving
    logged = LOGGED | (OF_VALUES if trainer.critic is not None else {})
    trainer.add_callback(MetricsStream(metrics, logged, lambda: trainer.step_tokens, lambda line: _tell(channel, line)))
    checkpoint = group.decided_once(lambda: _find_checkpoint(request, checkpoints, fingerprint))
    resumed_from_step = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
    if moving is not None and (checkpoint or request.resume_state):
        moving.load(checkpoint or Path(request.resume_state or ""))
    if group.is_first():
        rewind_metrics(metrics, resumed_from_step)
    kept = Kept(request, trainer, work_dir / KEPT)
    trainer.desk.keep = kept.keep
    wave = None
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except SegmentEnds as end:
        wave = end.wave
    report = _finish(request, kept, wave, metrics, out_dir, resumed_from_step) if group.is_first() else None
    group.wait_for_all()
    return report


def _finish(
    request: LearnRequest, kept: Kept, wave: int | None, metrics: Path, out_dir: Path, resumed_from_step: int
) -> LearnReport:
    """Write the result and report.

    Args:
        wave: the result is what was kept before this wave; None: what there is now.
    """
    steps = read_metrics(metrics)
    if steps:
        if wave is None:
            kept.write(out_dir)
        else:
            kept.take(wave, out_dir)
        shutil.copyfile(metrics, out_dir / METRICS)
    steps = steps if wave is None else steps[: wave * request.optimizer_steps_per_wave]
    losses = [step["loss"] for step in steps]
    return LearnReport(
        num_steps=len(steps),
        num_tokens=sum(step["tokens"] for step in steps),
        first_loss=losses[0] if losses else None,
        last_loss=losses[-1] if losses else None,
        mean_loss=sum(losses) / len(losses) if losses else None,
        resumed_from_step=resumed_from_step,
    )


class WaveCheckpoints(TimedCheckpoints):
    """Checkpoints by the clock, between two waves alone.

    Args:
        steps_per_wave: optimizer steps from one wave to the next.
        on_saved: called with the number of the wave that comes next.
    """

    def __init__(
        self, folder: Path, fingerprint: str, seconds: float, steps_per_wave: int, on_saved: Callable[[int], None]
    ) -> None:
        super().__init__(folder, fingerprint, seconds)
        self._steps_per_wave, self._on_saved = steps_per_wave, on_saved

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        super().on_step_end(args, state, control)
        if state.global_step % self._steps_per_wave:
            control.should_save = False

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        super().on_save(args, state, control)
        if group.is_first():
            self._on_saved(state.global_step // self._steps_per_wave)


def _find_checkpoint(request: LearnRequest, folder: Path, fingerprint: str) -> Path | None:
    """The newest whole checkpoint whose rows before it are all there to be told of; every other one is removed."""
    last = request.num_known_waves * request.optimizer_steps_per_wave
    for path in folder.glob("checkpoint-*"):
        if int(path.name.rpartition("-")[2]) > last:
            shutil.rmtree(path)
    return find_checkpoint(folder, fingerprint)


def _make_trainer(request: LearnRequest, checkpoints: Path, fingerprint: str, channel: Channel) -> WaveTrainer:
    tokenizer, model = load_tokenizer(request.model), load_trainable(request)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = model.to(device)
    inner = model.get_base_model() if hasattr(model, "peft_config") else model
    runner = TransformersRunner(request.engine, request.model, inner, with_tokens=True)
    losses, critic = Losses.load(request, device), Critic.load(request, inner, device)
    moving = MovingCopy(model) if request.has_moving_copy else None
    trainer = WaveTrainer(
        model=model,
        reward_funcs=[_nobody_asks],
        args=_settings(request, checkpoints),
        train_dataset=Dataset.from_list([{"prompt": ""}]),
        processing_class=tokenizer,
        callbacks=[*([moving] if moving else []), *_callbacks(request, checkpoints, fingerprint, channel, critic)],
    )
    trainer.remove_callback(PrinterCallback)  # it prints what the metrics file holds
    trainer.planned_steps = request.total_steps
    trainer.share = group.size()  # what is added up over a step is meaned over devices by who gathers it
    seconds = min(ALIVE_SECONDS, request.engine.silence_seconds / 3)
    trainer.request, trainer.losses, trainer.moving, trainer.critic = request, losses, moving, critic
    if request.compare_start_every:
        trainer.start = StartWeights(model)
    trainer.desk = Desk(channel, runner, model, Export(request, model, device), seconds, moving)
    trainer.desk.compare = trainer.gaps_of
    channel.send({"kind": "ready"})
    return trainer


def _settings(request: LearnRequest, checkpoints: Path) -> GRPOConfig:
    """TRL's settings; rewards, advantages, clips and KL are not its matter here.

    TRL counts waves in rows of a data set, and will not begin without one: it gets a single empty prompt, again and
    again, once a wave, and nothing reads it. The wave's rows come from its file.
    """
    layout, size = request.layout(group.size()), request.optimizer.batch_size
    num_batches = layout.passes_per_step * layout.num_steps
    optimizer = request.optimizer.model_copy(update={"micro_batch_size": size})  # rows of a device, not its share
    shared = shared_settings(request.model_copy(update={"optimizer": optimizer}), 1, checkpoints)
    shared |= {"gradient_accumulation_steps": layout.passes_per_step, "ignore_data_skip": True}
    return GRPOConfig(
        **shared,
        steps_per_generation=num_batches,
        num_iterations=request.inner_epochs,
        num_generations=num_batches * size * group.size(),
        temperature=request.temperature,
        max_completion_length=request.max_tokens,
        beta=0.0,
    )


def _callbacks(
    request: LearnRequest, checkpoints: Path, fingerprint: str, channel: Channel, critic: Critic | None
) -> list[TrainerCallback]:
    """The head's files come into a checkpoint before what says that it is whole."""
    heads = [] if critic is None else [CriticSteps(critic, request.resume_state)]
    timed = WaveCheckpoints(
        checkpoints,
        fingerprint,
        request.optimizer.checkpoint_seconds,
        request.optimizer_steps_per_wave,
        lambda wave: channel.send({"kind": "saved", "wave": wave}),
    )
    if request.resume_state is None:
        return [*heads, timed]
    return [*heads, timed, CarriedState(request.resume_state, request.first_step)]


def _nobody_asks(*_: Any, **__: Any) -> list[float]:
    raise LookupError("rewards come with the rows")


def _tell(channel: Channel, line: dict[str, Any]) -> None:
    channel.send({"kind": "step", **line})
