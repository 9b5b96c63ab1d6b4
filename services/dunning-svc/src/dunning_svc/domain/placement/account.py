"""Account of a placement: what was paid while its invoices were placed, the fee, and what the partner has to know.

All amounts come from movements. A payment counts from the hand-over up to and including the day of the recall, by the
day on which its funds were available; its reversal takes back what it counted for, whenever it is. The fee on a payment
is the rounded fee on the sum so far less that on the sum before, so that the parts make the fee on the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from dunning_svc.domain.placement.state import Placement
from encours.contracts import Recorded
from encours.contracts.books import CREDIT_NOTES, Movement, movements
from encours.contracts.events.dunning.placements import PlacementFee
from encours.kernel.money import div_half_up

NewsKind = Literal["credited", "disputed", "dispute_ended"]


@dataclass(frozen=True, slots=True)
class PaidWhilePlaced:
    """A payment of a placed invoice; below zero if it was reversed or released. ``fee_minor`` is the fee on it."""

    invoice_id: str
    payment_id: str
    on: date
    amount_minor: int
    fee_minor: int
    position: int


@dataclass(frozen=True, slots=True)
class News:
    """Change of a placed invoice that the partner has to know: recorded after the hand-over, whatever its date."""

    invoice_id: str
    kind: NewsKind
    on: date
    amount_minor: int
    position: int


@dataclass(frozen=True, slots=True)
class PlacedBalance:
    """Amounts of an invoice on the day of the question."""

    open_minor: int
    disputed_minor: int


@dataclass(frozen=True, slots=True)
class PlacementAccount:
    """Balances of the invoices, payments and changes since the hand-over."""

    balances: Mapping[str, PlacedBalance]
    payments: Sequence[PaidWhilePlaced]
    news: Sequence[News]

    @property
    def paid_minor(self) -> int:
        """Sum of the payments."""
        return sum(each.amount_minor for each in self.payments)

    @property
    def fee_minor(self) -> int:
        """Fee on the payments, without a fixed one."""
        return sum(each.fee_minor for each in self.payments)


def fee_on(fee: PlacementFee, paid_minor: int) -> int:
    """Return the fee on a sum of payments, rounded half up; 0 where it is a fixed one."""
    return div_half_up(paid_minor * fee.percent_bps, 10_000) if fee.percent_bps else 0


def account_of(state: Placement, streams: Iterable[Sequence[Recorded]]) -> PlacementAccount:
    """Return the account by the events of the placed invoices, those that count on the day of the question."""
    assert state.made is not None
    named = {each.invoice_id for each in state.made.invoices}
    events = sorted((e for stream in streams for e in stream), key=lambda e: e.position)
    entries = [(e, entry) for e in events for entry in movements(e) if entry.invoice_id in named]
    return PlacementAccount(_balances(entries), _payments(state, entries), _news(state, entries))


Entry = tuple[Recorded, Movement]


def _balances(entries: Iterable[Entry]) -> dict[str, PlacedBalance]:
    found: dict[str, PlacedBalance] = {}
    for _, entry in entries:
        name = entry.invoice_id or ""
        before = found.get(name, PlacedBalance(0, 0))
        found[name] = PlacedBalance(
            before.open_minor + entry.item_minor, before.disputed_minor + entry.contested_minor
        )
    return found


def _payments(state: Placement, entries: Iterable[Entry]) -> list[PaidWhilePlaced]:
    assert state.made is not None
    counted: dict[tuple[str, str], int] = {}
    found: list[PaidWhilePlaced] = []
    paid = 0
    for e, entry in entries:
        name, payment_id = entry.invoice_id, entry.payment_id
        if name is None or payment_id is None or not entry.settled_minor:
            continue
        on = entry.available_on or entry.effective_on
        minor = entry.settled_minor
        if minor < 0:
            minor = max(minor, -counted.get((name, payment_id), 0))
        elif not _while_placed(state, name, on):
            continue
        if not minor:
            continue
        counted[name, payment_id] = counted.get((name, payment_id), 0) + minor
        fee = fee_on(state.made.fee, paid + minor) - fee_on(state.made.fee, paid)
        paid += minor
        found.append(PaidWhilePlaced(name, payment_id, on, minor, fee, e.position))
    return found


def _while_placed(state: Placement, invoice_id: str, on: date) -> bool:
    assert state.made is not None
    recalled = state.recalled.get(invoice_id)
    return state.made.handed_over_on <= on and (recalled is None or on <= recalled.on)


def _news(state: Placement, entries: Iterable[Entry]) -> list[News]:
    found = []
    for e, entry in entries:
        if e.position <= state.position or entry.invoice_id is None:
            continue
        recalled = state.recalled.get(entry.invoice_id)
        if recalled is not None and entry.effective_on > recalled.on:
            continue
        change = _change(entry)
        if change is not None:
            found.append(News(entry.invoice_id, change[0], entry.effective_on, change[1], e.position))
    return found


def is_news(entry: Movement) -> bool:
    """Return True for an entry of a placed invoice that the partner has to know."""
    return _change(entry) is not None


def _change(entry: Movement) -> tuple[NewsKind, int] | None:
    if entry.kind in CREDIT_NOTES:
        return "credited", -entry.item_minor
    if entry.contested_minor > 0 and not entry.conceded_minor:
        return "disputed", entry.contested_minor
    if entry.contested_minor < 0:
        return "dispute_ended", -entry.contested_minor
    return None
