"""The creditor: who issues, and in which number series.

The promise kept here: no two series can ever produce the same text, whatever prefixes they had before, and every
number fits what CGI ann. II 242 nonies A and EN 16931 allow. That a number taken over from another system is not
given again, the ledger sees to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Literal, assert_never, cast

from encours.contracts import Recorded
from encours.contracts import entity as facts
from encours.contracts.common import Address
from encours.kernel.errors import Conflict, DomainError, Invalid, NotFound

Document = Literal["invoice", "credit_note"]

MAX_NUMBER_LENGTH = 35
_DIGIT = "#"
"""Stands for any digit; no number holds it."""
_NUMBER_CHARACTERS = re.compile(r"[A-Za-z0-9+\-_/]*")


@dataclass(frozen=True, slots=True)
class RegisterEntity:
    """A legal entity begins to issue. ``currency`` is the one its invoices are in unless they say otherwise."""

    entity_id: str
    name: str
    country: str
    currency: str
    time_zone: str
    legal_form: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    address: Address | None = None
    iban: str | None = None


@dataclass(frozen=True, slots=True)
class AmendEntity:
    """The identity from now on; all of it."""

    name: str
    legal_form: str | None
    siren: str | None
    vat_id: str | None
    address: Address | None
    iban: str | None


@dataclass(frozen=True, slots=True)
class DefineSeries:
    """A number series: ``prefix`` holds ``{year}``, ``width`` is the least digits of the running number."""

    code: str
    document: Document
    prefix: str
    width: int


@dataclass(frozen=True, slots=True)
class Series:
    """A series as it stands."""

    code: str
    document: Document
    prefix: str
    width: int

    def prefix_of(self, year: int) -> str:
        """The text before the running number in a year."""
        return self.prefix.replace("{year}", str(year))


DEFAULT_SERIES = (
    DefineSeries("FAC", "invoice", "FAC-{year}-", 6),
    DefineSeries("AVO", "credit_note", "AVO-{year}-", 6),
)
"""Invoices and credit notes are kinds of document, which is a reason the law accepts for a series of its own."""


@dataclass(frozen=True, slots=True)
class Entity:
    """What the decisions need to know of an entity."""

    entity_id: str = ""
    name: str = ""
    country: str = ""
    currency: str = ""
    time_zone: str = ""
    legal_form: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    address: Address | None = None
    iban: str | None = None
    series: Mapping[str, Series] = field(default_factory=dict)
    prefixes: frozenset[tuple[str, str]] = frozenset()
    """Code and prefix of every series as it is or once was."""


EntityFact = facts.EntityRegistered | facts.EntityAmended | facts.SeriesDefined


def evolve(state: Entity, recorded: Recorded) -> Entity:
    """The entity after one more fact."""
    event = cast(EntityFact, recorded.data)
    match event:
        case facts.EntityRegistered():
            return Entity(
                entity_id=event.entity_id,
                name=event.name,
                country=event.country,
                currency=event.currency,
                time_zone=event.time_zone,
                legal_form=event.legal_form,
                siren=event.siren,
                vat_id=event.vat_id,
                address=event.address,
                iban=event.iban,
                series=state.series,
                prefixes=state.prefixes,
            )
        case facts.EntityAmended():
            return replace(
                state,
                name=event.name,
                legal_form=event.legal_form,
                siren=event.siren,
                vat_id=event.vat_id,
                address=event.address,
                iban=event.iban,
            )
        case facts.SeriesDefined():
            series = Series(event.code, event.document, event.prefix, event.width)
            return replace(
                state,
                series={**state.series, event.code: series},
                prefixes=state.prefixes | {(event.code, event.prefix)},
            )
        case _:
            assert_never(event)


def require(state: Entity, entity_id: str) -> Entity:
    """The entity, or :class:`NotFound`."""
    if not state.entity_id:
        raise NotFound("entity", entity_id)
    return state


def register(state: Entity, command: RegisterEntity) -> list[EntityFact]:
    """The entity with its series for invoices and credit notes."""
    if state.entity_id:
        raise Conflict(
            "entity-exists", f"{state.entity_id} is registered already; PATCH it to amend its identity."
        )
    registered = facts.EntityRegistered(
        entity_id=command.entity_id,
        name=command.name,
        country=command.country,
        currency=command.currency,
        time_zone=command.time_zone,
        legal_form=command.legal_form,
        siren=command.siren,
        vat_id=command.vat_id,
        address=command.address,
        iban=command.iban,
    )
    return [registered, *(_defined(command.entity_id, series) for series in DEFAULT_SERIES)]


def amend(state: Entity, command: AmendEntity) -> list[EntityFact]:
    """The new identity; nothing when it is the same."""
    amended = facts.EntityAmended(
        entity_id=state.entity_id,
        name=command.name,
        legal_form=command.legal_form,
        siren=command.siren,
        vat_id=command.vat_id,
        address=command.address,
        iban=command.iban,
    )
    same = AmendEntity(state.name, state.legal_form, state.siren, state.vat_id, state.address, state.iban)
    return [] if command == same else [amended]


def define_series(state: Entity, command: DefineSeries) -> list[EntityFact]:
    """A new series, or another template for one; nothing when it is the same.

    Raises :class:`Invalid` for a template that can produce an illegal number, and ``series-overlaps`` for one
    that could one day produce a number of another series.
    """
    known = state.series.get(command.code)
    if known == Series(command.code, command.document, command.prefix, command.width):
        return []
    _check_template(command)
    if known is not None and known.document != command.document:
        raise Conflict(
            "series-document-fixed", f"{command.code} numbers {known.document}s; define another series."
        )
    for code, prefix in sorted(state.prefixes - {(command.code, command.prefix)}):
        if _overlaps(prefix, command.prefix):
            raise Conflict(
                "series-overlaps",
                f"With prefix {command.prefix!r} a number could equal one of series {code} "
                f"({prefix!r}); choose a prefix that differs before the digits.",
            )
    return [_defined(state.entity_id, command)]


def series_for(state: Entity, code: str, document: Document) -> Series:
    """The series to number a document in, or a refusal that names those there are."""
    series = state.series.get(code)
    if series is not None and series.document == document:
        return series
    fitting = ", ".join(sorted(s.code for s in state.series.values() if s.document == document))
    raise DomainError(
        "series-not-defined",
        f"{state.name} has no series {code!r} for {document.replace('_', ' ')}s; use one of: {fitting}.",
        status=422,
    )


def _defined(entity_id: str, command: DefineSeries) -> facts.SeriesDefined:
    return facts.SeriesDefined(
        entity_id=entity_id,
        code=command.code,
        document=command.document,
        prefix=command.prefix,
        width=command.width,
    )


def _check_template(command: DefineSeries) -> None:
    if command.prefix.count("{year}") != 1:
        # The running number begins at 1 each year, so without the year it would come twice.
        raise Invalid("The prefix needs {year} exactly once, such as FAC-{year}-.", "/prefix")
    rendered = command.prefix.replace("{year}", "2026")
    if not _NUMBER_CHARACTERS.fullmatch(rendered):
        raise Invalid("A number may hold letters, digits and + - _ / only.", "/prefix")
    if len(rendered) + command.width > MAX_NUMBER_LENGTH:
        raise Invalid(f"Prefix and digits together may have {MAX_NUMBER_LENGTH} characters.", "/prefix")


def _overlaps(one: str, other: str) -> bool:
    """Whether numbers of two prefixes can read alike, in whatever years: ``F{year}-`` and ``F{year}-1``, or
    ``FF{year}`` and ``FF20{year}``."""
    shapes = (prefix.replace("{year}", _DIGIT * 4) for prefix in (one, other))
    return all(
        a == b or (a == _DIGIT and b.isdigit()) or (b == _DIGIT and a.isdigit())
        for a, b in zip_longest(*shapes, fillvalue=_DIGIT)
    )
