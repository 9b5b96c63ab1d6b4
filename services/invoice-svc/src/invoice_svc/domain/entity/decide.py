"""Rules of an entity.

No two series can ever produce the same number, whatever prefixes they had before. Every number has a form that the law
of the entity's country allows (``encours/legal/packs``). The ledger refuses a number that was taken over from another
system.
"""

from __future__ import annotations

from datetime import date
from itertools import zip_longest

from msgspec import UNSET

from encours.contracts.events import entity as events
from encours.kernel.errors import Invalid, NotFound, Refusal
from encours.legal.invoicing import NumberRule
from encours.legal.packs import invoicing_law_of
from invoice_svc.domain.entity.commands import (
    AmendEntity,
    DefineSeries,
    RegisterEntity,
    SetBankAccount,
    SetVatRegime,
)
from invoice_svc.domain.entity.state import Document, Entity, EntityEvent, Series

DEFAULT_SERIES = (
    Series("FAC", "invoice", "FAC-{year}-", 6),
    Series("AVO", "credit_note", "AVO-{year}-", 6),
)
"""Invoices and credit notes are kinds of document, which is a reason the law accepts for a series of its own."""

_DIGIT = "#"
"""Placeholder for any digit; no number contains it."""


class EntityExists(Refusal):
    """The entity is registered already."""

    code = "entity-exists"
    title = "Entity already exists"
    remedy = "PATCH it to change its identity."


class SeriesNotFound(NotFound):
    """The entity has no series of that code (404)."""

    code = "series-not-found"
    title = "Series not found"
    remedy = "GET the entity for a list of its series."


class SeriesNotDefined(Refusal):
    """The request names a series that the entity does not have (422)."""

    code = "series-not-defined"
    title = "Series not defined"
    status = 422
    remedy = "Define it with PUT /v1/entities/{id}/series/{code}."


class SeriesDocumentFixed(Refusal):
    """A series numbers one kind of document."""

    code = "series-document-fixed"
    title = "Series numbers another kind of document"
    remedy = "Define another series."


class NextNumberFixed(Refusal):
    """The series has given numbers in the year, or begins with a number that was set."""

    code = "next-number-fixed"
    title = "Next number can no longer be set"
    remedy = "Leave next_number out: a series goes on from its last number, and from those taken over."


class SeriesOverlaps(Refusal):
    """Two series could produce the same number."""

    code = "series-overlaps"
    title = "Series could produce a number of another series"
    remedy = "Choose a prefix that differs before the digits."


def register(state: Entity, command: RegisterEntity) -> list[EntityEvent]:
    """Register the entity with its series for invoices and credit notes."""
    if state.entity_id:
        raise EntityExists(f"{state.entity_id} already exists; PATCH it to change its identity.")
    registered = events.EntityRegistered(
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
        letterhead=command.letterhead,
    )
    return [registered, *(_defined(command.entity_id, series) for series in DEFAULT_SERIES)]


def amend(state: Entity, command: AmendEntity) -> list[EntityEvent]:
    """Amend the identity; no event if it is the same."""
    amended = events.EntityAmended(
        entity_id=state.entity_id,
        name=state.name if command.name is UNSET else command.name,
        legal_form=state.legal_form if command.legal_form is UNSET else command.legal_form,
        siren=state.siren if command.siren is UNSET else command.siren,
        vat_id=state.vat_id if command.vat_id is UNSET else command.vat_id,
        address=state.address if command.address is UNSET else command.address,
        iban=state.iban if command.iban is UNSET else command.iban,
        letterhead=state.letterhead if command.letterhead is UNSET else command.letterhead,
    )
    same = events.EntityAmended(
        entity_id=state.entity_id,
        name=state.name,
        legal_form=state.legal_form,
        siren=state.siren,
        vat_id=state.vat_id,
        address=state.address,
        iban=state.iban,
        letterhead=state.letterhead,
    )
    return [] if amended == same else [amended]


def define_series(state: Entity, command: DefineSeries, today: date) -> list[EntityEvent]:
    """Define a series or change its template; no event if it is the same.

    Raises :class:`Invalid` for a template that can produce a number against the law in force today, and
    ``series-overlaps`` for one that could one day produce a number of another series.
    """
    known = state.series.get(command.code)
    series = Series(command.code, command.document, command.prefix, command.width)
    if known == series:
        return []
    _check_template(command, invoicing_law_of(state.country).number_rule(today))
    if known is not None and known.document != command.document:
        raise SeriesDocumentFixed(f"{command.code} numbers {known.document}s; define another series.")
    for code, prefix in sorted(state.prefixes - {(command.code, command.prefix)}):
        if _overlaps(prefix, command.prefix):
            raise SeriesOverlaps(
                f"With prefix {command.prefix!r} a number could equal one of series {code} "
                f"({prefix!r}); choose a prefix that differs before the digits.",
            )
    return [_defined(state.entity_id, series)]


def set_first_number(
    state: Entity, command: DefineSeries, year: int, *, numbers_given: bool
) -> list[EntityEvent]:
    """Set the number with which a series begins in a year; no event if it is set so already.

    Numbers are continuous (CGI ann. II 242 nonies A): raises ``next-number-fixed`` once the series has given a
    number in that year, or begins with another one.
    """
    if command.next_number is None:
        return []
    known = state.first_numbers.get(command.code, {}).get(year)
    if known == command.next_number:
        return []
    if known is not None:
        raise NextNumberFixed(f"{command.code} begins {year} with number {known}; that is set once.")
    if numbers_given:
        raise NextNumberFixed(f"{command.code} has given numbers in {year}: the next one follows from them.")
    return [
        events.FirstNumberSet(
            entity_id=state.entity_id, code=command.code, year=year, first_number=command.next_number
        )
    ]


def set_bank_account(state: Entity, command: SetBankAccount) -> list[EntityEvent]:
    """Set the bank account of a currency and use; no event if it is set so already."""
    account = events.BankAccountSet(
        entity_id=state.entity_id,
        currency=command.currency,
        use=command.use,
        valid_from=command.valid_from,
        iban=command.iban,
        bic=command.bic,
        holder=command.holder,
        bank=command.bank,
    )
    return [] if account in state.accounts else [account]


def set_vat_regime(state: Entity, command: SetVatRegime) -> list[EntityEvent]:
    """Set the period of the VAT returns; no event if it is set so already."""
    regime = events.VatRegimeSet(
        entity_id=state.entity_id, regime=command.regime, valid_from=command.valid_from
    )
    return [] if regime in state.vat_regimes else [regime]


def series_for(state: Entity, code: str, document: Document) -> Series:
    """Return the series of a document. Raises a refusal that lists the series of the entity."""
    series = state.series.get(code)
    if series is not None and series.document == document:
        return series
    fitting = ", ".join(sorted(s.code for s in state.series.values() if s.document == document))
    raise SeriesNotDefined(
        f"{state.name} has no series {code!r} for {document.replace('_', ' ')}s; use one of: {fitting}."
    )


def _defined(entity_id: str, series: Series) -> events.SeriesDefined:
    return events.SeriesDefined(
        entity_id=entity_id,
        code=series.code,
        document=series.document,
        prefix=series.prefix,
        width=series.width,
    )


def _check_template(command: DefineSeries, rule: NumberRule) -> None:
    if command.prefix.count("{year}") != 1:
        # The running number begins at 1 each year, so without the year a number would occur twice.
        raise Invalid("The prefix needs {year} exactly once, such as FAC-{year}-.", "/prefix")
    rendered = command.prefix.replace("{year}", "2026")
    if len(rendered) + command.width > rule.max_length:
        raise Invalid(
            f"Prefix and digits together may have {rule.max_length} characters ({rule.source}).", "/prefix"
        )
    if not rule.is_well_formed(rendered):
        raise Invalid(f"A number may contain letters, digits and + - _ / only ({rule.source}).", "/prefix")


def _overlaps(one: str, other: str) -> bool:
    """Return True if numbers of two prefixes can be equal, in any years: ``F{year}-`` and ``F{year}-1``, or
    ``FF{year}`` and ``FF20{year}``."""
    shapes = (prefix.replace("{year}", _DIGIT * 4) for prefix in (one, other))
    return all(
        a == b or (a == _DIGIT and b.isdigit()) or (b == _DIGIT and a.isdigit())
        for a, b in zip_longest(*shapes, fillvalue=_DIGIT)
    )
