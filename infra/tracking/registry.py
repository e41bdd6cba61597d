"""Model versions in MLflow's registry: names and aliases for weights that lie elsewhere. A part of `tracker.py`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from infra.tracking import entries
from infra.tracking.connect import explain_failures, is_server, open_client

DIGEST_TAG = "selfloop.digest"


class ModelRegistry:
    """Registered models of the MLflow at `uri`, which is opened at the first call."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    @cached_property
    def client(self) -> Any:
        """The open `MlflowClient`."""
        return open_client(self.uri)

    @explain_failures
    def register_model(
        self, name: str, uri: str, digest: str, tags: Mapping[str, Any] | None = None, run_id: str | None = None
    ) -> str:
        """Version of the registered model `name` that carries `digest`, made if there is none.

        The weights stay where `uri` says; MLflow keeps the address alone.
        """
        found = self.client.search_model_versions(f"name = '{name}' and tags.`{DIGEST_TAG}` = '{digest}'")
        if found:
            return str(found[0].version)
        if self._model(name) is None:
            self.client.create_registered_model(name)
        texts = {tag: str(value) for tag, value in (tags or {}).items()}
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

    def _model(self, name: str) -> Any:
        """The registered model of that name; None if there is none."""
        from mlflow.exceptions import MlflowException

        try:
            return self.client.get_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None
