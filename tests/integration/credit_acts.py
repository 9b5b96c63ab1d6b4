"""Drafts, orders, guarantees, groups, limits, holds and exchange rates in the random histories of receivables."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from encours.contracts.common import CitedInvoice
from encours.contracts.events import guarantee, invoice, reservation
from encours.contracts.events.credit_hold import CreditHoldPlaced, CreditHoldReleased
from encours.contracts.events.money.residual import InvoiceResidualClosed
from encours.contracts.events.parties.customer import RolesAssigned
from encours.contracts.events.rate import ExchangeRatePublished
from encours.contracts.events.risk import LimitApproved, LimitRefused, LimitRequested
from encours.contracts.events.sales import order
from encours.testing.events import drafted, issued, sums
from encours.testing.events import event as sample
from tests.integration.money_acts import lower
from tests.integration.receivable_histories import CUSTOMERS, DAY_0, ENTITY, Books

MEMBERS = CUSTOMERS[:3]
"""Customers with orders, limits and roles; the fourth one has invoices and payments alone."""
_PART = order.DeliveredLine(line=1, quantity="1", net_minor=0, adjustments=())


def _party(n: int) -> dict[str, Any]:
    return {"customer_id": MEMBERS[n % 3], "currency": "USD" if n % 5 == 4 else "EUR"}


def _pick(b: Books, prefix: str, n: int) -> tuple[str, dict[str, Any]] | None:
    found = sorted(each for each in b.more if each.startswith(prefix))
    return (found[n % len(found)], b.more[found[n % len(found)]]) if found else None


def draft(b: Books, n: int, day: date, amount: int) -> None:
    """A draft is written, amended, cleared in part, given up, or issued on a day that may lie before it.

    A third of the drafts count by a part, and the reservations that they end.
    """
    found = _pick(b, "inv_", n)
    if found is None or n % 4 < 2:
        invoice_id, party = b.id("inv"), _party(n)
        old = CitedInvoice(invoice_id="inv_0", invoice_number="F-0", issued_on=DAY_0)
        b.more[invoice_id] = party | {"invoice_id": invoice_id}
        part = amount // 2 if n % 3 == 0 else None
        corrects = old if n % 11 == 0 else None
        written = drafted(amount, **b.more[invoice_id], corrects=corrects, cleared_minor=part)
        b.record(invoice_id, written, b.today)
        return
    invoice_id, given = found
    if n % 8 == 6:
        ended = sample(
            reservation.OrderBillingCounted,
            **{each: given[each] for each in ("invoice_id", "customer_id", "currency")},
            amount_minor=amount // 3,
        )
        b.record(f"obl_{invoice_id.removeprefix('inv_')}", ended, b.today)
        return
    if n % 4 == 2:
        changed = sums(amount) | {"invoice_id": invoice_id, "customer_id": given["customer_id"]}
        changed["cleared_minor"] = amount // 2 if n % 3 == 0 else None
        b.record(invoice_id, sample(invoice.InvoiceAmended, **changed), b.today)
        return
    del b.more[invoice_id]
    if n % 8 == 3:
        given_up = sample(invoice.InvoiceCancelled, invoice_id=invoice_id, customer_id=given["customer_id"])
        b.record(invoice_id, given_up, b.today)
        return
    b.open[invoice_id] = b.owed[invoice_id] = amount
    b.owner[invoice_id] = given["customer_id"], given["currency"]
    dated = {"issued_on": day, "due_on": day + timedelta(days=n % 61)}
    b.record(invoice_id, issued(amount, **given, **dated, purchaser_id=given["customer_id"]), day)


def ask(b: Books, n: int, day: date, amount: int) -> None:
    """An order is accepted or blocked."""
    stream = b.id("rsv")
    party = _party(n) | {"reservation_id": stream, "amount_minor": amount}
    b.more[stream] = {"party": party, "reserved": 0, "delivered": 0, "status": ""}
    _decide(b, stream, "accept" if n % 2 else "refuse")


def _decide(b: Books, stream: str, decision: str) -> None:
    known = b.more[stream]
    known["attempt"] = known.get("attempt", 0) + 1
    made = sample(
        reservation.ReservationDecided, **known["party"], decision=decision, attempt=known["attempt"]
    )
    b.record(stream, made, b.today)
    known["status"] = "reserved" if decision == "accept" else "blocked"
    known["reserved"] += known["party"]["amount_minor"] if decision == "accept" else 0


def go_on(b: Books, n: int, day: date, amount: int) -> None:
    """A blocked order is decided again, overridden or closed; another is delivered, billed, released or expires."""
    if (found := _pick(b, "rsv_", n)) is None:
        return
    stream, known = found
    if known["status"] == "blocked" and n % 4 < 2:
        _decide(b, stream, "accept" if n % 4 else "refer")
        return
    kind: Any = (reservation.ReservationDelivered, reservation.ReservationConsumed)[n % 2]
    if known["status"] == "blocked":
        kind = (reservation.ReservationOverridden, reservation.ReservationReleased)[n % 2]
    elif n % 7 > 4:
        kind = (reservation.ReservationReleased, reservation.ReservationExpired)[n % 2]
    reserved, delivered = known["reserved"], known["delivered"]
    part, given = min(amount, reserved), dict(known["party"])
    if kind is reservation.ReservationOverridden:
        known["reserved"], known["status"] = given["amount_minor"], "reserved"
    elif kind is reservation.ReservationDelivered:
        given["amount_minor"] = part
        known["reserved"], known["delivered"] = reserved - part, delivered + part
    elif kind is reservation.ReservationConsumed:
        part = min(amount, reserved + delivered)
        ended = min(part, delivered)
        given |= {"amount_minor": part, "delivered_minor": ended}
        known["reserved"], known["delivered"] = reserved - part + ended, delivered - ended
    else:
        given["amount_minor"] = reserved
        known["reserved"], known["status"] = 0, "ended"
    b.record(stream, sample(kind, **given), b.today)
    if known["status"] == "ended" or not (known["reserved"] or known["delivered"]):
        del b.more[stream]


def deliver(b: Books, n: int, day: date, amount: int) -> None:
    """Goods of an order in Encours are delivered, taken back, billed, or their bill is cancelled."""
    found = _pick(b, "ord_", n)
    if found is None or n % 4 == 0:
        order_id = b.id("ord")
        net = amount + n % 97
        party = _party(n) | {"order_id": order_id}
        b.more[order_id] = {"party": party, "waiting": [], "billed": []}
        b.record(order_id, sample(order.OrderPlaced, **party, **sums(net * 12 // 10)), b.today)
        return
    order_id, known = found
    kind, source, target = (
        (order.OrderDelivered, None, "waiting"),
        (order.DeliveryCancelled, "waiting", None),
        (order.OrderBilled, "waiting", "billed"),
        (order.OrderUnbilled, "billed", "waiting"),
    )[n % 3 if n % 5 else 3]
    if source is not None and not known[source]:
        return
    net = known[source].pop() if source else amount // 3 + n
    if target is not None:
        known[target].append(net)
    lines = {"lines": (_PART,)} if kind is order.OrderDelivered else {}
    b.record(order_id, sample(kind, **known["party"], net_minor=net, **lines), b.today)


def guard(b: Books, n: int, day: date, amount: int) -> None:
    """Somebody gives a guarantee, with a last day or without, or it is released."""
    found = _pick(b, "gua_", n)
    if found is None or n % 3:
        stream = b.id("gua")
        b.more[stream] = _party(n)
        until = day + timedelta(days=60 + n % 90) if n % 2 else None
        given = b.more[stream] | {"guarantee_id": stream, "valid_from": day, "valid_until": until}
        b.record(stream, sample(guarantee.GuaranteeTaken, **given, amount_minor=amount), b.today)
        return
    stream, party = found
    del b.more[stream]
    ended = sample(guarantee.GuaranteeReleased, guarantee_id=stream, customer_id=party["customer_id"])
    b.record(stream, ended, b.today)


def relate(b: Books, n: int, day: date, amount: int) -> None:
    """A customer gets a payer, a group, both or neither."""
    customer, other = MEMBERS[n % 3], MEMBERS[(n + 1 + n // 3 % 2) % 3]
    third = next(each for each in MEMBERS if each not in (customer, other))
    roles = {"payer_id": other if n % 2 else None, "group_id": third if n % 5 < 2 else None}
    b.record(customer, sample(RolesAssigned, customer_id=customer, valid_from=day, **roles), b.today)


def lend(b: Books, n: int, day: date, amount: int) -> None:
    """A limit is requested, and mostly approved at once, from a day on."""
    stream = b.id("lim")
    given = {"limit_id": stream, "customer_id": MEMBERS[n % 3], "amount_minor": amount, "currency": "EUR"}
    b.record(stream, sample(LimitRequested, **given), b.today)
    begins = b.today + timedelta(days=n % 40) if n % 2 else None
    kind = LimitApproved if n % 7 else LimitRefused
    more = {"valid_from": begins} if kind is LimitApproved else {}
    known = given if kind is LimitApproved else {key: given[key] for key in ("limit_id", "customer_id")}
    b.record(stream, sample(kind, **known, **more), b.today)


def halt(b: Books, n: int, day: date, amount: int) -> None:
    """Orders of a customer are held, mostly up to a day, or the hold is released."""
    found = _pick(b, "chd_", n)
    if found is None or n % 2:
        stream = b.id("chd")
        given = {"credit_hold_id": stream, "customer_id": MEMBERS[n % 3]}
        b.more[stream] = given
        until = b.today + timedelta(days=n % 60) if n % 3 else None
        b.record(stream, sample(CreditHoldPlaced, **given, until=until), b.today)
        return
    stream, given = found
    del b.more[stream]
    b.record(stream, sample(CreditHoldReleased, **given), b.today)


def publish(b: Books, n: int, day: date, amount: int) -> None:
    """A rate is published for a day, which may have one already."""
    rate = f"0.{70 + n % 29}{n % 10}7"
    given = {"entity_id": ENTITY, "base": "USD", "quote": "EUR", "on": day, "rate": rate}
    b.record("xr_1", sample(ExchangeRatePublished, **given), b.today)


def write_off(b: Books, n: int, day: date, amount: int) -> None:
    """Part of an invoice is written off, or that is taken back later."""
    lower(b, n // 12 * 12 + (0, 3, 6)[n % 3], day, amount)


def close_rest(b: Books, n: int, day: date, amount: int) -> None:
    """A rest that a payment leaves open of an invoice: closed as a residual, or its early-payment discount."""
    paying = [(payment, part[1]) for payment, paid in b.payments.items() for part in paid["parts"]]
    rests = [(payment, invoice_id) for payment, invoice_id in paying if b.open[invoice_id] > 0]
    if not rests:
        return
    payment_id, invoice_id = rests[n % len(rests)]
    part = min(amount // 10, b.open[invoice_id])
    customer, currency = b.owner[invoice_id]
    given = {
        "invoice_id": invoice_id,
        "customer_id": customer,
        "currency": currency,
        "payment_id": payment_id,
    }
    kind: Any = (InvoiceResidualClosed, invoice.EarlyDiscountTaken)[n % 2]
    b.record(invoice_id, sample(kind, **given, amount_minor=part, received_on=day), day)
    b.open[invoice_id] -= part
    if kind is invoice.EarlyDiscountTaken:
        b.owed[invoice_id] -= part


CREDIT_ACTS = [
    draft, draft, draft, ask, ask, go_on, go_on, go_on, deliver, deliver, guard, relate, lend, halt, publish,
]  # fmt: skip
