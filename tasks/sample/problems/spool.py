"""Values in a temporary database instead of in memory: what sets are made of while they are read, ordered and checked.

Used by `reading.py` for problems and by `rows.py` for rows that are shuffled.
"""

from __future__ import annotations

import pickle
import sqlite3
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar, overload

from configs.errors import ProblemsError

Value = TypeVar("Value")
Key = Callable[[Value], str]


class Spool(Sequence[Value], Generic[Value]):
    """Values by their number, counting from 0. A few MB of them are in memory; the others are in a temporary file,
    which has no name and is gone with the object.

    Args:
        values: the first ones.
        keys: by name, what a value is found by.
    """

    def __init__(self, values: Iterable[Value] = (), **keys: Key[Value]) -> None:
        self._keys, self._count = keys, 0
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._database.close)
        names = list(keys)
        self._database.execute("PRAGMA journal_mode = OFF")  # what is lost with the process needs no way back
        self._database.execute(f"CREATE TABLE spool ({', '.join(['number INTEGER PRIMARY KEY', 'body', *names])})")
        for name in names:
            self._database.execute(f"CREATE INDEX by_{name} ON spool ({name})")
        self._insert = f"INSERT INTO spool VALUES ({', '.join('?' * (2 + len(names)))})"
        self._database.execute("BEGIN")  # for good: no change is waited for
        for value in values:
            self.add(value)

    def add(self, value: Value) -> None:
        """One more, at the end.

        Raises:
            ProblemsError: the temporary folder is full.
        """
        found = (key(value) for key in self._keys.values())
        body = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        try:
            self._database.execute(self._insert, (self._count, body, *found))
        except sqlite3.OperationalError as error:
            raise ProblemsError(
                f"the rows of a source do not fit into the temporary folder: {error}",
                "make room there, or name another folder: SQLITE_TMPDIR",
            ) from error
        self._count += 1

    def find(self, name: str, key: str) -> int | None:
        """The number of the first value with this key; None where there is none."""
        row = self._database.execute(f"SELECT min(number) FROM spool WHERE {name} = ?", (key,)).fetchone()
        number: int | None = row[0]
        return number

    def keys_of(self, name: str) -> Iterator[str]:
        """The keys of all values, in order."""
        for (key,) in self._database.execute(f"SELECT {name} FROM spool ORDER BY number"):
            yield key

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Value]:
        for (body,) in self._database.execute("SELECT body FROM spool ORDER BY number"):
            yield pickle.loads(body)

    @overload
    def __getitem__(self, number: int) -> Value: ...
    @overload
    def __getitem__(self, number: slice) -> list[Value]: ...
    def __getitem__(self, number: int | slice) -> Value | list[Value]:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(self._count))]
        wanted = number + self._count if number < 0 else number
        found = self._database.execute("SELECT body FROM spool WHERE number = ?", (wanted,)).fetchone()
        if found is None:
            raise IndexError(f"{number} of {self._count} values")
        value: Value = pickle.loads(found[0])
        return value
