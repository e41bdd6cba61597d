"""What an endpoint was asked and what it cost so far. Used by `endpoint.py` and `endpoint_client.py`."""

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
    """

    engine: EndpointEngine
    requests: int = 0
    retries: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def cost(self) -> float | None:
        """By the engine's prices; None where it has none."""
        prices = (self.engine.price_per_million_input, self.engine.price_per_million_output)
        if prices[0] is None or prices[1] is None:
            return None
        return (self.input_tokens * prices[0] + self.output_tokens * prices[1]) / 1e6

    def metrics(self) -> dict[str, float]:
        """The sums by names of a run's metrics; no cost where the engine has no prices."""
        names = ("requests", "retries", "input_tokens", "output_tokens", "cost")
        return {f"endpoint_{name}": value for name in names if (value := getattr(self, name)) is not None}

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
