"""What a lease object says: who holds it, since when, and its last beat; and where that of an experiment lies."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from configs.errors import HeldError, StoreError
from infra.store.base import Store
from infra.store.lease.holder import Holder


def lease_key(experiment: str) -> str:
    """Where the lease of an experiment lies in its store."""
    return f"{experiment}/lease.json"


def find_claim(store: Store, experiment: str) -> Claim | None:
    """Who holds an experiment, or held it to his death; None where nobody does.

    Raises:
        StoreError: the store cannot be read, or what lies there is no lease.
    """
    key = lease_key(experiment)
    content = store.read(key)
    return None if content is None else Claim.from_json(content, f"lease {key!r} in {store.uri}")


@dataclass(frozen=True)
class Claim:
    """The content of a lease object. Times are seconds since 1970 by the holder's clock."""

    token: str
    """differs for every acquisition"""
    holder: Holder
    acquired_at: float
    beat_at: float
    ttl_seconds: float
    beat_seconds: float
    num_beats: int = 0
    """differs at every beat, whatever the holder's clock says"""

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()

    @staticmethod
    def from_json(content: bytes, address: str) -> Claim:
        """Read a lease object; StoreError if it is none."""
        try:
            fields = json.loads(content)
            return Claim(**{**fields, "holder": Holder(**fields["holder"])})
        except (ValueError, TypeError, KeyError) as error:
            fix = "see that no run of the experiment is alive, then delete the object"
            raise StoreError(f"{address} cannot be read as a lease", fix=fix) from error

    def is_doubtful(self, now: float) -> bool:
        """True if the last beat is further than the time to live from now: the holder is dead, or a clock is wrong."""
        return abs(now - self.beat_at) > self.ttl_seconds

    def refuse(self, address: str, now: float) -> HeldError:
        """The error for another process that wants the lease."""
        since, host = _say_time(self.acquired_at), self.holder.name.rpartition("@")[2]
        return HeldError(
            f"{address} is held by {self.holder.describe()} since {since}; "
            f"last beat {max(0.0, now - self.beat_at):.0f} s ago ({_say_time(self.beat_at)})",
            fix=f"wait until it is done, or stop process {self.holder.pid} on {host}; "
            f"a run that died is replaced {self.ttl_seconds:.0f} s after its last beat",
        )


def _say_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
