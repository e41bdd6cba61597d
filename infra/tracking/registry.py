"""Model versions in MLflow's registry: names and aliases for weights that lie elsewhere. A part of `tracker.py`."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from configs.errors import TrackingError
from infra.tracking import entries
from infra.tracking.connect import explain_failures, is_server, open_client

DIGEST_TAG = "selfloop.digest"


@dataclass(frozen=True)
class Version:
    """One version of a registered model; `source` is the address of its weights."""

    number: str
    source: str
    tags: Mapping[str, str]

    @property
    def digest(self) -> str | None:
        return self.tags.get(DIGEST_TAG)


class ModelRegistry:
    """Registered models of the MLflow at `uri`, which is opened at the first call."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._client: Any = None
        self._opening = threading.Lock()

    @property
    def client(self) -> Any:
        """The open `MlflowClient`."""
        with self._opening:
            if self._client is None:
                self._client = open_client(self.uri)
            return self._client

    def open_ahead(self) -> None:
        """Begin to open it while other things are done; a failure comes with the first call that needs it."""

        def open_quietly() -> None:
            with contextlib.suppress(TrackingError):
                _ = self.client

        threading.Thread(target=open_quietly, daemon=True).start()

    @explain_failures
    def register_model(
        self, name: str, uri: str, digest: str, tags: Mapping[str, Any] | None = None, run_id: str | None = None
    ) -> str:
        """Version of the registered model `name` that carries `digest`, made if there is none; its tags are set.

        The weights stay where `uri` says; MLflow keeps the address alone.
        """
        found = self.client.search_model_versions(f"name = '{name}' and tags.`{DIGEST_TAG}` = '{digest}'")
        legal, described = entries.by_legal_name(tags or {})
        texts = {tag: entries.cut(value, entries.MAX_TAG_LENGTH) for tag, value in {**legal, **described}.items()}
        if found:
            self._tag(name, found[0], texts)
            return str(found[0].version)
        if self._model(name) is None:
            self.client.create_registered_model(name)
        made = self.client.create_model_version(
            name,
            entries.model_source(uri, through_server=is_server(self.uri)),
            run_id=run_id,
            tags={**texts, DIGEST_TAG: digest},
            await_creation_for=0,
        )
        return str(made.version)

    @explain_failures
    def set_alias(self, name: str, alias: str, version: str, only_forward: bool = False) -> None:
        """Let an alias of a registered model name a version; `only_forward` never moves it to an older one."""
        current = self.client.get_registered_model(name).aliases.get(alias)
        if current is None or (int(version) > int(current) if only_forward else int(version) != int(current)):
            self.client.set_registered_model_alias(name, alias, version)

    @explain_failures
    def settle_alias(self, name: str, alias: str, like: str) -> None:
        """Let an alias name the version that the alias `like` names, or no version where that one names none."""
        model = self._model(name)
        aliases = model.aliases if model else {}
        if like in aliases:
            self.set_alias(name, alias, str(aliases[like]))
        elif alias in aliases:
            self.client.delete_registered_model_alias(name, alias)

    @explain_failures
    def find_version(self, name: str, alias: str) -> Version | None:
        """The version that an alias names; None if there is none."""
        model = self._model(name)
        number = model.aliases.get(alias) if model else None
        return _read(self.client.get_model_version(name, str(number))) if number else None

    @explain_failures
    def list_versions(self, name: str) -> list[Version]:
        """All versions of a registered model, the oldest first."""
        found = self.client.search_model_versions(f"name = '{name}'")
        return sorted(map(_read, found), key=lambda version: int(version.number))

    @explain_failures
    def tag_version(self, name: str, number: str, tags: Mapping[str, Any]) -> None:
        """Set tags of a version."""
        self._tag(name, self.client.get_model_version(name, number), {tag: str(value) for tag, value in tags.items()})

    def _tag(self, name: str, version: Any, tags: Mapping[str, str]) -> None:
        for tag, text in tags.items():
            if version.tags.get(tag) != text:
                self.client.set_model_version_tag(name, str(version.version), tag, text)

    def _model(self, name: str) -> Any:
        """The registered model of that name; None if there is none."""
        from mlflow.exceptions import MlflowException

        try:
            return self.client.get_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None


def _read(found: Any) -> Version:
    return Version(str(found.version), str(found.source), dict(found.tags))
