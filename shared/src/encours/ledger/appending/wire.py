"""Conversion of appends to the arrays of the SQL function `ledger.append`, and of its result.

Work that takes time or can fail for one append alone (encoding, checks) is done in :func:`prepare`, in the caller's
task, before the append joins a batch.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from encours.contracts import Event, encode
from encours.kernel.errors import Invalid
from encours.ledger.errors import CommandReused, IssueDateBeforeLast, VersionConflict
from encours.ledger.model import Append, Appended, NewEvent

MAX_EVENTS = 20_000
"""Most events in one append; split larger commands."""
_SEPARATOR = "\x1f"
# The driver takes 0.4 µs for each element of an array, more than all the rest of a batch: what every event has goes as
# one text, which the server takes apart.
_IN_ONE_TEXT = dict.fromkeys((3, 12), "${}::text::uuid[]")
_IN_ONE_TEXT |= dict.fromkeys((6, 8, 20, 22), "${}::text::int[]") | {
    10: "${}::text::smallint[]",
    13: "${}::text::date[]",
}
_IN_ONE_TEXT |= dict.fromkeys((7, 9, 11, 15, 21), "(string_to_array(${}::text, e'\\x1f'))[2:]")
APPEND_SQL = "select * from ledger.append({})".format(
    ", ".join(_IN_ONE_TEXT.get(n, "${}").format(n) for n in range(1, 28))
)
_EMPTY_NUMBER = b'"number":""'
_CUT = len(_EMPTY_NUMBER) - 1
_PREFIX = re.compile(r"[A-Za-z0-9/_. +\-]{0,32}")
_NO_STEP = (None, None, None, None)
_NO_NUMBER: tuple[str | None, ...] = (None,)
_NULLABLE = range(9, 13)
"""Columns of a row that are mostly empty: reason, correlation_id, causation_id, traceparent."""


class Prepared:
    """Append that is ready to be sent, with the future of its result."""

    __slots__ = (
        "append", "deadline", "done", "group", "guards", "ledger_id", "numbered", "rows", "size", "touched", "written",
    )  # fmt: skip

    def __init__(self, append: Append, ledger_id: int, loop: asyncio.AbstractEventLoop) -> None:
        if len(append.events) > MAX_EVENTS:
            raise Invalid(
                f"A command may append at most {MAX_EVENTS} events; this one has {len(append.events)}."
            )
        self.append = append
        self.ledger_id = ledger_id
        self.rows: list[tuple[Any, ...]] = []
        self.numbered = False
        self.written: set[str] = set()
        for event in append.events:
            self.rows.append(_row(append, event))
            self.written.add(event.stream)
            if event.number is not None:
                self.numbered = True
        self.guards = [(guard.stream, guard.version) for guard in append.guards] if append.guards else []
        self.touched = (
            self.written.union(stream for stream, _ in self.guards) if self.guards else self.written
        )
        # What it counts for in a batch and in the queue.
        self.size = len(self.rows) or 1
        self.done: asyncio.Future[Appended] = loop.create_future()
        self.deadline = 0.0
        self.group: object | None = None
        """Same object in all appends that are sent as one batch, in their order. It holds none of them, so that they
        are freed without the garbage collector."""

    def succeed(self, result: Appended) -> None:
        """Set the result, unless the caller was cancelled."""
        if not self.done.done():
            self.done.set_result(result)

    def fail(self, error: Exception) -> None:
        """Set the exception, unless the caller was cancelled."""
        if not self.done.done():
            self.done.set_exception(error)


def _row(append: Append, event: NewEvent) -> tuple[Any, ...]:
    if _SEPARATOR in event.stream or _SEPARATOR in event.entity or _SEPARATOR in append.actor:
        raise Invalid("Streams, entities and actors are named without control characters.")
    payload = event.data
    if isinstance(payload, Event):
        type_name, schema_version, data = payload.TYPE, payload.VERSION, encode(payload)
    else:
        type_name, schema_version, data = payload.type, payload.schema_version, payload.data
    step = event.number
    if step is None:
        number: tuple[Any, ...] = _NO_STEP
        tail = None
    else:
        if step.entity != event.entity:
            raise ValueError(f"a number of {step.entity} for an event of {event.entity}")
        if not _PREFIX.fullmatch(step.prefix):
            raise Invalid(
                "A series prefix may hold letters, digits, space and / _ . + - only, 32 characters at most.",
                "/prefix",
            )
        first = f"#{step.first}" if step.first > 1 else ""
        number = (step.code, step.year, step.prefix + first, step.width)
        data, tail = split_at_number(type_name, data)
    return (
        event.version, event.effective_on, schema_version, event.event_id, event.stream, type_name, event.entity, data,
        append.actor, append.reason, append.correlation_id, append.causation_id, append.traceparent, *number, tail,
    )  # fmt: skip


def split_at_number(type_name: str, data: bytes) -> tuple[bytes, bytes]:
    """Return the payload before and after the place of its number. Inside a JSON string quotes are escaped, so the
    pattern can only be a field."""
    if data.count(_EMPTY_NUMBER) != 1:
        raise ValueError(f"{type_name} takes a number and must hold exactly one empty field `number`")
    at = data.index(_EMPTY_NUMBER) + _CUT
    return data[:at], data[at:]


def arguments(ledger_id: int, clock_at: datetime | None, batch: Sequence[Prepared]) -> tuple[Any, ...]:
    """Parameters of :data:`APPEND_SQL` for a batch of one ledger. All-null columns are sent as null: to a
    subscript and to unnest that is an array of nulls."""
    appends = [item.append for item in batch]
    columns: list[Sequence[Any]] = list(zip(*chain.from_iterable(item.rows for item in batch), strict=True))
    columns = columns or [()] * 18
    version, effective, schema, event_id, stream, type_name, entity, data, actor = columns[:9]
    nullable = [_unless_null(columns[n]) for n in _NULLABLE]
    numbers = columns[13:18] if any(item.numbered for item in batch) else [None] * 5
    guards = [(a, *guard) for a, item in enumerate(batch, 1) for guard in item.guards]
    guard_columns = list(zip(*guards, strict=True)) or [()] * 3
    return (
        ledger_id,
        clock_at,
        _array([a.command_id.hex for a in appends]),
        [a.fingerprint for a in appends],
        [a.answer for a in appends],
        _array([str(len(item.rows)) for item in batch]),
        _texts(stream),
        _array(map(str, version)),
        _texts(type_name),
        _array(map(str, schema)),
        _texts(entity),
        _array([event.hex for event in event_id]),
        _array([day.isoformat() for day in effective]),
        data,
        _texts(actor),
        *nullable,
        _array(map(str, guard_columns[0])),
        _texts(guard_columns[1]),
        _array(map(str, guard_columns[2])),
        *numbers,
    )


def _texts(values: Sequence[str]) -> str:
    """Texts, each behind a separator: none and one that is empty are not the same."""
    return _SEPARATOR + _SEPARATOR.join(values) if values else ""


def _array(plain: Iterable[str]) -> str:
    """An array as PostgreSQL writes it, of elements that need no quotes."""
    return f"{{{','.join(plain)}}}"


def _unless_null(column: Sequence[Any]) -> Sequence[Any] | None:
    return None if column.count(None) == len(column) else column


def resolve(batch: Sequence[Prepared], row: Any) -> tuple[int, list[Prepared]]:
    """Give the appends of a batch their results; return the ledger's head after it, and the appends that depend on an
    earlier one and have to be sent again."""
    return (_resolve_whole(batch, row), []) if row["verdicts"] is None else _resolve_each(batch, row)


def _resolve_whole(batch: Sequence[Prepared], row: Any) -> int:
    before: int = row["head"]
    recorded_at, numbers = row["recorded_at"], row["numbers"]
    head = before + sum(len(item.rows) for item in batch)
    last = before
    for item in batch:
        first, last = last + 1, last + len(item.rows)
        own = _NO_NUMBER if last == first else (None,) * len(item.rows)
        if numbers is not None:
            own = tuple(numbers[first - before - 1 : last - before])
        item.succeed(Appended(first, last, recorded_at, own, item.append.answer, False, head))
    return head


def _resolve_each(batch: Sequence[Prepared], row: Any) -> tuple[int, list[Prepared]]:
    verdicts, firsts, lasts = row["verdicts"], row["firsts"], row["lasts"]
    numbers, offset = row["numbers"], 0
    stored = [last for verdict, last in zip(verdicts, lasts, strict=True) if verdict == "ok"]
    head: int = max(stored, default=row["head"])
    held: list[Prepared] = []
    for item, verdict, detail, first, last, answer in zip(
        batch, verdicts, row["details"], firsts, lasts, row["answers"], strict=True
    ):
        count = len(item.rows)
        own = (None,) * count if numbers is None else tuple(numbers[offset : offset + count])
        offset += count
        match verdict:
            case "ok":
                answer = item.append.answer
                item.succeed(Appended(first, last, row["recorded_at"], own, answer, False, head))
            case "seen":
                item.succeed(Appended(first, last, row["recorded_at"], (), answer, True, head))
            case "reused":
                item.fail(CommandReused())
            case "moved":
                item.fail(VersionConflict(detail))
            case "date":
                item.fail(IssueDateBeforeLast(detail))
            case _ if item.group is not None:
                # The rest of its group went ahead: only who sent them together can send the rest in order.
                item.fail(VersionConflict("an earlier item of the same request has to be decided again"))
            case _:
                held.append(item)
    return head, held
