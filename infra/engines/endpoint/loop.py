"""The thread in which an endpoint's requests run, as one asyncio run. Used by `pool.py`.

Flows call pools from plain functions, sometimes inside an event loop of their own; and a server's answers must be
received while the caller is busy with the last ones.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

from configs.schema.engine import EndpointEngine
from infra.engines.endpoint.client import EndpointClient
from infra.engines.endpoint.usage import Usage

THREAD_NAME = "endpoint requests"


class EndpointLoop:
    """Runs from its making until `close`."""

    def __init__(self, engine: EndpointEngine, usage: Usage) -> None:
        self._opened: Future[EndpointClient] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._live(engine, usage)), name=THREAD_NAME, daemon=True
        )
        self._thread.start()
        self.client = self._opened.result()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin some work, which must report its own end and errors."""
        asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Cancel what is under way and wait until nothing of it is left."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    async def _live(self, engine: EndpointEngine, usage: Usage) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        try:
            client = EndpointClient(engine, usage)
        except BaseException as error:
            self._opened.set_exception(error)
            return
        self._opened.set_result(client)
        await self._end.wait()
        works = asyncio.all_tasks() - {asyncio.current_task()}
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
        await client.close()
