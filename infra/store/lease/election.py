"""Who may write a lease where the server does not exclude concurrent writers. Called by `lease.py`.

Every run that wants the lease puts an object of its own under EXPERIMENT/lease-claims and waits for the settle time.
Then the lowest name among the claims wins, writes the lease and takes its claim away; names are random, so no clock
decides. The others stay, find the lease and are refused by it; or their turn comes, if the winner has died.

Why this excludes: the winner looked at the claims after its wait. A run whose claim it did not see put that claim
later, and waits for the settle time itself before it looks at the lease. By then the lease is written, unless the write
took longer than the settle time, the one that no run falls short of: then the winner takes it back and stands again. So
two runs own a lease only if a write takes effect later than its answer, or if an answered write is not seen by reads
for the whole settle time.
"""

from __future__ import annotations

import logging
import time

from infra.store.base import Store
from infra.store.lease.claim import Claim

SETTLE_SECONDS = 2.0
DEAD_AFTER = 5
"""settle times after which a claim that stands in the way, without a lease, is that of a dead process"""

log = logging.getLogger(__name__)


class Election:
    """One run's attempt to become the writer of a lease.

    Args:
        key: the lease object.
        claim: what the lease will say.
        settle_seconds: must exceed the time that a look and a write need together, and be the same for all runs. On a
            slow server a run waits longer, but has no longer for its write.
    """

    def __init__(self, store: Store, key: str, claim: Claim, settle_seconds: float) -> None:
        self._store = store
        self._key = key
        self._claim = claim
        self._folder = f"{key.removesuffix('.json')}-claims/"
        self._own = f"{self._folder}{claim.token}.json"
        self._settle_seconds = self._wait_seconds = settle_seconds

    def win(self, expected: bytes | None) -> bool:
        """Stand, and write the lease if won.

        Args:
            expected: the lease as it was found: None, or one whose holder is gone.

        Returns:
            False if the lease is another one now, or the server was too slow to be sure: look again.
        """
        try:
            self._stand()
            return self._wait_for_turn(expected) and self._write()
        finally:
            self._store.delete(self._own)

    def _stand(self) -> None:
        started = time.monotonic()
        self._store.put(self._own, self._claim.to_json())
        self._wait_seconds = max(self._settle_seconds, 4 * (time.monotonic() - started))
        time.sleep(self._wait_seconds)

    def _wait_for_turn(self, expected: bytes | None) -> bool:
        """True if the lease is as expected and no claim comes before ours; False if the lease has changed."""
        first_seen: dict[str, float] = {}
        while True:
            self._looked_at = time.monotonic()
            claims = list(self._store.keys(self._folder))
            if self._own not in claims or self._store.read(self._key) != expected:
                return False
            before = [name for name in claims if name < self._own and not self._is_dead(name, first_seen)]
            if not before:
                return True
            time.sleep(self._wait_seconds / 4)

    def _is_dead(self, name: str, first_seen: dict[str, float]) -> bool:
        """True if a claim's process has ended, or has done nothing for long; the claim is removed then."""
        seen_seconds = self._looked_at - first_seen.setdefault(name, self._looked_at)
        content = self._store.read(name)
        if content is None:
            return False  # withdrawn since it was listed: perhaps its run has won, so look at the lease again
        holder = Claim.from_json(content, f"claim {name!r} in {self._store.uri}").holder
        if not holder.is_gone() and seen_seconds < DEAD_AFTER * self._wait_seconds:
            return False
        log.warning("%s: removing the claim of %s, which is gone", self._store.uri, holder.describe())
        self._store.delete(name)
        return True

    def _write(self) -> bool:
        self._store.put(self._key, self._claim.to_json())
        if time.monotonic() - self._looked_at < self._settle_seconds:
            return True
        log.warning(
            "%s: the server is slow; the lease %r is taken back and tried for again", self._store.uri, self._key
        )
        if self._store.read(self._key) == self._claim.to_json():
            self._store.delete(self._key)
        return False
