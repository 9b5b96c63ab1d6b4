"""The credit desk of the demo: a person who sets limits, takes orders, fits a model, and gives up debts, by the API.

Each act has an idempotency key of its day and content, so that a day that was interrupted is worked off again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import httpx
import msgspec

from encours.demo.model import CURRENCY
from encours.demo.orders import BILLED_AFTER, FIT_DAY, LOSS_DAYS, ORDER_DAYS, DemoOrder, orders_of
from encours.demo.source import RetailInvoice
from encours.kernel.money import format_amount, parse_amount

FORMULA = {
    "currency": CURRENCY,
    "turnover_bps": 25_000,
    "grade_factors": {"A": 10_000, "B": 10_000, "C": 7_500, "D": 5_000, "E": 0},
    "cap": {"amount": "20000.00", "currency": CURRENCY},
    "round_to": {"amount": "50.00", "currency": CURRENCY},
    "max_days_past_due": 30,
    "valid_days": 180,
}
UNLIMITED_EVERY = 5
"""Of so many customers one has no limit."""
CHECKED_EVERY = 4
VOUCHED_EVERY = 3
"""Of so many blocked orders one is accepted by authority."""
LOST_AFTER = timedelta(days=90)
LOSSES_A_DAY = 5
PAGE = 500
ANSWER_S = 60.0
FIT_S = 600.0
"""Time for a fit: it leaves the processor to others."""


class CreditDesk:
    """Works on some days of the year, at the date on which the clock stands."""

    def __init__(self, client: httpx.Client, risk_url: str, invoices: Sequence[RetailInvoice]) -> None:
        self._client = client
        self._risk = risk_url
        self._invoices = invoices
        self._customers: dict[str, dict[str, Any]] = {}
        self._day = date.min

    def work(self, day: date) -> None:
        """Bill the orders of the week before, take new ones, fit the model, give up what is lost: as the day asks."""
        self._day = day
        if day - BILLED_AFTER in ORDER_DAYS:
            self._bill(orders_of(day - BILLED_AFTER, self._invoices))
        if day in ORDER_DAYS:
            self._order(orders_of(day, self._invoices))
        if day == FIT_DAY:
            self._fit()
        if day in LOSS_DAYS:
            self._give_up()

    def _order(self, orders: Sequence[DemoOrder]) -> None:
        entity_id = self._customer(orders[0].customer)["entity_id"]
        self._ask("PUT", f"{self._risk}/v1/entities/{entity_id}/limit-formula", FORMULA)
        blocked = 0
        for number, order in enumerate(orders):
            customer_id = self._customer(order.customer)["id"]
            if number % UNLIMITED_EVERY:
                self._limit(customer_id)
            amount = {"amount": format_amount(order.total_minor, CURRENCY), "currency": CURRENCY}
            asked = {"customer_id": customer_id, "amount": amount, "deliver_on": order.deliver_on.isoformat()}
            if number % CHECKED_EVERY == 0:
                self._post(f"{self._risk}/v1/checks", asked)
            taken = self._post(f"{self._risk}/v1/reservations", asked | {"order_ref": order.order_ref})
            if taken["decision"] != "accept":
                blocked += 1
                if blocked % VOUCHED_EVERY == 0:
                    vouched = {"text": "The branch vouches for the customer"}
                    self._post(f"{self._risk}/v1/reservations/{taken['id']}/override", vouched)

    def _limit(self, customer_id: str) -> None:
        """Request what the formula proposes, unless a limit is in force; it is refused if that is nothing."""
        known = self._get(f"{self._risk}/v1/customers/{customer_id}/exposure")["limit"]
        if known is not None and date.fromisoformat(known["valid_until"]) >= self._day:
            return
        asked = self._post(f"{self._risk}/v1/limit-requests", {"customer_id": customer_id})
        path = f"{self._risk}/v1/limit-requests/{asked['id']}"
        if parse_amount(asked["amount"]["amount"], CURRENCY):
            self._post(f"{path}/approve", {})
        else:
            self._post(f"{path}/refuse", {"text": "The formula leaves nothing"})

    def _bill(self, orders: Sequence[DemoOrder]) -> None:
        """Consume the orders of a week by their invoices; what is blocked still was delivered against prepayment."""
        by_ref = {order.order_ref: order for order in orders}
        for status in ("reserved", "blocked"):
            waiting = self._get(f"{self._risk}/v1/reservations", status=status, limit=PAGE)["data"]
            for order in sorted(waiting, key=lambda each: str(each["order_ref"])):
                path = f"{self._risk}/v1/reservations/{order['id']}"
                if status == "blocked":
                    self._post(f"{path}/release", {"text": "Delivered against prepayment"})
                    continue
                for invoice in by_ref[order["order_ref"]].invoices:
                    [found] = self._get("/v1/invoices", number=invoice.number)["data"]
                    self._post(f"{path}/consume", {"invoice_id": found["id"], "amount": found["total"]})

    def _fit(self) -> None:
        """Fit the payment model to the year so far, and use it if no baseline forecasts the last quarter better."""
        path = f"{self._risk}/v1/score-models"
        fitted = self._post(path, {}, FIT_S)["data"][-1]
        report = fitted["calibration"]
        brier = {each["forecast"]: each["brier"] for each in report["quality"]}
        model, best = brier.pop("model"), min(brier.values())
        if model < best:
            seen = f"Brier score {model:.3f} against {best:.3f} on {report['held_out']:,} invoices held out"
            self._post(f"{path}/{fitted['version']}/activate", {"text": seen})

    def _give_up(self) -> None:
        """Write off what a few customers have owed for too long, and hold their orders."""
        before = (self._day - LOST_AFTER).isoformat()
        late = self._get("/v1/invoices", status="overdue", due_before=before, sort="due_on", limit=PAGE)
        by_customer: dict[str, list[str]] = {}
        for invoice in late["data"]:
            by_customer.setdefault(invoice["customer_id"], []).append(invoice["id"])
        for customer_id, lost in list(by_customer.items())[:LOSSES_A_DAY]:
            for invoice_id in lost:
                given_up = {"reason": "Reminders without effect, claim given up"}
                self._post(f"/v1/invoices/{invoice_id}/write-off", given_up)
            hold = {"text": "Invoices were written off"}
            self._post(f"{self._risk}/v1/customers/{customer_id}/holds", hold)

    def _customer(self, ref: str) -> dict[str, Any]:
        if ref not in self._customers:
            [self._customers[ref]] = self._get("/v1/customers", external_ref=ref)["data"]
        return self._customers[ref]

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = self._client.get(path, params=query)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def _post(self, path: str, body: dict[str, Any], timeout_s: float = ANSWER_S) -> dict[str, Any]:
        return self._ask("POST", path, body, timeout_s)

    def _ask(
        self, method: str, path: str, body: dict[str, Any], timeout_s: float = ANSWER_S
    ) -> dict[str, Any]:
        act = msgspec.json.encode((self._day, method, path.removeprefix(self._risk), body))
        key = f"demo-{sha256(act).hexdigest()[:32]}"
        headers = {"Idempotency-Key": key}
        answer = self._client.request(method, path, json=body, headers=headers, timeout=timeout_s)
        answer.raise_for_status()
        done: dict[str, Any] = answer.json()
        return done
