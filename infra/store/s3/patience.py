"""Wait out a server that fails for a while. Called by `store.py` around every request.

botocore tries again within a second, which covers single lost answers; it neither covers the body of an answer that
breaks off, nor a server that restarts. A request whose failure may pass is made again, with growing pauses, until the
patience is over. Errors that will not pass (no bucket, no rights, expired credentials) are raised at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from boto3.exceptions import RetriesExceededError
from botocore import exceptions
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from infra.store.s3.errors import find_answer, status_of

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""seconds; the last one repeats"""
PASSING_STATUS = (408, 429, 500, 502, 503, 504)
PASSING_CODES = ("RequestTimeout", "RequestTimeoutException", "SlowDown", "Throttling", "InternalError")
BROKEN_ANSWERS = (
    exceptions.HTTPClientError,
    exceptions.ConnectionError,
    exceptions.IncompleteReadError,
    ResponseParserError,
    RetriesExceededError,
    ConnectionError,
    TimeoutError,
)

log = logging.getLogger(__name__)
Result = TypeVar("Result")


def is_passing(error: BaseException) -> bool:
    """True if the same request may go through later."""
    answer = find_answer(error)
    if answer is None:
        return isinstance(error, BROKEN_ANSWERS)
    return status_of(answer) in PASSING_STATUS or answer.response["Error"].get("Code") in PASSING_CODES


def patiently(request: Callable[[], Result], seconds: float, place: str) -> Result:
    """Make a request; while it fails for a reason that may pass, make it again.

    Args:
        request: may be made several times.
        seconds: no new attempt begins when this much time has gone by.
        place: the store, for the warning.
    """
    end = time.monotonic() + seconds
    for attempt in range(10**6):
        try:
            return request()
        except Exception as error:
            pause = PAUSES[min(attempt, len(PAUSES) - 1)]
            if not is_passing(error) or time.monotonic() + pause > end:
                raise
            if attempt == 1:  # the first one is routine
                log.warning("%s does not answer as it should; trying for %.0f s (%s)", place, seconds, name_of(error))
            time.sleep(pause)
    raise AssertionError("unreachable: the time is over before")


def name_of(error: BaseException) -> str:
    """The error in a few words, without addresses that may hold credentials."""
    answer = find_answer(error)
    if isinstance(answer, ClientError):
        return f"{status_of(answer)} {answer.response['Error'].get('Code', '')}".strip()
    return type(error).__name__
