"""VAT due on receipt: what waits and what is due, entry by entry, whatever happens to the invoice."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from encours.contracts import Event
from encours.contracts.common import Particulars, VatShare
from encours.contracts.events import loss
from encours.contracts.events.invoice import EarlyDiscountTaken
from encours.testing.events import applied, credited, event, issued, unapplied
from encours.testing.history import happened
from reporting_svc.domain.journal.booking import Booking, BookingContext
from reporting_svc.domain.journal.chart import default_chart
from reporting_svc.domain.journal.receipt_vat import changes_by_position

EXAMPLES = 400 if "DEEP" in os.environ else 40
SERVICES: dict[str, Any] = {
    "origin": "issued",
    "purpose": "invoice",
    "particulars": Particulars(nature="services"),
}
FULL, REDUCED = 2_000, 550


def shares(full: int, reduced: int = 0) -> tuple[VatShare, ...]:
    """VAT of nets at two rates, without one of 0."""
    return tuple(
        VatShare(category="S", rate_bps=rate, net_minor=net, vat_minor=net * rate // 10_000)
        for rate, net in ((FULL, full), (REDUCED, reduced))
        if net
    )


def total(vat: Sequence[VatShare]) -> int:
    return sum(each.net_minor + each.vat_minor for each in vat)


def document(kind: Any, vat: tuple[VatShare, ...], **fields: Any) -> Event:
    net = sum(each.net_minor for each in vat)
    found: Event = kind(total(vat), net_minor=net, vat_minor=total(vat) - net, vat=vat, **fields)
    return found


def balances(*events: Event, rate: int = 1) -> dict[str, int]:
    """Sums by account, each entry balanced."""
    recorded = happened(*events)
    known = BookingContext(
        lambda minor, _, __: round(minor / rate), receipt_vat=changes_by_position(recorded)
    )
    found: Counter[str] = Counter()
    for e in recorded:
        for entry in Booking(default_chart(), "EUR").entries([e], known):
            assert entry.is_balanced, entry
            found.update({line.account.number: 0 for line in entry.postings})
            for line in entry.postings:
                found[line.account.number] += line.amount_minor
    return {account: minor for account, minor in found.items() if minor}


ISSUED = document(issued, shares(20_000), **SERVICES)


def test_vat_on_services_waits_from_the_issue_and_becomes_due_with_the_part_that_is_paid() -> None:
    assert balances(ISSUED) == {"411000": 24_000, "445800": -4_000, "707000": -20_000}
    half = balances(ISSUED, applied(12_000))
    assert (half["445800"], half["445711"]) == (-2_000, -2_000)
    whole = balances(ISSUED, applied(12_000), applied(12_000, allocation_id="alo_2"))
    assert (whole.get("445800"), whole["445711"]) == (None, -4_000)


def test_a_payment_that_bounces_takes_its_vat_back() -> None:
    found = balances(ISSUED, applied(12_000), unapplied(12_000))
    assert (found["445800"], found.get("445711")) == (-4_000, None)


def test_goods_and_services_with_the_option_for_debits_owe_their_vat_at_issue() -> None:
    for particulars in (
        Particulars(nature="goods"),
        Particulars(nature="services", vat_on_debits=True),
        Particulars(nature="mixed"),
        None,
    ):
        found = balances(document(issued, shares(20_000), **(SERVICES | {"particulars": particulars})))
        assert found == {"411000": 24_000, "445711": -4_000, "707000": -20_000}


def test_the_vat_of_a_deposit_is_due_when_it_is_paid() -> None:
    deposit = document(issued, shares(20_000), origin="issued", purpose="deposit")
    assert balances(deposit) == {"411000": 24_000, "445800": -4_000, "419100": -20_000}
    assert balances(deposit, applied(24_000))["445711"] == -4_000


def test_a_credit_note_takes_off_what_waits_where_the_rest_is_paid() -> None:
    note = document(credited, shares(10_000), origin="issued", purpose="invoice")
    found = balances(ISSUED, applied(12_000), note)
    assert (found.get("445800"), found["445711"], found["707000"]) == (None, -2_000, -10_000)


def test_a_discount_and_a_relief_lower_what_is_due() -> None:
    share = shares(400)
    taken = event(EarlyDiscountTaken, amount_minor=480, vat=share, net_minor=400, vat_minor=80)
    found = balances(ISSUED, applied(23_520), taken)
    assert (found.get("445800"), found["445711"], found["665000"]) == (None, -3_920, 400)
    lost = event(
        loss.InvoiceUnrecoverable, amount_minor=12_000, vat=shares(10_000), net_minor=10_000, vat_minor=2_000,
        vat_relief=True, written_off_minor=12_000,
    )  # fmt: skip
    found = balances(ISSUED, applied(12_000), lost)
    assert (found.get("445800"), found["445711"], found["654000"]) == (None, -2_000, 10_000)


def test_the_vat_of_a_write_off_waits_no_more_as_it_never_becomes_due() -> None:
    half, lost = applied(12_000), event(loss.InvoiceWrittenOff, amount_minor=12_000)
    found = balances(ISSUED, half, lost)
    assert (found["445711"], found["654000"]) == (-2_000, 10_000)
    assert "445800" not in found
    again = balances(ISSUED, half, lost, event(loss.WriteOffReversed, amount_minor=12_000))
    assert again == balances(ISSUED, half)
    recovered = event(loss.WriteOffRecovered, amount_minor=6_000)
    paid = balances(ISSUED, half, lost, recovered, applied(6_000, allocation_id="alo_2"))
    assert (paid["654000"], paid["758000"], paid["445711"]) == (10_000, -5_000, -3_000)
    assert "445800" not in paid
    definitive = event(loss.InvoiceUnrecoverable, amount_minor=12_000, vat_relief=False, written_off_minor=0)
    assert balances(ISSUED, half, lost, definitive) == found
    assert balances(ISSUED, event(loss.InvoiceWrittenOff, amount_minor=6_000))["445800"] == -3_000


def test_the_vat_of_debits_was_due_and_is_part_of_the_loss_until_it_is_relieved() -> None:
    on_debits = Particulars(nature="services", vat_on_debits=True)
    sale = document(issued, shares(20_000), **(SERVICES | {"particulars": on_debits}))
    lost = event(loss.InvoiceWrittenOff, amount_minor=12_000)
    found = balances(sale, applied(12_000), lost)
    assert (found["654000"], found["445711"]) == (12_000, -4_000)
    relieved = event(
        loss.InvoiceUnrecoverable, amount_minor=12_000, vat=shares(10_000), net_minor=10_000, vat_minor=2_000,
        vat_relief=True, written_off_minor=0,
    )  # fmt: skip
    found = balances(sale, applied(12_000), lost, relieved)
    assert (found["654000"], found["445711"]) == (10_000, -2_000)


nets = st.integers(1, 90_000)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    full=nets,
    reduced=nets,
    parts=st.lists(st.integers(1, 100_000), max_size=6),
    cut=st.integers(0, 100),
    lost=st.integers(1, 100),
)
def test_what_is_due_is_the_paid_part_at_each_rate_and_nothing_waits_once_all_is_paid_or_lost(
    full: int, reduced: int, parts: list[int], cut: int, lost: int
) -> None:
    vat = shares(full, reduced)
    note = shares(full * cut // 100, reduced * cut // 100)
    events = [document(issued, vat, **SERVICES)]
    if total(note) and cut < 100:
        events.append(document(credited, note, origin="issued", purpose="invoice"))
    else:
        note = ()
    left = whole = total(vat) - total(note)
    for n, part in enumerate(parts):
        paid = min(part, left)
        if paid:
            events.append(applied(paid, allocation_id=f"alo_{n}"))
            left -= paid
    found = balances(*events)
    owed = {FULL: 0, REDUCED: 0}
    for sign, each in [*((1, each) for each in vat), *((-1, each) for each in note)]:
        owed[each.rate_bps] += sign * each.vat_minor
    due = {rate: -found.get(account, 0) for rate, account in ((FULL, "445711"), (REDUCED, "445713"))}
    for rate, minor in due.items():
        assert abs(minor - owed[rate] * (whole - left) / whole) <= 0.5
    assert sum(due.values()) - found.get("445800", 0) == sum(owed.values())
    written_off = left * lost // 100
    if written_off:
        after = balances(*events, event(loss.InvoiceWrittenOff, amount_minor=written_off))
        assert [after.get(each) for each in ("445711", "445713")] == [
            found.get(each) for each in ("445711", "445713")
        ]
        waits, waited = -after.get("445800", 0), -found.get("445800", 0)
        assert abs(waits - waited * (left - written_off) / left) <= 1
        assert after["654000"] == written_off - (waited - waits)
    rest = document(credited, tuple(shares_left(vat, note)), origin="issued", purpose="invoice")
    if left:
        events.append(applied(left, allocation_id="alo_last"))
        assert balances(*events).get("445800") is None
    else:
        assert found.get("445800") is None
    assert balances(events[0], *([events[1]] if note else []), rest) == {}


def shares_left(vat: Sequence[VatShare], note: Sequence[VatShare]) -> list[VatShare]:
    """Net and VAT that a credit note leaves at each rate."""
    taken = {each.rate_bps: (each.net_minor, each.vat_minor) for each in note}
    return [
        VatShare(
            category="S", rate_bps=each.rate_bps, net_minor=each.net_minor - taken.get(each.rate_bps, (0, 0))[0],
            vat_minor=each.vat_minor - taken.get(each.rate_bps, (0, 0))[1],
        )
        for each in vat
    ]  # fmt: skip


def test_in_another_currency_the_pairs_of_lines_have_one_value() -> None:
    vat = shares(10_001, 20_003)
    found = balances(
        document(issued, vat, **(SERVICES | {"currency": "USD"})), applied(7_777, currency="USD"), rate=3
    )
    assert found["445711"] < 0 < -found["445800"]
