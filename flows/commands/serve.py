"""`selfloop serve`: the champion behind an OpenAI-compatible server."""

from __future__ import annotations

from typing import Literal


def serve(
    experiment: str,
    *,
    port: int = 8000,
    host: str = "127.0.0.1",
    engine: Literal["vllm", "transformers"] | None = None,
    watch_seconds: float = 5.0,
) -> None:
    """Serve the champion until Ctrl-C; after a promotion the new one is served in its place.

    Requests name the experiment as their model. While another model is loaded, nobody answers. GPUs are held as a run
    holds them: runs on the same GPUs wait, so give the server GPUs of its own by CUDA_VISIBLE_DEVICES.

    Parameters
    ----------
    experiment
        Name of the experiment.
    port
        Where it listens.
    host
        Address that it listens on. It asks nobody for a password: put a proxy in front before you open it to others.
    engine
        vllm | transformers. Default: vLLM where it is installed, else the server of transformers.
    watch_seconds
        How often the store is asked who the champion is.
    """
    from flows.serve import ChampionServer, Place
    from flows.services.addresses import resolve_addresses

    server = ChampionServer(
        experiment, resolve_addresses(), Place(host, port, engine, watch_seconds), lambda line: print(line, flush=True)
    )
    try:
        server.run()
    except KeyboardInterrupt:
        print("the server has ended")
