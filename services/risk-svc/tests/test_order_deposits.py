"""Decisions on an order in Encours name the deposit that its deliveries wait for."""

from __future__ import annotations

from typing import Any

import pytest

from encours.contracts.events.credit_policy import CreditPolicySet, OrderRules
from encours.contracts.events.invoice import PaymentApplied, PaymentUnapplied
from encours.contracts.events.parties.customer import CustomerMerged, CustomerRegistered
from encours.contracts.events.reservation import ReservationOverridden
from encours.contracts.events.risk import CreditChecked, DepositSeen
from encours.contracts.events.sales.order import OrderPlaced
from encours.kernel.errors import Invalid
from encours.testing.events import event, issued
from risk_svc.domain.check import CheckCredit
from risk_svc.domain.decision_reasons import reasons_of_check, reasons_of_order
from risk_svc.domain.policy import policy_of
from risk_svc.domain.reservation.commands import OverrideReservation
from risk_svc.http.reasons import ReasonOut
from risk_svc.use_cases import checks, reservations
from tests.histories.credit import HEAD, MEMBER, CreditDesk

ORDER = f"ord_{1:032x}"
UNPAID = DepositSeen(agreed_minor=120_00, paid_minor=0, currency="EUR")


def desk_with_order(*, need_reservation: bool = True) -> CreditDesk:
    """A desk with an order of 600.00 for which a deposit of 120.00 is agreed."""
    desk = CreditDesk()
    orders = OrderRules(need_reservation=need_reservation)
    desk.happen(event(CreditPolicySet, credit_policy_id=policy_of("ent_1"), entity_id="ent_1", orders=orders))
    amounts: dict[str, Any] = {"net_minor": 500_00, "total_minor": 600_00, "deposit_minor": 120_00}
    desk.happen(
        event(OrderPlaced, order_id=ORDER, customer_id=HEAD, number="BC-1", currency="EUR", **amounts)
    )
    return desk


def bill(desk: CreditDesk, name: int, minor: int, customer: str = HEAD, **fields: Any) -> str:
    """Issue and pay an invoice; return its id."""
    invoice = f"inv_{name:032x}"
    usual: dict[str, Any] = {"purpose": "deposit", "reference": "BC-1"}
    desk.happen(issued(minor, invoice_id=invoice, customer_id=customer, **(usual | fields)))
    paid = {"invoice_id": invoice, "customer_id": customer, "allocation_id": f"a{name}", "currency": "EUR"}
    desk.happen(event(PaymentApplied, amount_minor=minor, **paid))
    return invoice


def check(desk: CreditDesk, name: int = 1, **more: Any) -> CreditChecked:
    command = CheckCredit(f"dec_{name:032x}", HEAD, 100_00, "EUR", None, **({"order_id": ORDER} | more))
    desk.do(checks.check_credit, command, desk)
    decided = desk.books.state(checks.CHECK, command.decision_id).decided
    assert isinstance(decided, CreditChecked)
    return decided


def test_an_order_is_accepted_and_its_unpaid_deposit_named() -> None:
    desk = desk_with_order()
    order = desk.order(600_00, order_ref=ORDER)
    assert (order.decision, order.reasons) == ("accept", ("within-limit", "deposit-outstanding"))
    assert order.reserved_minor == 600_00
    shown = ReasonOut.of(reasons_of_order(order)[1])
    assert shown.en.endswith("Agreed: 120.00\u00a0EUR; paid: 0.00\u00a0EUR.")
    assert "120,00" in shown.fr
    assert desk.order(1_00, order_ref="WEB-1").reasons == ("within-limit",)


def test_a_check_names_what_is_left_of_the_deposit_until_it_is_paid() -> None:
    desk = desk_with_order()
    assert check(desk).deposit == UNPAID
    bill(desk, 1, 60_00, purpose="invoice")
    bill(desk, 2, 60_00, reference="BC-2")
    bill(desk, 3, 60_00, MEMBER)
    bill(desk, 4, 60_00, currency="USD")
    assert check(desk, 2).deposit == UNPAID
    first = bill(desk, 5, 100_00)
    part = check(desk, 3)
    assert part.deposit is not None
    assert (part.deposit.paid_minor, part.reasons[-1]) == (100_00, "deposit-outstanding")
    assert [each.code for each in reasons_of_check(part)] == list(part.reasons)
    bill(desk, 6, 20_00)
    assert "deposit-outstanding" not in check(desk, 4).reasons
    undone = {"invoice_id": first, "customer_id": HEAD, "allocation_id": "a5", "currency": "EUR"}
    desk.happen(event(PaymentUnapplied, amount_minor=100_00, **undone))
    assert "deposit-outstanding" in check(desk, 5).reasons


def test_an_invoice_to_a_merged_record_pays_the_deposit() -> None:
    desk, other = desk_with_order(), f"cus_{3:032x}"
    desk.happen(event(CustomerRegistered, customer_id=other))
    bill(desk, 1, 120_00, other)
    assert "deposit-outstanding" in check(desk).reasons
    desk.happen(event(CustomerMerged, customer_id=other, into_id=HEAD, cause="Same firm"))
    assert "deposit-outstanding" not in check(desk, 2).reasons


def test_whoever_accepts_a_blocked_order_sees_the_deposit_that_it_then_needs_no_more() -> None:
    desk = desk_with_order()
    blocked = desk.order(2_000_00, order_ref=ORDER)
    assert (blocked.status, blocked.reasons) == ("blocked", ("limit-exceeded", "deposit-outstanding"))
    desk.do(reservations.override, OverrideReservation(blocked.reservation_id, "Owner agreed"), desk)
    accepted = desk.books.stream(blocked.reservation_id)[-1].data
    assert isinstance(accepted, ReservationOverridden)
    assert accepted.basis.deposit == UNPAID


def test_no_deposit_is_named_where_deliveries_wait_for_none() -> None:
    desk = desk_with_order(need_reservation=False)
    assert check(desk).deposit is None
    assert desk.order(600_00, order_ref=ORDER).reasons == ("within-limit",)


def test_a_check_of_an_order_that_is_not_the_customers_is_refused() -> None:
    desk = desk_with_order()
    for order_id in (f"ord_{2:032x}", ORDER):
        command = CheckCredit(f"dec_{9:032x}", MEMBER, 100_00, "EUR", None, order_id)
        with pytest.raises(Invalid) as refused:
            desk.do(checks.check_credit, command, desk)
        assert [each.pointer for each in refused.value.errors] == ["/order_id"]
