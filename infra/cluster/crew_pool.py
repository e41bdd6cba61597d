"""Workers for one job on the nodes of a cluster, from the flow: a `Pool` of `infra/sandbox/job.py`.

Batches of items go to the node that is least busy, and come back in order (`course.py`). What a node was lost with goes
to others; where none is left that can do the job, this machine does the rest. An item's outcome does not depend on
where it was reached.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from infra.cluster.course import Course
from infra.sandbox.job import Job
from infra.sandbox.killable import Outcome

if TYPE_CHECKING:
    from infra.cluster.crew import Crew


class CrewPool:
    """Workers of all nodes. A context manager: at its end theirs end too."""

    def __init__(self, crew: Crew, job: Job) -> None:
        self._crew, self._job = crew, job
        self._name = uuid.uuid4().hex

    def __enter__(self) -> CrewPool:
        return self

    def __exit__(self, *error: object) -> None:
        self._crew.forget(self._name)

    def map(self, items: Iterable[Any]) -> Iterator[Outcome]:
        """As of `Pool`.

        Raises:
            UserError: no node can make the function, and this machine cannot either.
            EngineEndedError: the cluster's head is lost.
        """
        course = Course(self._crew, self._job, self._name, iter(items))
        try:
            while course.hand_out():
                yield from course.collect()
            yield from course.rest()
        finally:
            course.end()
