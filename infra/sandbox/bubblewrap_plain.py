"""Plain data as bytes and back: what crosses between a sandboxed program and its tests. Used on both sides.

Only values of Python's own types come out of `decode`, whatever bytes go in: no class of the sender is ever made, so a
result cannot bring its own `__eq__`. It imports nothing, since every sandbox loads it anew.

    N T F           None, True, False             l t S z n\\n ITEMS   list, tuple, set, frozenset of n items
    i HEX\\n         int                           d n\\n ITEMS         dict, n keys and values in turn
    f REPR\\n        float                         I n\\n ITEMS         an iterator, as the items it gives
    s b n\\n BYTES   str (UTF-8), bytes            o n\\n              object number n, which stays at the sender
    c f.. f..       complex                       r i.. i.. i..      range
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself would cost more than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

    GiveHandle = Callable[[Any], int]
    Dereference = Callable[[int], Any]

_TAGS: dict[type[Collection[Any]], bytes] = {list: b"l", tuple: b"t", set: b"S", frozenset: b"z"}
_MAKERS: dict[bytes, Callable[[list[Any]], Any]] = {b"l": list, b"t": tuple, b"S": set, b"z": frozenset, b"I": iter}


class NotPlainError(TypeError):
    """A value is not plain data, and there is no way to leave it with its owner."""


def encode(value: Any, give_handle: GiveHandle | None = None) -> bytes:
    """A value as bytes. Subclasses of plain types travel as the plain type.

    Args:
        give_handle: numbers a value that is not plain, and keeps it.

    Raises:
        NotPlainError: a value is not plain and `give_handle` is None.
        RecursionError: nested too deeply, or in itself.
    """
    parts: list[bytes] = []
    _put(value, parts, give_handle)
    return b"".join(parts)


def decode(data: bytes, dereference: Dereference | None = None) -> Any:
    """The value that `encode` was given. ValueError for bytes that it never writes, RecursionError if nested deeply.

    Args:
        dereference: the value for an object's number; without it an object is a ValueError.
    """
    reader = _Reader(data, dereference)
    try:
        value = reader.take()
    except (IndexError, TypeError, OverflowError) as error:  # TypeError: an unhashable key
        raise ValueError(f"malformed data: {error}") from None
    if reader.position != len(data):
        raise ValueError("malformed data: there is more behind its end")
    return value


def _put(value: Any, parts: list[bytes], give_handle: GiveHandle | None) -> None:
    if value is None or value is True or value is False:
        parts.append({None: b"N", True: b"T", False: b"F"}[value])
    elif isinstance(value, int):
        parts.append(b"i%x\n" % int(value) if value >= 0 else b"i-%x\n" % -int(value))
    elif isinstance(value, float):
        parts.append(b"f" + float.__repr__(value).encode() + b"\n")
    elif isinstance(value, complex):
        parts.append(b"c")
        _put_all((value.real, value.imag), parts, give_handle)
    elif isinstance(value, str):
        _put_bytes(b"s", str.encode(value, "utf-8", "surrogatepass"), parts)
    elif isinstance(value, bytes | bytearray):
        _put_bytes(b"b", bytes(value), parts)
    elif isinstance(value, range):
        parts.append(b"r")
        _put_all((value.start, value.stop, value.step), parts, give_handle)
    elif isinstance(value, dict):
        parts.append(b"d%d\n" % len(value))
        _put_all((part for pair in value.items() for part in pair), parts, give_handle)
    else:
        _put_other(value, parts, give_handle)


def _put_other(value: Any, parts: list[bytes], give_handle: GiveHandle | None) -> None:
    for kind, tag in _TAGS.items():
        if isinstance(value, kind):
            parts.append(tag + b"%d\n" % len(value))
            return _put_all(value, parts, give_handle)
    if hasattr(type(value), "__next__"):
        items = list(value)
        parts.append(b"I%d\n" % len(items))
        return _put_all(items, parts, give_handle)
    if give_handle is None:
        raise NotPlainError(f"a {type(value).__name__} is not plain data")
    parts.append(b"o%d\n" % give_handle(value))


def _put_all(values: Any, parts: list[bytes], give_handle: GiveHandle | None) -> None:
    for value in values:
        _put(value, parts, give_handle)


def _put_bytes(tag: bytes, content: bytes, parts: list[bytes]) -> None:
    parts.append(tag + b"%d\n" % len(content))
    parts.append(content)


class _Reader:
    def __init__(self, data: bytes, dereference: Dereference | None) -> None:
        self._data = data
        self._dereference = dereference
        self.position = 0

    def take(self) -> Any:
        tag = self._data[self.position : self.position + 1]
        self.position += 1
        if tag in b"NTF" and tag:
            return {b"N": None, b"T": True, b"F": False}[tag]
        if tag == b"i":
            return int(self._line(), 16)
        if tag == b"f":
            return float(self._line())
        if tag == b"c":
            return complex(self.take(), self.take())
        if tag == b"r":
            return range(self.take(), self.take(), self.take())
        return self._take_sized(tag)

    def _take_sized(self, tag: bytes) -> Any:
        count = int(self._line())
        if tag in (b"s", b"b"):
            content = self._data[self.position : self.position + count]
            self.position += count
            return content if tag == b"b" else content.decode("utf-8", "surrogatepass")
        if tag == b"o" and self._dereference is not None:
            return self._dereference(count)
        if tag == b"d":
            return {self.take(): self.take() for _ in range(count)}
        if tag not in _MAKERS:
            raise ValueError(f"malformed data: no such tag {tag!r}")
        return _MAKERS[tag]([self.take() for _ in range(count)])

    def _line(self) -> bytes:
        end = self._data.index(b"\n", self.position)
        line = self._data[self.position : end]
        self.position = end + 1
        return line
