"""NDJSON lines: one event each, of the kind that the field ``kind`` names.

Amounts are decimal text in the line's currency, dates are in ISO form, invoices are named by their number,
customers by their code, payments and disputes by a reference of the exporting system. An unknown field is a
fault, so that a misspelt one is not ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import get_args

import msgspec

from encours.contracts.common import Address
from encours.contracts.events.dispute import Category, Outcome
from encours.contracts.events.payment import Method
from encours.kernel import texts
from invoice_svc.domain import identifiers
from invoice_svc.domain.identifiers import contradictions
from invoice_svc.imports import values
from invoice_svc.imports.csv_lines import Defaults, Parsed
from invoice_svc.imports.events import (
    ImportedCreditNote,
    ImportedCustomer,
    ImportedDispute,
    ImportedEntity,
    ImportedInvoice,
    ImportedPayment,
    ImportedResolution,
    ImportedReversal,
    Kind,
)
from invoice_svc.imports.formats.verdict import Fault
from invoice_svc.imports.terms.ndjson import Strict, TermsObject

MAX_ALLOCATIONS = 200
MAX_ADDRESS_LINES = 5
MAX_TAGS = 50
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")


def parse_line(text: str, defaults: Defaults) -> Parsed:
    """Return the event of one line. Raises :class:`Fault`."""
    try:
        line = _decoder.decode(text)
    except msgspec.ValidationError as error:
        raise _fault(str(error)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Fault("malformed-line", f"The line is not one JSON object: {str(error)[:200]}.") from None
    return line.parsed(defaults)


def _fault(message: str) -> Fault:
    path = _PATH.search(message)
    column = path.group(1) if path else None
    reason = _PATH.sub("", message)
    if column == "kind" or "`kind`" in reason:
        return Fault("unknown-kind", f"kind must be one of {', '.join(sorted(get_args(Kind)))}.", "kind")
    if "unknown field" in reason:
        return Fault("unknown-field", f"{reason}; remove it or correct its name.", column)
    if "missing required field" in reason:
        return Fault("missing-value", f"{reason}.", column)
    return Fault("invalid-value", f"{reason}.", column)


class _NdjsonLine(Strict, frozen=True, kw_only=True, tag_field="kind"):
    """A line of one kind, which ``parsed`` makes the event of. Members are read by name, for a fault to name them."""

    def _text(self, name: str, limit: int = 200) -> str:
        return values.text(getattr(self, name), name, limit=limit)

    def _optional(self, name: str, limit: int = 200) -> str | None:
        value = getattr(self, name)
        return None if value is None or not value.strip() else values.text(value, name, limit=limit)

    def _optional_long(self, name: str, limit: int) -> str | None:
        value = getattr(self, name)
        return None if value is None or not value.strip() else values.long_text(value, name, limit=limit)

    def _optional_code(self, name: str, pattern: str, example: str) -> str | None:
        value = getattr(self, name)
        return None if value is None or not value.strip() else values.code(value, pattern, example, name)

    def _identifier(self, name: str, check: Callable[[str], str]) -> str | None:
        value = getattr(self, name)
        return None if value is None or not value.strip() else values.identifier(value, check, name)

    def _day(self, name: str) -> date:
        return values.day(getattr(self, name), None, name)

    def _optional_day(self, name: str) -> date | None:
        return self._day(name) if getattr(self, name) else None


class _Valued(_NdjsonLine, frozen=True, kw_only=True):
    """A line with amounts, which are all in its currency."""

    currency: str | None = None

    def _code(self, defaults: Defaults) -> str:
        return defaults.currency if self.currency is None else values.currency(self.currency, "currency")


class _Entity(_Valued, frozen=True, kw_only=True, tag="entity"):
    name: str
    country: str | None = None
    time_zone: str | None = None
    legal_form: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    iban: str | None = None

    def parsed(self, defaults: Defaults) -> Parsed:
        event = ImportedEntity(
            name=self._text("name"),
            country=values.country(self.country or defaults.country, "country"),
            currency=self._code(defaults),
            time_zone=values.time_zone(self.time_zone or "Europe/Paris", "time_zone"),
            legal_form=self._optional("legal_form"),
            siren=self._identifier("siren", identifiers.checked_siren),
            vat_id=self._identifier("vat_id", identifiers.checked_vat_id),
            iban=self._identifier("iban", identifiers.checked_iban),
        )
        return Parsed((event,))


class _Address(Strict, frozen=True, kw_only=True):
    lines: list[str]
    postal_code: str
    city: str
    country: str | None = None

    def parsed(self, country: str, name: str = "address") -> Address:
        if not 1 <= len(self.lines) <= MAX_ADDRESS_LINES:
            raise Fault(
                "invalid-value",
                f"An address must have 1 to {MAX_ADDRESS_LINES} lines before the city.",
                f"{name}.lines",
            )
        return Address(
            lines=tuple(values.text(line, f"{name}.lines", limit=200) for line in self.lines),
            postal_code=values.text(self.postal_code, f"{name}.postal_code", limit=20),
            city=values.text(self.city, f"{name}.city", limit=200),
            country=values.country(self.country or country, f"{name}.country"),
        )


class _Customer(_NdjsonLine, frozen=True, kw_only=True, tag="customer"):
    external_ref: str
    name: str | None = None
    country: str | None = None
    language: str | None = None
    email: str | None = None
    phone: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    address: _Address | None = None
    segment: str | None = None
    salesperson: str | None = None
    siret: str | None = None
    lei: str | None = None
    iban: str | None = None
    delivery_address: _Address | None = None
    tags: list[str] | None = None
    registered_on: str | None = None
    terms: TermsObject | None = None

    def parsed(self, defaults: Defaults) -> Parsed:
        ref = self._text("external_ref", 100)
        country = values.country(self.country or defaults.country, "country")
        terms = None if self.terms is None else self.terms.parsed(defaults.currency, defaults.style)
        plain = terms if terms is not None and terms.has_days_only else None
        event = ImportedCustomer(
            ref=ref,
            name=self._optional("name") or ref,
            country=country,
            language=values.language(self.language or values.language_of(country), "language"),
            email=values.email(self.email or "", "email"),
            phone=self._optional_code("phone", texts.PHONE, "+33 1 23 45 67 89"),
            siren=self._identifier("siren", identifiers.checked_siren),
            vat_id=self._identifier("vat_id", identifiers.checked_vat_id),
            address=self.address.parsed(country) if self.address else msgspec.UNSET,
            siret=self._identifier("siret", identifiers.checked_siret) or msgspec.UNSET,
            lei=self._identifier("lei", identifiers.checked_lei) or msgspec.UNSET,
            iban=self._identifier("iban", identifiers.checked_iban) or msgspec.UNSET,
            delivery_address=(
                self.delivery_address.parsed(country, "delivery_address")
                if self.delivery_address
                else msgspec.UNSET
            ),
            tags=self._tags() or msgspec.UNSET,
            segment=self._optional("segment"),
            salesperson=self._optional("salesperson"),
            due_kind=plain.due_kind if plain else None,
            due_days=plain.days if plain else None,
            terms=msgspec.UNSET if terms is None or plain else terms,
            on=self._optional_day("registered_on"),
        )
        for column, reason in contradictions(event.siren, event.siret or None, event.vat_id).items():
            raise Fault("identifiers-contradict", reason, column)
        return Parsed((event,))

    def _tags(self) -> tuple[str, ...]:
        if len(self.tags or ()) > MAX_TAGS:
            raise Fault("invalid-value", f"A customer may have at most {MAX_TAGS} tags.", "tags")
        return tuple(sorted({values.text(tag, "tags", limit=40) for tag in self.tags or ()}))


class _Invoice(_Valued, frozen=True, kw_only=True, tag="invoice"):
    number: str
    customer: str
    issued_on: str
    amount: str
    due_on: str | None = None
    net: str | None = None
    reference: str | None = None
    terms: TermsObject | None = None

    def parsed(self, defaults: Defaults) -> Parsed:
        code = self._code(defaults)
        total, note = values.amount(self.amount, code, "amount", defaults.style)
        issued_on = self._day("issued_on")
        due_on = values.not_before_issue(self._optional_day("due_on"), issued_on, "due_on")
        net = values.amount(self.net, code, "net", defaults.style)[0] if self.net is not None else None
        if net is not None and net > total:
            raise Fault("amounts-differ", "Net exceeds the amount.", "net")
        event = ImportedInvoice(
            number=self._text("number", 60),
            customer=self._text("customer", 100),
            issued_on=issued_on,
            due_on=due_on,
            currency=code,
            total_minor=total,
            net_minor=net,
            vat_minor=None if net is None else total - net,
            reference=self._optional("reference"),
            terms=msgspec.UNSET if self.terms is None else self.terms.parsed(code, defaults.style),
        )
        return Parsed((event,), note=note)


class _Share(Strict, frozen=True, kw_only=True):
    invoice: str
    amount: str


class _Payment(_Valued, frozen=True, kw_only=True, tag="payment"):
    reference: str
    received_on: str
    amount: str
    customer: str | None = None
    method: Method = "transfer"
    remittance_text: str | None = None
    allocations: list[_Share] | None = None

    def parsed(self, defaults: Defaults) -> Parsed:
        code = self._code(defaults)
        total, note = values.amount(self.amount, code, "amount", defaults.style)
        event = ImportedPayment(
            allocations=self._shares(code, total, defaults),
            ref=self._text("reference", 100),
            customer=self._optional("customer", 100),
            received_on=self._day("received_on"),
            currency=code,
            amount_minor=total,
            method=self.method,
            text=self._optional_long("remittance_text", 2000),
        )
        return Parsed((event,), note=note)

    def _shares(self, code: str, total: int, defaults: Defaults) -> tuple[tuple[str, int], ...] | None:
        if self.allocations is None:
            return None
        if len(self.allocations) > MAX_ALLOCATIONS:
            raise Fault(
                "invalid-value", f"A payment may have at most {MAX_ALLOCATIONS} allocations.", "allocations"
            )
        shares = tuple(
            (
                values.text(share.invoice, "allocations.invoice", limit=60),
                values.amount(share.amount, code, "allocations.amount", defaults.style)[0],
            )
            for share in self.allocations
        )
        if sum(minor for _, minor in shares) > total:
            raise Fault("amounts-differ", "The allocations exceed the payment.", "allocations")
        if shares and self.customer is None:
            raise Fault("missing-value", "A payment with allocations must name its customer.", "customer")
        return shares


class _Part(_Valued, frozen=True, kw_only=True):
    """A line on an invoice: on a part of it, or without an amount on the whole."""

    invoice: str
    amount: str | None = None

    def _minor(self, code: str, defaults: Defaults) -> tuple[int | None, str | None]:
        return (
            (None, None)
            if self.amount is None
            else values.amount(self.amount, code, "amount", defaults.style)
        )


class _Credit(_Part, frozen=True, kw_only=True, tag="credit_note"):
    number: str
    issued_on: str
    cause: str | None = None

    def parsed(self, defaults: Defaults) -> Parsed:
        code = self._code(defaults)
        minor, note = self._minor(code, defaults)
        event = ImportedCreditNote(
            number=self._text("number", 60),
            invoice=self._text("invoice", 60),
            issued_on=self._day("issued_on"),
            currency=code,
            amount_minor=minor,
            cause=self._optional("cause") or "credit note taken over",
        )
        return Parsed((event,), note=note)


class _Dispute(_Part, frozen=True, kw_only=True, tag="dispute"):
    reference: str
    opened_on: str
    category: Category = "other"
    text: str | None = None
    owner: str | None = None

    def parsed(self, defaults: Defaults) -> Parsed:
        code = self._code(defaults)
        minor, note = self._minor(code, defaults)
        event = ImportedDispute(
            ref=self._text("reference", 100),
            invoice=self._text("invoice", 60),
            opened_on=self._day("opened_on"),
            currency=code,
            category=self.category,
            amount_minor=minor,
            text=self._optional_long("text", 4000) or "taken over",
            owner=self._optional("owner"),
        )
        return Parsed((event,), note=note)


class _Resolution(_NdjsonLine, frozen=True, kw_only=True, tag="dispute_resolved"):
    reference: str
    on: str
    outcome: Outcome
    text: str | None = None

    def parsed(self, defaults: Defaults) -> Parsed:
        event = ImportedResolution(
            ref=self._text("reference", 100),
            on=self._day("on"),
            outcome=self.outcome,
            text=self._optional_long("text", 4000),
        )
        return Parsed((event,))


class _Reversal(_NdjsonLine, frozen=True, kw_only=True, tag="payment_reversed"):
    reference: str
    on: str
    cause: str | None = None

    def parsed(self, defaults: Defaults) -> Parsed:
        event = ImportedReversal(
            ref=self._text("reference", 100),
            on=self._day("on"),
            cause=self._optional("cause") or "reversed",
        )
        return Parsed((event,))


_Kinds = _Entity | _Customer | _Invoice | _Payment | _Credit | _Dispute | _Resolution | _Reversal
_decoder: msgspec.json.Decoder[_Kinds] = msgspec.json.Decoder(_Kinds)
