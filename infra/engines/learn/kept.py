"""Results of a segment: what it ends with, or what it would have ended with at an earlier border of two waves.

A segment that a guard ends takes the weights whose probe was best, not those that the guard ended it for. Used inside
the engine program `learner_program.py`.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from configs.errors import EngineError
from infra.engines.learn.request import LearnRequest
from infra.engines.models.probe import any_tokens
from infra.engines.train.output import publish_folder
from infra.engines.train.phase import save_result


class Kept:
    """The one result that is kept, in a folder that outlives the process.

    Args:
        trainer: a `WaveTrainer`, which has the weights and all that goes on with them.
        folder: of results, by the number of the wave that came after.
    """

    def __init__(self, request: LearnRequest, trainer: Any, folder: Path) -> None:
        self._request, self._trainer, self._folder = request, trainer, folder

    def write(self, out: Path) -> None:
        """What there is now: `adapter/` or `model/`, and `optimizer/` where it goes on."""
        trainer = self._trainer
        vocabulary = trainer.model.config.get_text_config().vocab_size
        save_result(self._request, trainer, any_tokens(vocabulary), out)
        if trainer.moving is not None:
            trainer.moving.save(out / "optimizer")
        if trainer.critic is not None and self._request.total_steps is not None:
            trainer.critic.save(out / "optimizer")

    def keep(self, wave: int) -> None:
        """Write it as what stands before this wave, in place of what was kept before."""
        with publish_folder(self._folder / str(wave)) as partial:
            self.write(partial)
        for other in self._folder.iterdir():
            if other.name != str(wave):
                shutil.rmtree(other)

    def take(self, wave: int, out: Path) -> None:
        """Make what stood before this wave the result.

        Raises:
            EngineError: it is gone.
        """
        path = self._folder / str(wave)
        if not path.is_dir():
            raise EngineError(
                f"the weights before wave {wave}, whose probe was best, are not in {self._folder} any more",
                f"remove the folder {self._folder.parent} and run the same command again: it trains on published waves",
            )
        shutil.copytree(path, out, dirs_exist_ok=True)
