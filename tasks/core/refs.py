"""Typed handles: small values that name a published step or a model. Payloads stay in the store."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, JsonValue

from configs.schema.model import CHAT_TEMPLATE_DATE


class Ref(BaseModel):
    """Base of all handles: frozen, serialisable, refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FileRef(Ref):
    """One published file. `name` is relative to its step."""

    name: str
    sha256: str
    size_bytes: int


class StepRef(Ref):
    """A published step: where it lies, what it holds, and the numbers its stage reported.

    Attributes:
        prefix: `EXPERIMENT/round-003/judge/KEY12`, relative to the store.
        key: full step key, 64 hexadecimal digits.
        summary: flat numbers and words for tables and metrics; never payload.
        seconds: wall time of the run that computed it.
        is_reused: found in the store rather than computed by this run.
    """

    stage: str
    round: int
    key: str
    prefix: str
    files: tuple[FileRef, ...]
    summary: dict[str, float | int | str | bool | None] = {}
    seconds: float = 0.0
    is_reused: bool = False

    def files_under(self, folder: str) -> tuple[FileRef, ...]:
        """Files whose name starts with `folder/`."""
        return tuple(file for file in self.files if file.name.startswith(folder + "/"))


class ModelRef(Ref):
    """A model: full weights, and an adapter on top where there is one.

    Attributes:
        name: for people: base, seed, round-3.
        digest: identifies what the model computes; enters the keys of steps that use it.
        weights: the step that published full weights, or None where they lie outside the store.
        external: local folder (`/abs/path`) or `hub:ID@COMMIT` of weights outside the store.
        adapter: the step whose `adapter/` folder lies on top of the weights.
        chat_template: Jinja text that replaces the tokenizer's own.
        chat_template_name, chat_template_kwargs, chat_template_date: as in the recipe.
    """

    name: str
    digest: str
    weights: StepRef | None = None
    external: str | None = None
    adapter: StepRef | None = None
    chat_template: str | None = None
    trust_remote_code: bool = False
    chat_template_name: str | None = None
    chat_template_kwargs: dict[str, JsonValue] = {}
    chat_template_date: str = CHAT_TEMPLATE_DATE


def trained_model(name: str, start: ModelRef, step: StepRef, is_adapter: bool) -> ModelRef:
    """The model that a training step made: an adapter on the start model's weights, or new weights."""
    if is_adapter:
        return start.model_copy(update={"name": name, "digest": step.key, "adapter": step})
    changes = {"name": name, "digest": step.key, "weights": step, "external": None, "adapter": None}
    return start.model_copy(update=changes)
