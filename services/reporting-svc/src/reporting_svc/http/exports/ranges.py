"""Part of a file that a request asks for by `Range` (RFC 9110, 14), so that a download goes on where it broke off."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from starlette.requests import Request

from encours.http.surface import Surface, header
from encours.kernel.errors import Refusal

_ONE_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)


class RangeNotSatisfiable(Refusal):
    """The range begins beyond the end of the file (416)."""

    code = "range-not-satisfiable"
    title = "Range is not in the file"
    status = 416
    remedy = "Ask for bytes within the size of the file, or leave Range out."


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes of a file from ``first`` to ``last``, both counted, from 0."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """Number of bytes."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class AskedRange:
    """Headers of a request for a part of a file."""

    range: str | None
    if_range: str | None

    def of(self, size: int, tag: str) -> ByteRange | None:
        """Return the part of a file with this entity tag; ``None`` for all of it. It may begin beyond the end.

        Several ranges, another unit, text that is no range and a file that has changed since get the whole file, as
        RFC 9110 has it.
        """
        found = _ONE_RANGE.fullmatch(self.range or "")
        if found is None or self.if_range not in (None, tag):
            return None
        first, last = found.groups()
        if not first:
            return ByteRange(size - min(int(last), size), size - 1) if last else None
        if last and int(last) < int(first):
            return None
        return ByteRange(int(first), min(int(last), size - 1) if last else size - 1)


class ReadRange:
    """Resolver of the headers."""

    surface: ClassVar[Surface] = Surface(
        (
            header(
                "Range",
                "One part of the file, to go on with a download; other forms get the whole file.",
                example="bytes=1048576-",
            ),
            header(
                "If-Range",
                "The ETag of the part at hand; the whole file if it is no longer that.",
                example='"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"',
            ),
        ),
        statuses=frozenset({416}),
    )

    async def __call__(self, request: Request) -> AskedRange:
        return AskedRange(request.headers.get("range"), request.headers.get("if-range"))
