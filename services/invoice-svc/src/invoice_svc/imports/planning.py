"""A batch of records into verdicts and facts. Pure: what is known already comes in.

A line is a duplicate when each of its facts is known with the same content, and rejected when one is known
with another: history that was taken over is corrected by a fact of its own, such as a credit note. A file sent
again with more in it (an invoice that has been settled since) brings what is new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from invoice_svc.imports.csv_lines import Defaults, Header, Parsed
from invoice_svc.imports.csv_lines import parse_line as parse_csv
from invoice_svc.imports.facts import CustomerFact, Fact, place, to_bytes
from invoice_svc.imports.ndjson_lines import parse_line as parse_ndjson
from invoice_svc.imports.records import Record
from invoice_svc.imports.store import UNDATED, NewFact
from invoice_svc.imports.verdict import Fault, LineVerdict

ParseLine = Callable[[str], Parsed]


@dataclass(frozen=True, slots=True)
class Draft:
    """A line that could be read: its facts, not yet compared with what is known."""

    line: int
    facts: tuple[NewFact, ...]
    note: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch of lines comes to."""

    verdicts: list[LineVerdict]
    facts: list[NewFact]


def line_parser(header: Header | None, delimiter: str, defaults: Defaults) -> ParseLine:
    """The parser of the file's format; a header makes it CSV."""
    if header is None:
        return lambda text: parse_ndjson(text, defaults)
    return lambda text: parse_csv(text, header, delimiter, defaults)


def content_of(data: bytes) -> bytes:
    """What two facts are compared by."""
    return hashlib.sha256(data).digest()


def draft(record: Record, parse: ParseLine) -> Draft | LineVerdict:
    """The facts of one record, or why there are none."""
    try:
        if isinstance(record.text, Fault):
            raise record.text
        parsed = parse(record.text)
    except Fault as fault:
        return LineVerdict(record.line, "rejected", fault.code, fault.column, fault.detail)
    facts = [_new(fact, record.line, standby=False) for fact in parsed.facts]
    if parsed.customer is not None:
        facts.append(_new(parsed.customer, record.line, standby=True))
    return Draft(record.line, tuple(facts), parsed.note)


def _new(fact: Fact | CustomerFact, line: int, *, standby: bool) -> NewFact:
    placed, data = place(fact), to_bytes(fact)
    return NewFact(
        key=placed.key,
        line=line,
        on_date=placed.on or UNDATED,
        rank=placed.rank,
        party=placed.party,
        parent=placed.parent,
        content=content_of(data),
        data=data,
        state="standby" if standby else "pending",
    )


def plan(drafts: Sequence[Draft | LineVerdict], known: Mapping[str, tuple[bytes, str]]) -> Plan:
    """Verdicts for all, and the facts that are new. ``known``: content and state by key."""
    seen = {key: content for key, (content, state) in known.items() if state in {"pending", "done"}}
    held = {key for key, (_, state) in known.items() if state == "standby"}
    result = Plan([], [])
    for item in drafts:
        if isinstance(item, LineVerdict):
            result.verdicts.append(item)
        else:
            result.verdicts.append(_judge(item, seen, held, result.facts))
    return result


def _judge(item: Draft, seen: dict[str, bytes], held: set[str], facts: list[NewFact]) -> LineVerdict:
    own = [fact for fact in item.facts if fact.state == "pending"]
    for fact in own:
        if fact.key in seen and seen[fact.key] != fact.content:
            kind, _, name = fact.key.partition(":")
            return LineVerdict(
                item.line,
                "rejected",
                "known-differently",
                None,
                f"{kind.replace('_', ' ')} {name} was taken over with other content; "
                "record what changed as a fact of its own.",
            )
    new = [fact for fact in own if fact.key not in seen]
    if not new:
        return LineVerdict(item.line, "duplicate", None, None, None)
    for fact in item.facts:
        if fact.state == "standby" and (fact.key in seen or fact.key in held):
            continue
        if fact.key not in seen:
            facts.append(fact)
        if fact.state == "standby":
            held.add(fact.key)
        else:
            seen[fact.key] = fact.content
    if item.note is not None:
        return LineVerdict(item.line, "accepted", "rounded-noise", None, item.note)
    return LineVerdict(item.line, "accepted")
