"""What a learner is asked for, and what it reports. Made on the control side, read by `learner_program.py`."""

from __future__ import annotations

from math import ceil

from pydantic import BaseModel, ConfigDict, Field

from configs.schema.engine import TransformersEngine
from configs.schema.online.objectives import OnlineObjective
from infra.engines.learn.layout import WaveLayout
from infra.engines.train.request import PhaseRequest


class LearnRequest(PhaseRequest):
    """One segment: optimizer steps on rows that are drawn from the weights of the moment, wave after wave.

    Attributes:
        objective: kernels, clips and aggregation; credit and rewards are no matter of a learner's.
        engine: how widely it draws, and its context.
        identity: what else decides the rows: the caller's digest. A checkpoint is resumed only under the same.
        most_rows: rows that a wave is expected to have at most; of more the batches are larger.
        steps_per_wave: optimizer steps that share a wave's rows among them.
        inner_epochs: how often a wave's rows are trained on.
        temperature: the model's distribution is trained at the temperature at which it was drawn from.
        max_tokens: of a text; what Dr. GRPO divides by.
        has_moving_copy: whether a copy of the weights follows them, which can be asked, and teaches.
        compares_drawn: whether the reference is asked about what was drawn, for a reward.
        compare_start_every: the divergence from the weights that the segment began with is measured at the first border
            of waves after so many steps of the run; 0: never.
        num_known_waves: waves whose rows are there to be read again; a checkpoint behind them is not resumed.
    """

    objective: OnlineObjective
    engine: TransformersEngine = TransformersEngine()
    identity: str = ""
    most_rows: int = Field(ge=2)
    steps_per_wave: int = Field(1, ge=1)
    inner_epochs: int = Field(1, ge=1)
    temperature: float = Field(1.0, gt=0)
    max_tokens: int = Field(512, ge=1)
    has_moving_copy: bool = False
    compares_drawn: bool = False
    compare_start_every: int = Field(0, ge=0)
    num_known_waves: int = Field(0, ge=0, exclude=True)

    @property
    def optimizer_steps_per_wave(self) -> int:
        """Steps from one wave to the next."""
        return self.steps_per_wave * self.inner_epochs

    def compares_start(self, step: int) -> bool:
        """Whether the divergence from the segment's start is measured at a step of it; at its first there is none."""
        every, now = self.compare_start_every, self.first_step + step
        return every > 0 and step > 0 and now // every > (now - self.optimizer_steps_per_wave) // every

    def layout(self, num_devices: int) -> WaveLayout:
        """How the rows of a wave lie in its steps, and on so many devices."""
        batch_size = self.optimizer.batch_size
        num_batches = ceil(ceil(self.most_rows / self.steps_per_wave) / batch_size)
        return WaveLayout(self.steps_per_wave, num_batches, batch_size, num_devices)


class LearnReport(BaseModel):
    """What a segment did.

    Attributes:
        num_steps: optimizer steps, fewer than asked where the segment was ended early.
        num_tokens: tokens trained on, over all steps.
        resumed_from_step: 0 for a straight run.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    num_steps: int
    num_tokens: int
    first_loss: float | None
    last_loss: float | None
    mean_loss: float | None
    resumed_from_step: int
