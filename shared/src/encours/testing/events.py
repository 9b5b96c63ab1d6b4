"""Builders of events: a test names the fields that it cares about, the others are filled in.

``event(InvoiceIssued, due_on=…)`` works for every contract, so a new type has its builder at once. The named builders
below keep amounts coherent: net and VAT add up to the total, allocations to their payment. Amounts are minor units.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, TypeVar

from msgspec import inspect as mi

from encours.contracts import Event
from encours.contracts.base import Value
from encours.contracts.common import Address, Terms
from encours.contracts.events.invoice import (
    InvoiceCredited,
    InvoiceDrafted,
    InvoiceIssued,
    PaymentApplied,
    PaymentUnapplied,
    ShareDisputed,
    ShareUndisputed,
)
from encours.contracts.events.money.payment import (
    Allocation,
    PaymentAllocated,
    PaymentReceived,
    PaymentReleased,
    PaymentReversed,
)
from encours.contracts.events.sales.dispute import DisputeOpened, DisputeResolved
from encours.kernel.ids import derived_id

E = TypeVar("E", bound=Event | Value)

DAY = date(2026, 3, 31)
ADDRESS = Address(lines=("12 rue de la Paix",), postal_code="75002", city="Paris", country="FR")
TERMS = Terms(due_kind="NET", days=30, penalty_rate_bps=None, indemnity_minor=4000)
# One entity, customer, invoice, payment … as long as a test needs no second one.
USUAL: Mapping[str, Any] = {
    "entity_id": "ent_1", "customer_id": "cus_1", "invoice_id": "inv_1", "payment_id": "pay_1",
    "allocation_id": "alo_1", "dispute_id": "dis_1", "plan_id": "pln_1", "instrument_id": "ins_1",
    "credit_note_id": "cre_1", "refund_id": "rfd_1",
    "figure_id": "fig_1",
    "report_id": "rpt_1",
    "turnover_plan_id": "tpn_1",
    "limit_id": "lim_1", "decision_id": "dec_1", "reminder_id": "rem_1", "task_id": "tsk_1", "import_id": "imp_1",
    "quote_id": "quo_1", "order_id": "ord_1", "delivery_id": "dlv_1", "recurring_id": "rec_1", "index_id": "idx_1",
    "insolvency_id": "ins_1", "finding_id": "fnd_1", "template_id": "tpl_1", "experiment_id": "exp_1",
    "policy_id": derived_id("pol", "default"), "policy_version": 4,
    "rule": "FREQ=MONTHLY;BYMONTHDAY=1",
    "name": "Dupont SARL", "country": "FR", "language": "fr", "currency": "EUR", "time_zone": "Europe/Paris",
    "number": "FAC-1", "series": "FAC", "code": "FAC", "prefix": "FAC-{year}-", "width": 6, "terms": TERMS,
}  # fmt: skip


def event(cls: type[E], /, **fields: Any) -> E:
    """An event or a part of one; what is not given is absent where it may be, else usual or the type's first value."""
    kind: Any = cls
    return cls(**(fields | {each.name: _filled(each, fields) for each in _fields_of(kind)}))


@cache
def _fields_of(cls: type[Any]) -> tuple[mi.Field, ...]:
    info = mi.type_info(cls)
    assert isinstance(info, mi.StructType)
    return info.fields


def issued(total_minor: int = 24_000, **fields: Any) -> InvoiceIssued:
    """An invoice at 20 % VAT, due today unless told otherwise."""
    return event(InvoiceIssued, **(sums(total_minor) | fields))


def drafted(total_minor: int = 24_000, **fields: Any) -> InvoiceDrafted:
    """The draft of such an invoice."""
    return event(InvoiceDrafted, **(sums(total_minor) | {"terms": None} | fields))


def credited(total_minor: int, **fields: Any) -> InvoiceCredited:
    """A credit note on part of the invoice."""
    return event(InvoiceCredited, **(sums(total_minor) | {"number": "AVO-1", "series": "AVO"} | fields))


def received(amount_minor: int, **fields: Any) -> PaymentReceived:
    """Money in."""
    return event(PaymentReceived, amount_minor=amount_minor, **({"customer_id": "cus_1"} | fields))


def reversed_(amount_minor: int, **fields: Any) -> PaymentReversed:
    """The payment went back to the payer: all of it, or what was left."""
    return event(PaymentReversed, amount_minor=amount_minor, **({"customer_id": "cus_1"} | fields))


def allocation(amount_minor: int, **fields: Any) -> Allocation:
    """Part of a payment on an invoice."""
    return event(Allocation, amount_minor=amount_minor, **({"rule": "oldest_due", "basis": "test"} | fields))


def allocated(*parts: Allocation, **fields: Any) -> PaymentAllocated:
    """These parts of a payment settle invoices; each invoice's stream has its :func:`applied`."""
    return event(PaymentAllocated, allocations=parts, **fields)


def released(*parts: Allocation, **fields: Any) -> PaymentReleased:
    """These parts are taken back; each invoice's stream has its :func:`unapplied`."""
    return event(PaymentReleased, allocations=parts, **fields)


def applied(amount_minor: int, **fields: Any) -> PaymentApplied:
    """An invoice is settled in part."""
    return event(PaymentApplied, amount_minor=amount_minor, **fields)


def unapplied(amount_minor: int, **fields: Any) -> PaymentUnapplied:
    """Open the applied part of the invoice again."""
    return event(PaymentUnapplied, amount_minor=amount_minor, **fields)


def disputed(amount_minor: int, **fields: Any) -> ShareDisputed:
    """Part of an invoice is contested."""
    return event(ShareDisputed, amount_minor=amount_minor, **fields)


def undisputed(amount_minor: int, **fields: Any) -> ShareUndisputed:
    """The dispute on an invoice has ended."""
    return event(ShareUndisputed, amount_minor=amount_minor, **fields)


def dispute_opened(amount_minor: int, **fields: Any) -> DisputeOpened:
    """The dispute itself; the invoice's stream has its :func:`disputed`."""
    return event(DisputeOpened, amount_minor=amount_minor, **fields)


def dispute_resolved(amount_minor: int, **fields: Any) -> DisputeResolved:
    """The end of the dispute itself; the invoice's stream has its :func:`undisputed`."""
    return event(DisputeResolved, amount_minor=amount_minor, **fields)


def sums(total_minor: int) -> dict[str, int]:
    """Net, VAT and total of a document at 20 % VAT."""
    vat_minor = total_minor // 6
    return {"net_minor": total_minor - vat_minor, "vat_minor": vat_minor, "total_minor": total_minor}


def _filled(field: mi.Field, given: Mapping[str, Any]) -> Any:
    if field.name in given:
        return given[field.name]
    kinds = field.type.types if isinstance(field.type, mi.UnionType) else (field.type,)
    if any(isinstance(kind, mi.NoneType) for kind in kinds):
        return None
    return USUAL[field.name] if field.name in USUAL else _first(field.type, field.name)


def _first(kind: mi.Type, name: str) -> Any:
    match kind:
        case mi.StrType():
            return name
        case mi.IntType():
            return 0
        case mi.BoolType():
            return False
        case mi.DateType():
            return DAY
        case mi.LiteralType():
            return kind.values[0]
        case mi.VarTupleType():
            return ()
        case mi.StructType():
            return event(kind.cls)  # type: ignore[type-var]
        case _:
            raise TypeError(f"contracts hold no {kind}")
