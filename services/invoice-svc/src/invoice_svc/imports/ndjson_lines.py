"""An NDJSON line is one fact of one of eight kinds, named by its member ``kind``.

Amounts are decimal text in the line's currency, dates are in ISO form, invoices are named by their number,
customers by their code, payments and disputes by a reference of the exporting system. An unknown member is a
fault, so that a misspelt one is not lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

import msgspec

from encours.contracts.dispute import Category, Outcome
from encours.contracts.payment import Method
from encours.kernel.terms import DueKind
from invoice_svc.imports import values
from invoice_svc.imports.csv_lines import Defaults, Parsed
from invoice_svc.imports.facts import (
    CreditFact,
    CustomerFact,
    DisputeFact,
    EntityFact,
    InvoiceFact,
    PaymentFact,
    ResolutionFact,
    ReversalFact,
)
from invoice_svc.imports.verdict import Fault


class _In(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    pass


class _Entity(_In, frozen=True, kw_only=True, tag="entity"):
    name: str
    country: str | None = None
    currency: str | None = None
    time_zone: str | None = None
    legal_form: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    iban: str | None = None


class _Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    due_kind: DueKind
    days: int


class _Customer(_In, frozen=True, kw_only=True, tag="customer"):
    external_ref: str
    name: str | None = None
    country: str | None = None
    language: str | None = None
    email: str | None = None
    phone: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    segment: str | None = None
    salesperson: str | None = None
    registered_on: str | None = None
    terms: _Terms | None = None


class _Invoice(_In, frozen=True, kw_only=True, tag="invoice"):
    number: str
    customer: str
    issued_on: str
    amount: str
    due_on: str | None = None
    net: str | None = None
    currency: str | None = None
    reference: str | None = None


class _Share(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    invoice: str
    amount: str


class _Payment(_In, frozen=True, kw_only=True, tag="payment"):
    reference: str
    received_on: str
    amount: str
    customer: str | None = None
    currency: str | None = None
    method: Method = "transfer"
    remittance_text: str | None = None
    allocations: list[_Share] | None = None


class _Credit(_In, frozen=True, kw_only=True, tag="credit_note"):
    number: str
    invoice: str
    issued_on: str
    amount: str | None = None
    currency: str | None = None
    cause: str | None = None


class _Dispute(_In, frozen=True, kw_only=True, tag="dispute"):
    reference: str
    invoice: str
    opened_on: str
    category: Category = "other"
    amount: str | None = None
    currency: str | None = None
    text: str | None = None
    owner: str | None = None


class _Resolution(_In, frozen=True, kw_only=True, tag="dispute_resolved"):
    reference: str
    on: str
    outcome: Outcome
    text: str | None = None


class _Reversal(_In, frozen=True, kw_only=True, tag="payment_reversed"):
    reference: str
    on: str
    cause: str | None = None


_Line = _Entity | _Customer | _Invoice | _Payment | _Credit | _Dispute | _Resolution | _Reversal
_decoder: msgspec.json.Decoder[_Line] = msgspec.json.Decoder(_Line)
MAX_ALLOCATIONS = 200
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")


def parse_line(text: str, defaults: Defaults) -> Parsed:
    """The fact of one line. Raises :class:`Fault`."""
    try:
        line = _decoder.decode(text)
    except msgspec.ValidationError as error:
        raise _fault(str(error)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Fault("malformed-line", f"The line is not one JSON object: {str(error)[:200]}.") from None
    return _BUILD[type(line)](line, defaults)


def _fault(message: str) -> Fault:
    path = _PATH.search(message)
    column = path.group(1) if path else None
    said = _PATH.sub("", message)
    if column == "kind" or "`kind`" in said:
        return Fault("unknown-kind", f"kind is one of {', '.join(sorted(_KINDS))}.", "kind")
    if "unknown field" in said:
        return Fault("unknown-field", f"{said}; take it out or correct its name.", column)
    if "missing required field" in said:
        return Fault("missing-value", f"{said}.", column)
    return Fault("invalid-value", f"{said}.", column)


def _optional(value: str | None, column: str, limit: int = 200) -> str | None:
    return None if value is None or not value.strip() else values.text(value, column, limit=limit)


def _code(value: str | None, defaults: Defaults) -> str:
    return defaults.currency if value is None else values.currency(value, "currency")


def _entity(line: _Entity, defaults: Defaults) -> Parsed:
    return Parsed(
        (
            EntityFact(
                name=values.text(line.name, "name"),
                country=values.country(line.country or defaults.country, "country"),
                currency=_code(line.currency, defaults),
                time_zone=values.time_zone(line.time_zone or "Europe/Paris", "time_zone"),
                legal_form=_optional(line.legal_form, "legal_form"),
                siren=_optional(line.siren, "siren", 9),
                vat_id=_optional(line.vat_id, "vat_id", 20),
                iban=_optional(line.iban, "iban", 34),
            ),
        )
    )


def _customer(line: _Customer, defaults: Defaults) -> Parsed:
    ref = values.text(line.external_ref, "external_ref", limit=100)
    country = values.country(line.country or defaults.country, "country")
    terms = line.terms
    if terms is not None and not 0 <= terms.days <= 365:
        raise Fault("invalid-value", "Terms are 0 to 365 days.", "terms.days")
    return Parsed(
        (
            CustomerFact(
                ref=ref,
                name=_optional(line.name, "name") or ref,
                country=country,
                language=values.language(line.language or ("fr" if country == "FR" else "en"), "language"),
                email=values.email(line.email or "", "email"),
                phone=_optional(line.phone, "phone", 40),
                siren=_optional(line.siren, "siren", 9),
                vat_id=_optional(line.vat_id, "vat_id", 20),
                segment=_optional(line.segment, "segment"),
                salesperson=_optional(line.salesperson, "salesperson"),
                due_kind=terms.due_kind if terms else None,
                due_days=terms.days if terms else None,
                on=values.day(line.registered_on, None, "registered_on") if line.registered_on else None,
            ),
        )
    )


def _invoice(line: _Invoice, defaults: Defaults) -> Parsed:
    code = _code(line.currency, defaults)
    total, note = values.amount(line.amount, code, "amount")
    issued_on = values.day(line.issued_on, None, "issued_on")
    due_on = values.day(line.due_on, None, "due_on") if line.due_on else None
    if due_on is not None and due_on < issued_on:
        raise Fault("due-before-issue", f"Due on {due_on}, issued on {issued_on}.", "due_on")
    net = values.amount(line.net, code, "net")[0] if line.net is not None else None
    if net is not None and net > total:
        raise Fault("amounts-differ", "Net is more than the amount.", "net")
    return Parsed(
        (
            InvoiceFact(
                number=values.text(line.number, "number", limit=60),
                customer=values.text(line.customer, "customer", limit=100),
                issued_on=issued_on,
                due_on=due_on,
                currency=code,
                total_minor=total,
                net_minor=net,
                vat_minor=None if net is None else total - net,
                reference=_optional(line.reference, "reference"),
            ),
        ),
        None,
        note,
    )


def _payment(line: _Payment, defaults: Defaults) -> Parsed:
    code = _code(line.currency, defaults)
    total, note = values.amount(line.amount, code, "amount")
    shares = None
    if line.allocations is not None:
        if len(line.allocations) > MAX_ALLOCATIONS:
            raise Fault(
                "invalid-value", f"A payment has {MAX_ALLOCATIONS} allocations at most.", "allocations"
            )
        shares = tuple(
            (
                values.text(s.invoice, "allocations.invoice", limit=60),
                values.amount(s.amount, code, "allocations.amount")[0],
            )
            for s in line.allocations
        )
        if sum(minor for _, minor in shares) > total:
            raise Fault("amounts-differ", "The allocations are more than the payment.", "allocations")
        if shares and line.customer is None:
            raise Fault("missing-value", "A payment with allocations names its customer.", "customer")
    fact = PaymentFact(
        ref=values.text(line.reference, "reference", limit=100),
        customer=_optional(line.customer, "customer", 100),
        received_on=values.day(line.received_on, None, "received_on"),
        currency=code,
        amount_minor=total,
        method=line.method,
        text=_optional(line.remittance_text, "remittance_text", 1000),
        allocations=shares,
    )
    return Parsed((fact,), None, note)


def _share(amount: str | None, code: str) -> tuple[int | None, str | None]:
    return (None, None) if amount is None else values.amount(amount, code, "amount")


def _credit(line: _Credit, defaults: Defaults) -> Parsed:
    code = _code(line.currency, defaults)
    minor, note = _share(line.amount, code)
    fact = CreditFact(
        number=values.text(line.number, "number", limit=60),
        invoice=values.text(line.invoice, "invoice", limit=60),
        issued_on=values.day(line.issued_on, None, "issued_on"),
        currency=code,
        amount_minor=minor,
        cause=_optional(line.cause, "cause") or "credit note taken over",
    )
    return Parsed((fact,), None, note)


def _dispute(line: _Dispute, defaults: Defaults) -> Parsed:
    code = _code(line.currency, defaults)
    minor, note = _share(line.amount, code)
    fact = DisputeFact(
        ref=values.text(line.reference, "reference", limit=100),
        invoice=values.text(line.invoice, "invoice", limit=60),
        opened_on=values.day(line.opened_on, None, "opened_on"),
        currency=code,
        category=line.category,
        amount_minor=minor,
        text=_optional(line.text, "text", 1000) or "taken over",
        owner=_optional(line.owner, "owner"),
    )
    return Parsed((fact,), None, note)


def _resolution(line: _Resolution, defaults: Defaults) -> Parsed:
    fact = ResolutionFact(
        ref=values.text(line.reference, "reference", limit=100),
        on=values.day(line.on, None, "on"),
        outcome=line.outcome,
        text=_optional(line.text, "text", 1000),
    )
    return Parsed((fact,))


def _reversal(line: _Reversal, defaults: Defaults) -> Parsed:
    fact = ReversalFact(
        ref=values.text(line.reference, "reference", limit=100),
        on=values.day(line.on, None, "on"),
        cause=_optional(line.cause, "cause") or "reversed",
    )
    return Parsed((fact,))


_BUILD: dict[type, Callable[[Any, Defaults], Parsed]] = {
    _Entity: _entity,
    _Customer: _customer,
    _Invoice: _invoice,
    _Payment: _payment,
    _Credit: _credit,
    _Dispute: _dispute,
    _Resolution: _resolution,
    _Reversal: _reversal,
}
_KINDS = [cast(str, kind.__struct_config__.tag) for kind in _BUILD]  # type: ignore[attr-defined]
