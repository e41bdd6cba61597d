"""Where a segment's samples are drawn: no part of what they are, and of no key."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from configs.schema.base import Component
from configs.schema.engine import plain_address
from configs.schema.marks import Execution

Where = Literal["learner", "session", "server"]


class Sampler(Component):
    """Who draws the waves of a segment.

    learner: the process that trains, by its own decoder. session: processes of `engine` beside it, whose weights follow
    it wave by wave, through files. server: a `vllm serve` that somebody started, whose weights follow in the same way.

    Where `train.devices` names the learner's, sessions have all of `engine.devices`. Else, of two or more of them, they
    leave the first to the learner; a single one is shared.
    """

    where: Annotated[Where, Execution] = Field("learner", description="learner, session or server, as told above")
    url: Annotated[str | None, Execution] = Field(
        None, description="server: its base, ending in /v1; it reads the files of this machine's work folder"
    )

    @field_validator("url")
    @classmethod
    def _plain_address(cls, url: str | None) -> str | None:
        return url if url is None else plain_address(url)

    @model_validator(mode="after")
    def _a_server_has_an_address(self) -> Sampler:
        if self.where == "server" and self.url is None:
            raise ValueError("url: a server has an address: write for example url: http://localhost:8000/v1")
        if self.where != "server" and self.url is not None:
            raise ValueError(f"url: where: {self.where} asks no server: write where: server, or leave url out")
        return self


def devices_beside(of_engine: tuple[str, ...], of_training: tuple[str, ...]) -> tuple[str, ...]:
    """Devices of the sessions that draw beside a learner, as told above.

    Args:
        of_engine: `engine.devices`; `of_training`: `train.devices`.
    """
    return of_engine if of_training != ("auto",) else of_engine[1:] or of_engine
