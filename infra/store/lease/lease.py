"""One writer for an experiment: a lease object with a heartbeat. Called by the command line around a run.

Who may take a lease that is there:

1. Anyone, at once, if its holder was a process of this machine and is gone.
2. Anyone, if the lease was not renewed while it was watched for two beats. It is watched only if its last beat is
   further than its time to live from now, past or future: then its holder is dead, or a clock is wrong.
3. Nobody else. A holder that could not write a beat for longer than the time to live, and cannot now, gives up.

So a wrong clock, set back, ahead or standing still on either side, never makes a lease that beats look dead.

On a server without conditional writes two runs that start in one instant could both write the lease. There a run first
stands for election (`election.py`), and writes the lease only if it won.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType

from configs.errors import StoreError
from infra.store.base import Store
from infra.store.lease.claim import Claim
from infra.store.lease.election import SETTLE_SECONDS, Election
from infra.store.lease.holder import describe_this_process

ACQUIRE_ATTEMPTS = 10
# Time that passes during suspend too, so that a laptop that slept knows it.
CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

log = logging.getLogger(__name__)


class Lease:
    """The right of this process to write an experiment. A context manager: acquired on entry, released on exit.

    Args:
        key: the lease object.
        holder: user@host, see `holder.name_user`.
        ttl_seconds: without a beat for this long, others may take the lease.
        beat_seconds: time between beats; the time to live should span several.
        settle_seconds: without conditional writes, how long a run looks for others that start at the same time.
        clock: seconds since 1970, for people and to see whether a lease is worth watching; never decides alone.
    """

    def __init__(
        self,
        store: Store,
        key: str,
        holder: str,
        ttl_seconds: float = 60.0,
        beat_seconds: float = 15.0,
        settle_seconds: float = SETTLE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not 0 < beat_seconds < ttl_seconds:
            raise ValueError(f"beat_seconds {beat_seconds} has to lie between 0 and ttl_seconds {ttl_seconds}")
        self._store = store
        self._key = key
        self._address = f"lease {key!r} in {store.uri}"
        self._beat_seconds = beat_seconds
        self._ttl_seconds = ttl_seconds
        self._settle_seconds = settle_seconds
        self._clock = clock
        self._holder = describe_this_process(holder)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._claim: Claim | None = None
        self._content = b""
        self._written_at = 0.0
        self._lost: StoreError | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Lease:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.release()
        except StoreError as failure:
            if error is None:
                raise
            log.warning("%s was not given back; it ends by itself: %s", self._address, failure)

    def acquire(self) -> None:
        """Take the lease and keep it beating.

        Raises:
            StoreError: another process holds it (the message says who, since when and what to do), or the store
                cannot be written.
        """
        for _ in range(ACQUIRE_ATTEMPTS):
            abandoned = self._find_abandoned()
            claim = self._make_claim()
            if self._write(claim, abandoned):
                if abandoned is not None:
                    gone = Claim.from_json(abandoned, self._address).holder.describe()
                    log.warning("%s was taken over from %s, which is gone", self._address, gone)
                return self._start(claim)
        raise StoreError(
            f"{self._address} changes hands too fast, or the store answers too slowly, for it to be taken",
            fix="start fewer runs at a time, or see why the store is slow",
        )

    def check(self) -> None:
        """See, before something is published, that this process still holds the lease.

        Raises:
            StoreError: someone else took it or removed it, or no beat could be written for the time to live; where the
                store is gone with all that was in it, that.
        """
        silent_seconds = time.clock_gettime(CLOCK) - self._written_at
        if self._lost is None and silent_seconds > self._ttl_seconds:
            try:
                self._beat()
            except StoreError as error:
                message = f"{self._address} could not be renewed for {silent_seconds:.0f} s: {error.message}"
                raise StoreError(message, fix=error.fix) from error
        if self._lost is not None:
            self._store.read(self._key)  # an error of its own where the whole store is gone
            raise self._lost

    def release(self) -> None:
        """Stop beating, and remove the lease if it is still ours. A lease that was lost is left alone."""
        if self._thread is None:
            return
        self._stop.set()
        self._thread.join()
        self._thread = None
        # The last beat proves the lease ours and keeps others away for a time to live: long enough to remove it.
        self._beat()
        if self._lost is None:
            self._store.delete(self._key)

    def _make_claim(self) -> Claim:
        now = self._clock()
        return Claim(uuid.uuid4().hex, self._holder, now, now, self._ttl_seconds, self._beat_seconds)

    def _find_abandoned(self) -> bytes | None:
        """The lease of a holder that is gone; None if there is no lease, StoreError if it is kept."""
        found = self._store.read(self._key)
        if found is None:
            return None
        other = Claim.from_json(found, self._address)
        if not other.holder.is_gone() and (not other.is_doubtful(self._clock()) or self._is_beating(found, other)):
            raise other.refuse(self._address, self._clock())
        return found

    def _write(self, claim: Claim, abandoned: bytes | None) -> bool:
        """Write the lease if it still is what was found before; False if it changed hands in between."""
        if not self._store.excludes_writers():
            return Election(self._store, self._key, claim, self._settle_seconds).win(abandoned)
        if abandoned is None:
            return self._store.put_new(self._key, claim.to_json())
        return self._store.replace(self._key, abandoned, claim.to_json())

    def _is_beating(self, content: bytes, claim: Claim) -> bool:
        """Watch a lease for two of its beats: True if it is renewed, False if nothing happens or it is removed."""
        seconds = 2 * claim.beat_seconds
        log.warning("%s has not been renewed in time; watching it for %.0f s", self._address, seconds)
        end = time.clock_gettime(CLOCK) + seconds
        while (left := end - time.clock_gettime(CLOCK)) > 0:
            time.sleep(min(1.0, left))
            found = self._store.read(self._key)
            if found != content:
                return found is not None
        return False

    def _start(self, claim: Claim) -> None:
        self._claim, self._content, self._lost = claim, claim.to_json(), None
        self._written_at = time.clock_gettime(CLOCK)
        self._stop.clear()
        self._thread = threading.Thread(target=self._keep_beating, name=f"lease {self._key}", daemon=True)
        self._thread.start()

    def _keep_beating(self) -> None:
        while self._lost is None and not self._stop.wait(self._beat_seconds):
            try:
                self._beat()
            except StoreError as error:
                log.warning("%s: a beat could not be written: %s", self._address, error)

    def _beat(self) -> None:
        """Renew the lease, or note that it is lost."""
        with self._lock:
            if self._claim is None or self._lost is not None:
                return
            started = time.clock_gettime(CLOCK)
            claim = replace(self._claim, beat_at=self._clock(), num_beats=self._claim.num_beats + 1)
            if not self._store.replace(self._key, self._content, claim.to_json()) and not self._find_own(claim):
                return
            self._claim, self._content, self._written_at = claim, claim.to_json(), started

    def _find_own(self, claim: Claim) -> bool:
        """Renew a lease that holds an earlier beat of ours, whose answer was lost; False if it is not ours."""
        found = self._store.read(self._key)
        other = Claim.from_json(found, self._address) if found is not None else None
        if found is not None and other is not None and other.token == claim.token:
            return self._store.replace(self._key, found, claim.to_json()) or self._find_own(claim)
        taker = f"taken over by {other.holder.describe()}" if other else "removed"
        self._lost = StoreError(
            f"{self._address} was {taker}: this run no longer owns the experiment and publishes nothing more",
            fix="let one run work on an experiment at a time; run the same command again to go on",
        )
        return False
