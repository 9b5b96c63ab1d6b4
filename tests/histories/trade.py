"""A firm that trades on credit, in memory: real commands of the service of invoices beside those of the credit desk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from encours.contracts.events.credit_hold import CreditHoldPlaced
from encours.contracts.events.credit_policy import CreditPolicySet, DirectInvoices, OrderRules
from encours.contracts.events.guarantee import GuaranteeReleased, GuaranteeTaken
from encours.contracts.events.invoice import InvoiceDrafted
from encours.contracts.events.risk import LimitApproved
from encours.contracts.events.sales.order import OrderPlaced
from encours.kernel.errors import DomainError
from encours.testing.events import ADDRESS, event
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.entity.commands import RegisterEntity
from invoice_svc.domain.invoice.commands import Content
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.order.commands import DeliverOrder, GroupDeliveries, QuantityDelivered
from invoice_svc.domain.order.state import Order
from invoice_svc.use_cases.folds import INVOICE, ORDER
from invoice_svc.use_cases.parties import entities
from invoice_svc.use_cases.sales import orders
from risk_svc.domain.reservation.commands import FollowOrder
from risk_svc.use_cases import reservations
from tests.histories.credit import CreditDesk

UNIT_MINOR = 12_00
"""A piece with its VAT of 20 %, without rounding."""
_ENTITY = RegisterEntity(
    "ent_1", "Lumière SAS", "FR", "EUR", "Europe/Paris", legal_form="SAS, capital 10 000 EUR", siren="552100554",
    vat_id="FR96552100554", address=ADDRESS,
)  # fmt: skip


def content(pieces: int, **more: Any) -> Content:
    """Return pieces of 10.00 and VAT."""
    return Content(None, (LineInput("tyre", str(pieces), "10.00", "20"),), **more)


class TradeDesk(CreditDesk):
    """The desk, and the firm whose customers it judges. The reservations of orders follow them at once."""

    def __init__(self, limit_minor: int) -> None:
        super().__init__(limit_minor)
        self.do(entities.register, _ENTITY)
        self.rules = OrderRules()

    def set_policy(self, *, need_reservation: bool, direct_invoices: DirectInvoices) -> None:
        """Set the rules of orders."""
        self.rules = OrderRules(need_reservation=need_reservation, direct_invoices=direct_invoices)
        self.happen(event(CreditPolicySet, credit_policy_id="crp_1", entity_id="ent_1", orders=self.rules))

    def attempt(self, work: Any, *arguments: Any) -> str | None:
        """Run a use case; return the code of its refusal, if it is refused."""
        try:
            self.do(work, *arguments)
        except DomainError as refusal:
            return refusal.code
        return None

    def follow(self) -> None:
        """Have the reservations of all orders follow them, as the worker does where the policy needs them."""
        if self.rules.need_reservation:
            for order_id in self.orders():
                self.do(reservations.follow, FollowOrder(order_id), self)

    def orders(self) -> list[str]:
        """Return the ids of orders in Encours."""
        return [e.data.order_id for e in self.books.ledger.events if isinstance(e.data, OrderPlaced)]

    def invoices(self) -> list[str]:
        """Return the ids of invoices and drafts."""
        return [e.data.invoice_id for e in self.books.ledger.events if isinstance(e.data, InvoiceDrafted)]

    def order_state(self, order_id: str) -> Order:
        """Return an order in Encours."""
        found: Order = self.books.state(ORDER, order_id)
        return found

    def invoice(self, invoice_id: str) -> Invoice:
        """Return an invoice."""
        found: Invoice = self.books.state(INVOICE, invoice_id)
        return found

    def deliver(self, order_id: str, pieces: int, note: str) -> str | None:
        """Deliver pieces of an order; return the code of the refusal."""
        command = DeliverOrder(order_id, note, (QuantityDelivered(1, str(pieces)),))
        return self.attempt(orders.deliver, command, self._holds)

    def bill_deliveries(self, invoice_id: str, customer_id: str, *, issue: bool) -> str | None:
        """Make the invoice of all that a customer was delivered; return the code of the refusal."""

        async def to_bill(*_: Any) -> list[str]:
            return [each for each in self.orders() if self.order_state(each).customer_id == customer_id]

        begin, end = self.today.replace(year=2020), self.today
        command = GroupDeliveries(invoice_id, "ent_1", customer_id, begin, end, issue=issue)
        return self.attempt(orders.group, command, to_bill)

    def ceiling(self) -> int:
        """Return the limit and the guarantees."""
        limit, guarantees = 0, dict[str, int]()
        for e in self.books.ledger.events:
            match e.data:
                case LimitApproved(amount_minor=amount):
                    limit = amount
                case GuaranteeTaken(guarantee_id=taken, amount_minor=amount):
                    guarantees[taken] = amount
                case GuaranteeReleased(guarantee_id=released):
                    del guarantees[released]
                case _:
                    pass
        return limit + sum(guarantees.values())

    async def _holds(self, ledger: str, customers: Sequence[str]) -> list[str]:
        placed = (e.data for e in self.books.ledger.events if isinstance(e.data, CreditHoldPlaced))
        return [each.credit_hold_id for each in placed if each.customer_id in customers]
