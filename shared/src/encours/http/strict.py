"""Requests whose JSON is read strictly: UTF-8, no NaN, no lone surrogates, bounded depth, no NUL characters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from starlette.requests import Request

from encours.http.problems import RefusedBody

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
        if b"\\u0000" in raw and (path := _find_nul(value)) is not None:
            raise RefusedBody(path, "Text cannot hold a NUL character; remove it.")
        return value


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
