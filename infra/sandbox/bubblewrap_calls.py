"""Calls between the tests and the program under test, which run in two sandboxes with two pipes between them.

The program's side (`serve`) is untrusted from the moment the program is loaded: it may answer anything, but it is only
ever asked for results and never sees an expected value. The tests' side (`Caller`) reads plain data and nothing else.
Objects that are not plain stay with the program, and the tests hold their numbers (`Remote`), if they want any at all:
tests that call a method of what a function returned would ask the program itself whether it is right.
"""

from __future__ import annotations

import builtins
import os

from infra.sandbox.bubblewrap_plain import NotPlainError, decode, encode

TYPE_CHECKING = False  # typing would be paid for once a program
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_MESSAGE_BYTES = 16 * 2**20
"""Longest answer the tests take."""
_WORD_LENGTH = 500


class ProgramEndedError(BaseException):
    """The program under test is gone. Not an Exception, so that `except Exception` of a test does not hide it."""


class ProgramRaisedError(Exception):
    """The program raised something that is no built-in exception."""


def serve(requests: int, replies: int, load: Callable[[], dict[str, Any]]) -> None:
    """Load the program and answer calls to what it defines, until the tests close their pipe.

    Args:
        requests, replies: descriptors to read from and to write to.
        load: runs the program; returns its global names.
    """
    objects: list[Any] = []

    def give_handle(value: Any) -> int:
        objects.append(value)
        return len(objects) - 1

    try:
        names, failure = load(), None
    except BaseException as error:  # SystemExit too: it is the program's answer to every call
        names, failure = {}, error
    while (request := _read_message(requests)) is not None:
        try:
            if failure is not None:
                raise failure
            verb, target, *rest = decode(request, objects.__getitem__)
            answer = encode((True, _obey(names, verb, target, rest)), give_handle)
        except BaseException as error:
            answer = encode((False, type(error).__name__, str(error)[:_WORD_LENGTH]))
        _write_message(replies, answer)


def _obey(names: dict[str, Any], verb: str, target: Any, rest: list[Any]) -> Any:
    if verb == "call":
        function = names[target] if isinstance(target, str) else target
        return function(*rest[0], **rest[1])
    if verb == "get":
        return getattr(target, rest[0])
    return setattr(target, *rest)


class Caller:
    """The tests' side.

    Args:
        requests, replies: descriptors to write to and to read from.
        keeps_objects: the program may answer with objects; otherwise that is an error of the program.

    Attributes:
        is_ended: the program went away, whatever the tests made of it.
        complaint: what the tests asked that cannot be done, in words.
    """

    def __init__(self, requests: int, replies: int, keeps_objects: bool) -> None:
        self._requests, self._replies = requests, replies
        self._keeps_objects = keeps_objects
        self.is_ended = False
        self.complaint: str | None = None

    def ask(self, verb: str, target: Any, *rest: Any) -> Any:
        """One question to the program; raises what the program raised, by name."""
        try:
            request = encode((verb, target, *rest), _number_of)
        except NotPlainError as error:
            self.complaint = f"the tests hand something to the program that is not plain data: {error}"
            raise
        try:
            _write_message(self._requests, request)
            answer = _read_message(self._replies, MAX_MESSAGE_BYTES)
        except OSError:
            answer = None
        if answer is None:
            self.is_ended = True
            raise ProgramEndedError("the program ended before its tests did")
        return self._read_answer(answer)

    def _read_answer(self, answer: bytes) -> Any:
        is_value, *content = decode(answer, self._hold)
        if is_value is True:
            return content[0]
        name, message = (str(part)[:_WORD_LENGTH] for part in content)
        kind = getattr(builtins, name, None)
        if isinstance(kind, type) and issubclass(kind, Exception):
            try:
                error = kind(message)
            except TypeError:  # UnicodeDecodeError and its like take more than a message
                error = ProgramRaisedError(f"{name}: {message}")
            raise error
        raise ProgramRaisedError(f"{name}: {message}")

    def _hold(self, number: int) -> Remote:
        if not self._keeps_objects:
            raise ValueError("the program returned an object that is not plain data")
        return Remote(self, number)


class Remote:
    """Something of the program, by global name or by object number. Two are equal only if they are one value here."""

    def __init__(self, caller: Caller, target: str | int) -> None:
        object.__setattr__(self, "_caller", caller)
        object.__setattr__(self, "_target", target)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        target = object.__getattribute__(self, "_target")
        named = target if isinstance(target, str) else self
        return object.__getattribute__(self, "_caller").ask("call", named, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or isinstance(object.__getattribute__(self, "_target"), str):
            raise AttributeError(name)
        return object.__getattribute__(self, "_caller").ask("get", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        object.__getattribute__(self, "_caller").ask("set", self, name, value)


def _number_of(value: Any) -> int:
    target = object.__getattribute__(value, "_target") if type(value) is Remote else None
    if not isinstance(target, int):
        raise NotPlainError(f"a {type(value).__name__} is not plain data")
    return target


def _write_message(descriptor: int, content: bytes) -> None:
    remaining = memoryview(len(content).to_bytes(8, "big") + content)
    while remaining:
        remaining = remaining[os.write(descriptor, remaining) :]


def _read_message(descriptor: int, max_bytes: int | None = None) -> bytes | None:
    """The next message; None if the other side is gone. ValueError if it is longer than allowed."""
    head = _read_exactly(descriptor, 8)
    if head is None:
        return None
    length = int.from_bytes(head, "big")
    if max_bytes is not None and length > max_bytes:
        raise ValueError(f"an answer of {length} bytes; at most {max_bytes} are taken")
    return _read_exactly(descriptor, length)


def _read_exactly(descriptor: int, count: int) -> bytes | None:
    parts: list[bytes] = []
    while count > 0:
        part = os.read(descriptor, min(count, 2**20))
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
