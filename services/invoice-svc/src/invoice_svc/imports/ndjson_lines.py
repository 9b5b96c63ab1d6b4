"""NDJSON lines: one event each, of the kind that the field ``kind`` names.

Amounts are decimal text in the line's currency, dates are in ISO form, invoices are named by their number,
customers by their code, payments and disputes by a reference of the exporting system. An unknown field is a
fault, so that a misspelt one is not ignored.
"""

from __future__ import annotations

import re
from datetime import date
from typing import get_args

import msgspec

from encours.contracts.events.money.payment import Method
from encours.contracts.events.sales.dispute import Category, Outcome
from invoice_svc.domain import identifiers
from invoice_svc.imports import values
from invoice_svc.imports.csv_extras import MAX_INSTALMENTS
from invoice_svc.imports.csv_lines import Defaults, Parsed
from invoice_svc.imports.events import (
    ImportedCreditNote,
    ImportedDispute,
    ImportedEntity,
    ImportedInvoice,
    ImportedPayment,
    ImportedResolution,
    ImportedReversal,
    Kind,
)
from invoice_svc.imports.formats.verdict import Fault
from invoice_svc.imports.ndjson.customers import CustomerLine, RolesLine, fields_of
from invoice_svc.imports.ndjson.line import NdjsonLine, ValuedLine
from invoice_svc.imports.terms.ndjson import Strict, TermsObject

MAX_ALLOCATIONS = 200
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


class _Entity(ValuedLine, frozen=True, kw_only=True, tag="entity"):
    name: str
    country: str | None = None
    time_zone: str | None = None
    legal_form: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    iban: str | None = None

    def parsed(self, defaults: Defaults) -> Parsed:
        event = ImportedEntity(
            name=self.text_of("name"),
            country=values.country(self.country or defaults.country, "country"),
            currency=self.code(defaults),
            time_zone=values.time_zone(self.time_zone or "Europe/Paris", "time_zone"),
            legal_form=self.optional_text("legal_form"),
            siren=self.identifier("siren", identifiers.checked_siren),
            vat_id=self.identifier("vat_id", identifiers.checked_vat_id),
            iban=self.identifier("iban", identifiers.checked_iban),
        )
        return Parsed((event,))


class _Instalment(Strict, frozen=True, kw_only=True):
    due_on: str
    amount: str


class _Invoice(ValuedLine, frozen=True, kw_only=True, tag="invoice"):
    number: str
    customer: str
    issued_on: str
    amount: str
    due_on: str | None = None
    net: str | None = None
    reference: str | None = None
    terms: TermsObject | None = None
    instalments: list[_Instalment] | None = None
    fields: dict[str, str | bool] | None = None

    def parsed(self, defaults: Defaults) -> Parsed:
        code = self.code(defaults)
        total, note = values.amount(self.amount, code, "amount", defaults.style)
        issued_on = self.day_of("issued_on")
        due_on = values.not_before_issue(self.optional_day("due_on"), issued_on, "due_on")
        net = values.amount(self.net, code, "net", defaults.style)[0] if self.net is not None else None
        if net is not None and net > total:
            raise Fault("amounts-differ", "Net exceeds the amount.", "net")
        event = ImportedInvoice(
            number=self.text_of("number", 60),
            customer=self.text_of("customer", 100),
            issued_on=issued_on,
            due_on=due_on,
            currency=code,
            total_minor=total,
            net_minor=net,
            vat_minor=None if net is None else total - net,
            reference=self.optional_text("reference"),
            terms=msgspec.UNSET if self.terms is None else self.terms.parsed(code, defaults.style),
            instalments=self._instalments(code, defaults) or msgspec.UNSET,
            fields=fields_of(self.fields) or msgspec.UNSET,
        )
        return Parsed((event,), note=note)

    def _instalments(self, code: str, defaults: Defaults) -> tuple[tuple[date, int], ...]:
        if len(self.instalments or ()) > MAX_INSTALMENTS:
            raise Fault(
                "invalid-value", f"An invoice may have at most {MAX_INSTALMENTS} instalments.", "instalments"
            )
        return tuple(
            (
                values.day(each.due_on, None, f"instalments.{at}.due_on"),
                values.amount(each.amount, code, f"instalments.{at}.amount", defaults.style)[0],
            )
            for at, each in enumerate(self.instalments or ())
        )


class _Share(Strict, frozen=True, kw_only=True):
    invoice: str
    amount: str


class _Payment(ValuedLine, frozen=True, kw_only=True, tag="payment"):
    reference: str
    received_on: str
    amount: str
    customer: str | None = None
    method: Method = "transfer"
    remittance_text: str | None = None
    allocations: list[_Share] | None = None

    def parsed(self, defaults: Defaults) -> Parsed:
        code = self.code(defaults)
        total, note = values.amount(self.amount, code, "amount", defaults.style)
        event = ImportedPayment(
            allocations=self._shares(code, total, defaults),
            ref=self.text_of("reference", 100),
            customer=self.optional_text("customer", 100),
            received_on=self.day_of("received_on"),
            currency=code,
            amount_minor=total,
            method=self.method,
            text=self.optional_long("remittance_text", 2000),
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


class _Part(ValuedLine, frozen=True, kw_only=True):
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
        code = self.code(defaults)
        minor, note = self._minor(code, defaults)
        event = ImportedCreditNote(
            number=self.text_of("number", 60),
            invoice=self.text_of("invoice", 60),
            issued_on=self.day_of("issued_on"),
            currency=code,
            amount_minor=minor,
            cause=self.optional_text("cause") or "credit note taken over",
        )
        return Parsed((event,), note=note)


class _Dispute(_Part, frozen=True, kw_only=True, tag="dispute"):
    reference: str
    opened_on: str
    category: Category = "other"
    text: str | None = None
    owner: str | None = None

    def parsed(self, defaults: Defaults) -> Parsed:
        code = self.code(defaults)
        minor, note = self._minor(code, defaults)
        event = ImportedDispute(
            ref=self.text_of("reference", 100),
            invoice=self.text_of("invoice", 60),
            opened_on=self.day_of("opened_on"),
            currency=code,
            category=self.category,
            amount_minor=minor,
            text=self.optional_long("text", 4000) or "taken over",
            owner=self.optional_text("owner"),
        )
        return Parsed((event,), note=note)


class _Resolution(NdjsonLine, frozen=True, kw_only=True, tag="dispute_resolved"):
    reference: str
    on: str
    outcome: Outcome
    text: str | None = None

    def parsed(self, defaults: Defaults) -> Parsed:
        event = ImportedResolution(
            ref=self.text_of("reference", 100),
            on=self.day_of("on"),
            outcome=self.outcome,
            text=self.optional_long("text", 4000),
        )
        return Parsed((event,))


class _Reversal(NdjsonLine, frozen=True, kw_only=True, tag="payment_reversed"):
    reference: str
    on: str
    cause: str | None = None

    def parsed(self, defaults: Defaults) -> Parsed:
        event = ImportedReversal(
            ref=self.text_of("reference", 100),
            on=self.day_of("on"),
            cause=self.optional_text("cause") or "reversed",
        )
        return Parsed((event,))


_Kinds = (
    _Entity | CustomerLine | RolesLine | _Invoice | _Payment | _Credit | _Dispute | _Resolution | _Reversal
)
_decoder: msgspec.json.Decoder[_Kinds] = msgspec.json.Decoder(_Kinds)
