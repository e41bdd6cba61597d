"""The champion of an experiment behind a server, and again after a promotion. Called by `selfloop serve`."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from configs.errors import UserError
from configs.schema.engine import TransformersEngine, VllmEngine
from flows.champion.current import find_champion
from flows.report.stored import open_experiment
from flows.services.addresses import Addresses
from infra.engines.device_lease import DeviceLease
from infra.engines.serving.server import Kind, ModelServer, Serving, check_port, find_kind
from infra.store.address import open_store
from tasks.core.ledger import Ledger
from tasks.core.refs import ModelRef
from tasks.report.export import export_model

Say = Callable[[str], None]


@dataclass(frozen=True)
class Place:
    """Where a server listens, what runs it, and how often the store is asked for the champion, in seconds."""

    host: str
    port: int
    kind: Kind | None
    watch_seconds: float


class ChampionServer:
    """Serves the champion until it is ended.

    Args:
        say: takes lines for the user.
    """

    def __init__(self, experiment: str, addresses: Addresses, place: Place, say: Say) -> None:
        self._experiment, self._place, self._say = experiment, place, say
        self._store = open_store(addresses.store)
        self._home = addresses.home
        recipe = open_experiment(self._store, experiment, addresses).recipe
        engine = recipe.engine
        local = isinstance(engine, (VllmEngine, TransformersEngine))
        self._max_length = engine.max_model_length if local else None
        check_port(place.host, place.port)
        self._kind = find_kind(place.kind)
        self._work = Path(tempfile.mkdtemp(prefix=f"serve-{experiment}-", dir=_made(addresses.work_dir)))
        self._ledger = Ledger(self._store, self._work / "read", {})
        self._seen = ""

    def run(self) -> None:
        """Serve, and watch; returns never.

        Raises:
            UserError: there is no such experiment, the server cannot be started, or it ended.
        """
        lease = DeviceLease(f"server of {self._experiment}", self._say)
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, self._work, ignore_errors=True)
            serving = self._prepare(self._champion())
            stack.callback(lease.release)
            lease.take()
            server = self._start(serving)
            stack.callback(lambda: server.kill())
            while True:
                time.sleep(self._place.watch_seconds)
                server.check()
                if (changed := self._changed()) is not None:
                    server = self._follow(server, changed)

    def _champion(self) -> ModelRef:
        model = find_champion(self._store, self._experiment).model
        assert model is not None, "champions are models"
        self._seen = model.digest
        return model

    def _changed(self) -> Serving | None:
        """The new champion's files, once there is one. What is wrong with it is said once, and the old one stays."""
        before = self._seen
        try:
            model = self._champion()
            if model.digest == before:
                return None
            self._say(f"{model.name} is the champion now; it is made ready while the model before it serves on")
            return self._prepare(model)
        except UserError as error:
            self._say(f"warning: the model before it serves on: {error}")
            return None

    def _follow(self, server: ModelServer, serving: Serving) -> ModelServer:
        """Serve another model in a server's place; where it does not start, the one before it again."""
        before = server.serving
        server.kill()
        try:
            started = self._start(serving)
        except UserError as error:
            self._say(f"warning: {serving.names[1]} cannot be served, and {before.names[1]} is served again: {error}")
            return self._start(before)
        shutil.rmtree(before.folder.parent, ignore_errors=True)
        return started

    def _prepare(self, model: ModelRef) -> Serving:
        """A model's whole weights in a folder of this server."""
        folder = self._work / model.digest[:12] / self._experiment
        shutil.rmtree(folder.parent, ignore_errors=True)
        export_model(self._ledger, model, folder, merged=True)
        return Serving(
            kind=self._kind, folder=folder, names=(self._experiment, model.name), host=self._place.host,
            port=self._place.port, log_path=self._home / f"serve-{self._experiment}.log",
            chat_template_kwargs=model.chat_template_kwargs, max_length=self._max_length,
            trust_remote_code=model.trust_remote_code,
        )  # fmt: skip

    def _start(self, serving: Serving) -> ModelServer:
        self._say(f"{self._kind} loads {serving.names[1]}; its log: {serving.log_path}")
        server = ModelServer(serving)
        try:
            server.wait_until_ready()
        except BaseException:
            server.kill()
            raise
        self._say(f"{serving.names[1]} of {self._experiment}: {serving.url}/v1, model {serving.names[0]}")
        return server


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
