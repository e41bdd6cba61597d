"""What an endpoint was asked and what it cost so far. Used by `pool.py` and `client.py`."""

from __future__ import annotations

from dataclasses import dataclass

from configs.errors import EngineError
from configs.schema.engine import EndpointEngine


@dataclass
class Usage:
    """Sums over the life of one pool.

    Attributes:
        requests: HTTP requests sent, retries included.
        retries: of these, the ones that asked again.
        input_tokens, output_tokens: as the server counts them; of answers that could not be used, too.
        uncounted: answers of which the server does not say what they took.
        uncounted_bytes: of what was sent and of the texts that came back then: no token is shorter than a byte, so that
            a limit on costs holds.
        replaced: characters of answers that no text holds.
    """

    engine: EndpointEngine
    requests: int = 0
    retries: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    uncounted: int = 0
    uncounted_bytes: tuple[int, int] = (0, 0)
    replaced: int = 0

    def add(self, usage: tuple[int, int] | None, num_sent: int, num_received: int) -> None:
        """Count one answer.

        Args:
            usage: tokens read and written, where the server says them.
            num_sent, num_received: bytes of the chat and of the answer's texts.
        """
        if usage is not None:
            self.input_tokens += usage[0]
            self.output_tokens += usage[1]
            return
        self.uncounted += 1
        self.uncounted_bytes = self.uncounted_bytes[0] + num_sent, self.uncounted_bytes[1] + num_received

    @property
    def cost(self) -> float | None:
        """By the engine's prices, of what the server does not count at most; None where it has none."""
        prices = (self.engine.price_per_million_input, self.engine.price_per_million_output)
        if prices[0] is None or prices[1] is None:
            return None
        num_read, num_written = (
            self.input_tokens + self.uncounted_bytes[0],
            self.output_tokens + self.uncounted_bytes[1],
        )
        return (num_read * prices[0] + num_written * prices[1]) / 1e6

    def metrics(self) -> dict[str, float]:
        """The sums by names of a run's metrics; no cost where the engine has no prices."""
        names = ("requests", "retries", "input_tokens", "output_tokens", "cost")
        rare = {name: value for name in ("uncounted", "replaced") if (value := getattr(self, name))}
        known = {name: value for name in names if (value := getattr(self, name)) is not None}
        return {f"endpoint_{name}": value for name, value in {**known, **rare}.items()}

    def check_cost(self) -> None:
        """Called before every request; what is under way then may still exceed the limit by its own cost.

        Raises:
            EngineError: `max_cost` is spent.
        """
        limit, cost = self.engine.max_cost, self.cost
        if limit is not None and cost is not None and cost >= limit:
            raise EngineError(
                f"endpoint {self.engine.url}: {cost:.4g} is spent ({self.input_tokens} tokens read, "
                f"{self.output_tokens} written), and max_cost is {limit:g}",
                "write a larger max_cost and run again: what was published is kept",
            )
