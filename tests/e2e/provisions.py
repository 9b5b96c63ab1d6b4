"""The provision matrix, computed again from the raw events: every sum written out, nothing of risk-svc used."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any

from encours.contracts.books import movements
from encours.contracts.events.invoice import InvoiceIssued
from tests.e2e.naive import BANDS, cents, recorded
from tests.e2e.takeover import Takeover

ENDS = (0, 30, 60, 90, 120, 365)
NAMES = [name for _, name in BANDS]


class ClosingFromEvents:
    """Rates, open amounts and losses at a closing, of one segment and currency, without cover and guarantees."""

    def __init__(self, events: list[dict[str, Any]], on: date) -> None:
        self.on = on
        self.open, self.rates, self.losses = Counter[str](), dict[str, int | None](), dict[str, int]()
        self.cash = 0
        self._issued: dict[str, InvoiceIssued] = {}
        self._owed: defaultdict[str, list[tuple[date, int]]] = defaultdict(list)
        self._paid: defaultdict[str, list[tuple[date, int]]] = defaultdict(list)
        self._balance = Counter[str]()
        for event in events:
            if date.fromisoformat(event["effective_on"]) <= on:
                self._read(event)
        self._roll()
        self._lose()

    def _read(self, event: dict[str, Any]) -> None:
        data = recorded(event)
        if isinstance(data.data, InvoiceIssued):
            self._issued[data.data.invoice_id] = data.data
        for each in movements(data):
            if each.effective_on > self.on:
                continue
            self.cash += each.cash_minor
            if each.invoice_id is not None:
                self._balance[each.invoice_id] += each.item_minor
                self._owed[each.invoice_id].append((each.effective_on, each.owed_minor))
                if each.payment_id is not None:
                    self._paid[each.invoice_id].append((each.effective_on, -each.item_minor))

    def _unpaid(self, invoice_id: str, day: date) -> int:
        owed = sum(minor for on, minor in self._owed[invoice_id] if on <= day)
        return owed - sum(minor for on, minor in self._paid[invoice_id] if on <= day)

    def _roll(self) -> None:
        product: Fraction | None = Fraction(1)
        for n in reversed(range(len(ENDS))):
            entered = passed = 0
            for invoice_id, issued in self._issued.items():
                end = issued.due_on + timedelta(days=ENDS[n])
                if not self.on - timedelta(days=365) <= end < self.on:
                    continue
                passed += self._unpaid(invoice_id, end)
                if n:
                    entered += self._unpaid(invoice_id, issued.due_on + timedelta(days=ENDS[n - 1]))
                else:
                    entered += sum(minor for on, minor in self._owed[invoice_id] if on <= issued.due_on)
            if entered > 0:
                product = None if product is None else product * Fraction(passed, entered)
            elif n == 0:
                product = None
            self.rates[NAMES[n]] = None if product is None else _half_up(product * 1_000_000)

    def _lose(self) -> None:
        exposed = Counter[str]()
        for invoice_id, issued in self._issued.items():
            late = (self.on - issued.due_on).days
            band = next(name for last, name in BANDS if late <= last)
            open_minor = self._balance[invoice_id]
            self.open[band] += open_minor
            net = issued.net_minor
            exposed[band] += (
                open_minor if net is None else _half_up(Fraction(open_minor * net, issued.total_minor))
            )
        for band, minor in exposed.items():
            rate = self.rates[band]
            if minor and rate is not None:
                self.losses[band] = _half_up(Fraction(minor * rate, 1_000_000))


def _half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))


def closings_tie(takeover: Takeover, *days: str) -> None:
    """Compare the matrix at closings with one from the raw events, and with the aged balance."""
    events = takeover.events()
    risk = takeover.system.client("risk", takeover.ledger)
    reporting = takeover.system.client("reporting", takeover.ledger)
    for day in days:
        naive = ClosingFromEvents(events, date.fromisoformat(day))
        answer = risk.get("/v1/provision-matrix", params={"on": day})
        assert answer.status_code == 200, answer.text
        [found] = answer.json()["matrices"]
        aged = reporting.get("/v1/aged-balance", params={"as_of": day}).json()
        totals = aged["totals"]
        assert (found["bands"], found["outstanding"]) == (totals["bands"], totals["outstanding"])
        assert {band: cents(each["amount"]) for band, each in found["bands"].items()} == {
            band: naive.open[band] for band in NAMES
        }
        assert cents(found["unapplied"]["amount"]) == naive.cash == 0
        assert {each["band"]: each["loss_ppm"] for each in found["rates"]} == naive.rates
        losses = {
            each["band"]: cents(each["expected_loss"]["amount"])
            for each in found["cells"]
            if each["expected_loss"] and cents(each["exposed"]["amount"])
        }
        assert losses == naive.losses
        assert cents(found["expected_loss"]["amount"]) == sum(losses.values())
