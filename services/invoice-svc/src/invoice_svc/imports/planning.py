"""Turn a batch of records into verdicts and events. Pure: the caller passes the stored events.

A line is a duplicate if each of its events is stored with the same content, and rejected if one is stored with other
content: a separate event, such as a credit note, corrects imported history. When a file is sent again with more in it
(an invoice settled since), only the new events are stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from invoice_svc.imports.csv_lines import CsvHeader, Defaults, Parsed
from invoice_svc.imports.csv_lines import parse_line as parse_csv
from invoice_svc.imports.events import ImportedCustomer, ImportedEvent, order_of, to_bytes
from invoice_svc.imports.formats.records import Record
from invoice_svc.imports.formats.verdict import Fault, LineVerdict
from invoice_svc.imports.ndjson_lines import parse_line as parse_ndjson
from invoice_svc.imports.store import UNDATED, PlannedEvent

ParseLine = Callable[[str], Parsed]


@dataclass(frozen=True, slots=True)
class Draft:
    """The events of a well-formed line, not yet compared with the stored ones."""

    line: int
    events: tuple[PlannedEvent, ...]
    note: str | None
    further_lines: tuple[int, ...] = ()
    """The other lines of an invoice of several."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Verdicts and new events of a batch of lines."""

    verdicts: list[LineVerdict]
    events: list[PlannedEvent]


def ndjson_parser(defaults: Defaults) -> ParseLine:
    """Return the parser of NDJSON lines."""
    return lambda text: parse_ndjson(text, defaults)


def csv_parser(header: CsvHeader, delimiter: str, defaults: Defaults) -> ParseLine:
    """Return the parser of CSV lines."""
    return lambda text: parse_csv(text, header, delimiter, defaults)


def content_of(data: bytes) -> bytes:
    """Return the hash by which events are compared."""
    return hashlib.sha256(data).digest()


def draft(record: Record, parse: ParseLine) -> Draft | LineVerdict:
    """Return the events of one record, or the verdict that rejects it."""
    content = content_of_record(record, parse)
    return rejected(record.line, content) if isinstance(content, Fault) else drafted((record.line,), content)


def content_of_record(record: Record, parse: ParseLine) -> Parsed | Fault:
    """Return the content of one record, or its fault."""
    if isinstance(record.text, Fault):
        return record.text
    try:
        return parse(record.text)
    except Fault as fault:
        return fault


def rejected(line: int, fault: Fault) -> LineVerdict:
    """Return the verdict on a line that is not taken."""
    return LineVerdict(line, "rejected", fault.code, fault.column, fault.detail)


def drafted(lines: Sequence[int], parsed: Parsed) -> Draft:
    """Return the events of a line, or of the lines of one invoice."""
    events = [_new(event, lines[0], standby=False) for event in parsed.events]
    if parsed.customer is not None:
        events.append(_new(parsed.customer, lines[0], standby=True))
    return Draft(lines[0], tuple(events), parsed.note, tuple(lines[1:]))


def _new(event: ImportedEvent | ImportedCustomer, line: int, *, standby: bool) -> PlannedEvent:
    order, data = order_of(event), to_bytes(event)
    return PlannedEvent(
        key=order.key,
        line=line,
        on_date=order.on or UNDATED,
        rank=order.rank,
        customer_ref=order.customer_ref,
        parent=order.parent,
        content=content_of(data),
        data=data,
        state="standby" if standby else "pending",
    )


def plan(drafts: Sequence[Draft | LineVerdict], known: Mapping[str, tuple[bytes, str]]) -> Plan:
    """Return the verdict on each line and the new events. ``known``: stored content and state by key."""
    seen = {key: content for key, (content, state) in known.items() if state in {"pending", "done"}}
    standby = {key for key, (_, state) in known.items() if state == "standby"}
    result = Plan([], [])
    for item in drafts:
        if isinstance(item, LineVerdict):
            result.verdicts.append(item)
        else:
            verdict = _judge(item, seen, standby, result.events)
            result.verdicts.append(verdict)
            result.verdicts.extend(replace(verdict, line=line) for line in item.further_lines)
    return result


def _judge(item: Draft, seen: dict[str, bytes], standby: set[str], events: list[PlannedEvent]) -> LineVerdict:
    own = [event for event in item.events if event.state == "pending"]
    for event in own:
        if event.key in seen and seen[event.key] != event.content:
            kind, _, name = event.key.partition(":")
            return LineVerdict(
                item.line,
                "rejected",
                "known-differently",
                None,
                f"{kind.replace('_', ' ')} {name} was imported with other content; "
                "import the change as a separate event.",
            )
    new = [event for event in own if event.key not in seen]
    if not new:
        return LineVerdict(item.line, "duplicate", None, None, None)
    for event in item.events:
        if event.state == "standby" and (event.key in seen or event.key in standby):
            continue
        if event.key not in seen:
            events.append(event)
        if event.state == "standby":
            standby.add(event.key)
        else:
            seen[event.key] = event.content
    if item.note is not None:
        return LineVerdict(item.line, "accepted", "rounded-noise", None, item.note)
    return LineVerdict(item.line, "accepted")
