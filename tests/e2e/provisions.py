"""The provision matrix, computed again from the raw events: every sum written out, nothing of risk-svc used."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any

from encours.contracts import Recorded
from encours.contracts.books import movements
from encours.contracts.events.guarantee import GuaranteeReleased, GuaranteeTaken
from encours.contracts.events.insurance import CoverGranted, CoverReduced, InsuranceContractSet
from encours.contracts.events.invoice import InvoiceIssued
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.provision import ProvisionOverlaySet
from tests.e2e.naive import BANDS, cents, recorded
from tests.e2e.takeover import Takeover

ENDS = (0, 30, 60, 90, 120, 365)
NAMES = [name for _, name in BANDS]
WHOLE = 1_000_000

_NOBODY = "nobody"
Cell = tuple[str, str]
"""Segment and band."""
PARTS = ("gross", "cash", "conceded", "vat", "insured", "guaranteed", "exposed")


class Assurances:
    """Cover of one insurance contract, guarantees and overlay that count at a closing."""

    def __init__(self, on: date) -> None:
        self.on = on
        self.contract: InsuranceContractSet | None = None
        self.overlay: ProvisionOverlaySet | None = None
        self._covers: dict[str, CoverGranted] = {}
        self._reductions: defaultdict[str, list[CoverReduced]] = defaultdict(list)
        self._guarantees: dict[str, GuaranteeTaken] = {}

    def read(self, event: Recorded) -> None:
        """Take an event. Cover counts by its own days, an overlay and a release by those of their events."""
        match event.data:
            case InsuranceContractSet():
                self.contract = event.data
            case CoverGranted():
                self._covers[event.data.cover_id] = event.data
            case CoverReduced():
                self._reductions[event.data.cover_id].append(event.data)
            case GuaranteeTaken():
                self._guarantees[event.data.guarantee_id] = event.data
            case GuaranteeReleased() if event.effective_on <= self.on:
                del self._guarantees[event.data.guarantee_id]
            case ProvisionOverlaySet() if event.effective_on <= self.on:
                self.overlay = event.data

    def guaranteed(self) -> Counter[str]:
        """Return the guarantees in force, by customer."""
        found = Counter[str]()
        for each in self._guarantees.values():
            if each.valid_from <= self.on <= (each.valid_until or date.max):
                found[each.customer_id] += each.amount_minor
        return found

    def insured(self, debts: Iterable[tuple[InvoiceIssued, int]]) -> dict[str, int]:
        """Return what the insurer pays of undisputed debts without cash, by invoice."""
        by_customer: defaultdict[str, list[tuple[InvoiceIssued, int]]] = defaultdict(list)
        for issued, minor in sorted(debts, key=lambda each: (each[0].issued_on, each[0].invoice_id)):
            by_customer[issued.customer_id].append((issued, minor))
        found: dict[str, int] = {}
        for cover in self._covers.values():
            assert self.contract is not None
            terms, used, covered = self.contract.conditions, 0, dict[str, int]()
            for issued, minor in by_customer[cover.customer_id]:
                net = issued.net_minor
                base = minor if terms.vat_included or net is None else _share(minor, net, issued.total_minor)
                if (part := min(base, self._limit(cover, issued.issued_on) - used)) > 0:
                    covered[issued.invoice_id] = part
                    used += part
            paid = _half_up(Fraction(used * terms.insured_share_bps, 10_000))
            found |= _divided(paid, covered)
        return found

    def _limit(self, cover: CoverGranted, issued_on: date) -> int:
        if not cover.valid_from <= issued_on <= (cover.valid_until or date.max):
            return 0
        reduced = [
            each.amount_minor for each in self._reductions[cover.cover_id] if each.from_on <= issued_on
        ]
        return min([cover.amount_minor, *reduced])

    def adjusted(self, rate: int | None, segment: str, band: str) -> int | None:
        """Return the rate with the overlay."""
        adjustments = self.overlay.adjustments if self.overlay else ()
        by_place = {(each.segment, each.band): each for each in adjustments}
        for place in ((segment, band), (segment, None), (None, band), (None, None)):
            if (found := by_place.get(place)) is not None:
                if found.rate_ppm is not None:
                    return found.rate_ppm
                assert found.factor_bps is not None
                return None if rate is None else min(WHOLE, _share(rate, found.factor_bps, 10_000))
        return rate


class ClosingFromEvents:
    """Rates, amounts by segment and band, and losses at a closing in one currency, as known at a position."""

    def __init__(self, events: list[Recorded], on: date, known_at: int | None = None) -> None:
        self.on = on
        self.cells: defaultdict[Cell, Counter[str]] = defaultdict(Counter)
        self.rates, self.losses = dict[Cell, int | None](), dict[Cell, int | None]()
        self.first_loss = 0
        self.cash = Counter[str]()
        self.assured = Assurances(on)
        self._segments: dict[str, str] = {}
        self._issued: dict[str, InvoiceIssued] = {}
        self._owed: defaultdict[str, list[tuple[date, int]]] = defaultdict(list)
        self._paid: defaultdict[str, list[tuple[date, int]]] = defaultdict(list)
        self._balance, self._conceded, self._contested = Counter[str](), Counter[str](), Counter[str]()
        for event in events:
            if known_at is not None and event.position > known_at:
                break
            self.assured.read(event)
            if event.effective_on <= on:
                self._read(event)
        self._roll()
        self._fill()
        self._lose()

    def _read(self, event: Recorded) -> None:
        if isinstance(event.data, InvoiceIssued):
            self._issued[event.data.invoice_id] = event.data
        if isinstance(event.data, CustomerRegistered):
            self._segments[event.data.customer_id] = event.data.segment or ""
        for each in movements(event):
            if each.effective_on > self.on:
                continue
            self.cash[each.customer_id] += each.cash_minor
            if each.invoice_id is not None:
                self._balance[each.invoice_id] += each.item_minor
                self._conceded[each.invoice_id] += each.conceded_minor
                self._contested[each.invoice_id] += each.contested_minor - each.conceded_minor
                self._owed[each.invoice_id].append((each.effective_on, each.owed_minor))
                if each.payment_id is not None:
                    self._paid[each.invoice_id].append((each.effective_on, -each.item_minor))

    def _unpaid(self, invoice_id: str, day: date) -> int:
        owed = sum(minor for on, minor in self._owed[invoice_id] if on <= day)
        return owed - sum(minor for on, minor in self._paid[invoice_id] if on <= day)

    def _roll(self) -> None:
        entered, passed = Counter[tuple[str | None, int]](), Counter[tuple[str | None, int]]()
        for invoice_id, issued in self._issued.items():
            for n, days in enumerate(ENDS):
                end = issued.due_on + timedelta(days=days)
                if not self.on - timedelta(days=365) <= end < self.on:
                    continue
                if n:
                    came = self._unpaid(invoice_id, issued.due_on + timedelta(days=ENDS[n - 1]))
                else:
                    came = sum(minor for on, minor in self._owed[invoice_id] if on <= issued.due_on)
                for segment in (self._segments.get(issued.customer_id, ""), None):
                    entered[segment, n] += came
                    passed[segment, n] += self._unpaid(invoice_id, end)
        for segment in {self._segments.get(each.customer_id, "") for each in self._issued.values()}:
            product: Fraction | None = Fraction(1)
            for n in reversed(range(len(ENDS))):
                # Without a history of its own a segment has that of all.
                of = next((each for each in (segment, None) if entered[each, n] > 0), _NOBODY)
                if of != _NOBODY:
                    ratio = Fraction(max(0, min(passed[of, n], entered[of, n])), entered[of, n])
                    product = None if product is None else product * ratio
                elif n == 0:
                    product = None
                self.rates[segment, NAMES[n]] = None if product is None else _half_up(product * WHOLE)

    def _fill(self) -> None:
        cash, rests = Counter(self.cash), list[tuple[InvoiceIssued, int, Counter[str]]]()
        for invoice_id, issued in sorted(self._issued.items(), key=lambda each: (each[1].due_on, each[0])):
            if opened := self._balance[invoice_id]:
                conceded = max(0, min(self._conceded[invoice_id], opened))
                paid = max(0, min(cash[issued.customer_id], opened - conceded))
                cash[issued.customer_id] -= paid
                parts = Counter({"gross": opened, "conceded": conceded, "cash": paid})
                rests.append((issued, max(0, opened - conceded - paid), parts))
        undisputed = [
            (issued, max(0, rest - max(0, self._contested[issued.invoice_id]))) for issued, rest, _ in rests
        ]
        insured, guaranteed = self.assured.insured(undisputed), self.assured.guaranteed()
        for issued, rest, parts in rests:
            net = rest if issued.net_minor is None else _share(rest, issued.net_minor, issued.total_minor)
            parts["vat"] = rest - net
            parts["insured"] = min(insured.get(issued.invoice_id, 0), net)
            parts["guaranteed"] = min(guaranteed[issued.customer_id], net - parts["insured"])
            guaranteed[issued.customer_id] -= parts["guaranteed"]
            parts["exposed"] = net - parts["insured"] - parts["guaranteed"]
            late = (self.on - issued.due_on).days
            band = next(name for last, name in BANDS if late <= last)
            self.cells[self._segments.get(issued.customer_id, ""), band].update(parts)

    def _lose(self) -> None:
        insured = Fraction(0)
        for cell, parts in self.cells.items():
            rate = self.adjusted(cell)
            self.losses[cell] = None if rate is None else _share(parts["exposed"], rate, WHOLE)
            insured += Fraction(parts["insured"] * (rate or 0), WHOLE)
        if contract := self.assured.contract:
            self.first_loss = min(contract.conditions.first_loss_minor, _half_up(insured))

    def adjusted(self, cell: Cell) -> int | None:
        """Return the rate of a cell with the overlay."""
        return self.assured.adjusted(self.rates[cell], *cell)


def _half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))


def _share(minor: int, part: int, whole: int) -> int:
    return _half_up(Fraction(minor * part, whole))


def _divided(paid: int, covered: dict[str, int]) -> dict[str, int]:
    """Divide what the insurer pays by what it covers; odd cents go to the largest remainders, the oldest first."""
    exact = {name: Fraction(paid * minor, sum(covered.values())) for name, minor in covered.items()}
    found = {name: floor(each) for name, each in exact.items()}
    for name in sorted(exact, key=lambda each: found[each] - exact[each])[: paid - sum(found.values())]:
        found[name] += 1
    return found


def closings_tie(takeover: Takeover, *days: str, known_at: int | None = None) -> list[int]:
    """Compare the matrix at closings with one from the raw events, and with the aged balance; return the losses."""
    events = [recorded(each) for each in takeover.events()]
    at = {} if known_at is None else {"known_at": str(known_at)}
    risk = takeover.system.client("risk", takeover.ledger)
    reporting = takeover.system.client("reporting", takeover.ledger)
    found_losses = []
    for day in days:
        naive = ClosingFromEvents(events, date.fromisoformat(day), known_at)
        answer = risk.get("/v1/provision-matrix", params={"on": day} | at)
        assert answer.status_code == 200, answer.text
        [found] = answer.json()["matrices"]
        aged = reporting.get("/v1/aged-balance", params={"as_of": day} | at).json()
        totals = aged["totals"]
        assert (found["bands"], found["outstanding"]) == (totals["bands"], totals["outstanding"])
        found_losses.append(_ties(found, naive))
    return found_losses


def _ties(found: dict[str, Any], naive: ClosingFromEvents) -> int:
    assert cents(found["unapplied"]["amount"]) == naive.cash.total()
    rates = {(each["segment"], each["band"]): each["loss_ppm"] for each in found["rates"]}
    assert rates == {cell: naive.rates[cell] for cell in rates}
    cells = {(each["segment"], each["band"]): each for each in found["cells"]}
    assert cells.keys() == naive.cells.keys() <= rates.keys()
    for cell, each in cells.items():
        assert {part: cents(each[part]["amount"]) for part in PARTS} == {
            part: naive.cells[cell][part] for part in PARTS
        }, cell
        assert each["adjusted_rate_ppm"] == naive.adjusted(cell), cell
        loss = each["expected_loss"]
        assert (loss and cents(loss["amount"])) == naive.losses[cell], cell
    overlay = naive.assured.overlay
    assert (found["overlay"] and found["overlay"]["version"]) == (overlay and overlay.version)
    assert cents(found["first_loss"]["amount"]) == naive.first_loss
    total = naive.first_loss + sum(minor or 0 for minor in naive.losses.values())
    assert cents(found["expected_loss"]["amount"]) == total
    return total
