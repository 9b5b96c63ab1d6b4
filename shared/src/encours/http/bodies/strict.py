"""Requests whose JSON is read strictly: UTF-8, no NaN, no lone surrogates, bounded depth, no NUL characters, and no
object with a name twice (RFC 8259 leaves open which one counts) or with more names than any object here has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
from starlette.requests import Request

from encours.http.problems import RefusedBody

MAX_NAMES = 1_000
MAX_VALUES = 300_000
"""Values of a body: reading 300,000 takes a tenth of a second, in which the process answers nobody else."""

_REASONS: dict[type[Exception], str] = {
    UnicodeDecodeError: "it is not UTF-8",
    RecursionError: "it is nested too deeply",
}


class StrictRequest(Request):
    """A request that parses its body with msgspec, once, and refuses NUL, which PostgreSQL cannot store."""

    async def json(self) -> Any:
        """Return the parsed body. Raises :class:`RefusedBody` (400)."""
        if not hasattr(self, "_strict_json"):
            self._strict_json = self._parse(await self.body())
        return self._strict_json

    @staticmethod
    def _parse(raw: bytes) -> Any:
        try:
            value = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RefusedBody(
                (), f"This is not JSON that we can read: {_REASONS.get(type(error), str(error))}."
            ) from None
        # As many colons as names: then no name is there twice, and the text needs no second reading.
        if _count_names(value) != raw.count(b":"):
            json.loads(raw, object_pairs_hook=_names_once)
        if b"\\u0000" in raw and (path := _find_nul(value)) is not None:
            raise RefusedBody(path, "Text cannot hold a NUL character; remove it.")
        return value


def _count_names(value: Any) -> int:
    """Return how many names all objects have together. Raises :class:`RefusedBody` beyond the bounds."""
    count, seen, waiting = 0, 0, [value]
    while waiting:
        found = waiting.pop()
        seen += 1
        if seen > MAX_VALUES:
            raise RefusedBody((), f"A body may have {MAX_VALUES:,} values at most; send less at once.")
        if isinstance(found, dict):
            if len(found) > MAX_NAMES:
                raise RefusedBody((), f"An object may have {MAX_NAMES:,} names at most.")
            count += len(found)
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)
    return count


def _names_once(pairs: list[tuple[str, Any]]) -> None:
    if len(names := {name for name, _ in pairs}) < len(pairs):
        twice = min(name for name in names if sum(name == other for other, _ in pairs) > 1)
        raise RefusedBody((), f"The name {twice[:80]!r} appears twice in one object; remove one.")


def _find_nul(value: Any) -> tuple[str | int, ...] | None:
    """Return the path of a NUL character, ``None`` without one. The six characters ``\\u0000`` as text are none."""
    if isinstance(value, str):
        return () if "\x00" in value else None
    children: Iterator[tuple[str | int, Any]]
    if isinstance(value, dict):
        if any("\x00" in name for name in value):
            return ()
        children = iter(value.items())
    elif isinstance(value, list):
        children = iter(enumerate(value))
    else:
        return None
    for name, child in children:
        found = _find_nul(child)
        if found is not None:
            return (name, *found)
    return None
