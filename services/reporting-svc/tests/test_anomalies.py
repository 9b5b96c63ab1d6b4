"""Anomalies by hand: amounts, delays, unpaid debts, credit notes; and nothing of a later day is looked at."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median
from typing import NamedTuple

import pytest

from reporting_svc.domain.anomalies import (
    KINDS,
    Anomaly,
    AnomalyKind,
    DelayedDebts,
    MoneyOrigin,
    OriginKind,
    TransactionKind,
    Transactions,
    amounts,
    at_least,
    credit_notes,
    delays,
    origins,
)
from reporting_svc.domain.columns import ints
from reporting_svc.domain.measures.delays import DueOutcome
from reporting_svc.http.anomalies.answers import reason

ON = date(2026, 6, 30)


class Transaction(NamedTuple):
    """An invoice, payment or credit note."""

    kind: TransactionKind
    debtor: str
    id: str
    on: date
    minor: int


def columns(moved: Sequence[Transaction]) -> Transactions:
    """Columns of transactions."""
    debtors = sorted({each.debtor for each in moved})
    return Transactions(
        debtors=debtors,
        kind=ints(KINDS.index(each.kind) for each in moved),
        debtor=ints(debtors.index(each.debtor) for each in moved),
        on=ints(each.on.toordinal() for each in moved),
        minor=ints(each.minor for each in moved),
        id_of=lambda place: moved[place].id,
    )


def days(n: int) -> date:
    return ON - timedelta(days=n)


def sold(minors: Sequence[int], kind: TransactionKind = "invoice", debtor: str = "a") -> list[Transaction]:
    """One a week, the last one on the last day."""
    return [
        Transaction(kind, debtor, f"{kind}{n}", days(7 * (len(minors) - 1 - n)), minor)
        for n, minor in enumerate(minors)
    ]


@pytest.mark.parametrize("kind", ["invoice", "payment"])
def test_an_amount_far_from_the_customers_own_is_named_with_what_is_usual(kind: TransactionKind) -> None:
    usual = [10_000, 11_000, 9_000, 10_500, 10_000, 9_500, 12_000, 10_000, 10_400]
    (found,) = amounts(columns(sold([*usual, 100_000], kind)), days(30))
    assert (found.kind, found.id, found.value, found.earlier) == (f"{kind}_amount", f"{kind}9", 100_000, 9)
    assert found.usual == pytest.approx(10_000)
    assert "1,000.00\u00a0EUR" in reason(found, "EUR", "en")
    assert "100,00\u00a0EUR" in reason(found, "EUR", "fr")
    assert amounts(columns(sold([*usual, 12_500], kind)), days(30)) == []
    assert amounts(columns(sold([*usual[:7], 100_000], kind)), days(30)) == []


class Plain(NamedTuple):
    """The usual of some values by the plain rule, and the distance of another from it."""

    middle: float
    deviation: float
    distance: float

    @classmethod
    def of(cls, value: float, before: Sequence[float], least: float) -> Plain:
        middle = median(before)
        deviation = max(least, 1.4826 * median(abs(each - middle) for each in before))
        return cls(middle, deviation, abs(value - middle) / deviation)

    def anomaly(
        self, kind: AnomalyKind, of: DueOutcome | Transaction, on: date, value: int, earlier: int
    ) -> Anomaly:
        usual, low, high = (self.middle + sign * 5 * self.deviation for sign in (0, -1, 1))
        if isinstance(of, DueOutcome):
            return Anomaly(
                kind, of.customer_id, of.invoice_id, on, value, usual, low, high, earlier, self.distance
            )
        usual, low, high = math.exp(usual), math.exp(low), math.exp(high)
        return Anomaly(kind, of.debtor, of.id, on, value, usual, low, high, earlier, self.distance)


@pytest.mark.parametrize("seed", [5, 6, *range(7, 60 if os.getenv("DEEP") else 7)])
def test_each_amount_is_judged_as_a_naive_count_judges_it_and_later_ones_change_nothing(seed: int) -> None:
    dice = random.Random(seed)
    moved = [
        Transaction(dice.choice(KINDS), dice.choice("ab"), f"t{n}", days(dice.randrange(500)),
                    round(10_000 * math.exp(dice.gauss(0, 0.3) + 3 * (dice.random() < 0.1))))
        for n in range(500)
    ]  # fmt: skip
    first, expected = days(120), list[Anomaly]()
    for each in moved:
        before = [
            math.log(other.minor)
            for other in moved
            if (other.kind, other.debtor) == (each.kind, each.debtor) and 0 < (each.on - other.on).days <= 365
        ]
        if each.kind != "credit_note" and each.on >= first and len(before) >= 8:
            plain = Plain.of(math.log(each.minor), before, 0.15)
            if plain.distance >= 5:
                kind: AnomalyKind = "invoice_amount" if each.kind == "invoice" else "payment_amount"
                expected.append(plain.anomaly(kind, each, each.on, each.minor, len(before)))
    found = amounts(columns(moved), first)
    assert found == expected
    assert expected
    middle_day = days(60)
    known = amounts(columns([each for each in moved if each.on <= middle_day]), first)
    assert known == [each for each in found if each.on <= middle_day]


def debt(debtor: str, invoice: str, settled_on: date | None, delay: int, uncovered_minor: int) -> DueOutcome:
    """An invoice with its delay, or of an open one the days past due so far."""
    due_on = (settled_on or ON) - timedelta(days=delay)
    return DueOutcome("e", debtor, date.min, due_on, 9_000, uncovered_minor, settled_on, 0, (), invoice)


def settled(delay: int, n: int) -> DueOutcome:
    return debt("a", f"i{n}", days(7 * n), delay, 0)


def test_a_debt_paid_or_open_far_later_than_usual_is_named_and_one_that_is_not_due_is_not() -> None:
    usual = [settled(delay, n) for n, delay in enumerate([2, 0, 1, 3, 2, 1, 0, 2, 1], 5)]
    late = settled(60, 1)
    still_open = debt("a", "open", None, 40, 5_000)
    not_due = debt("a", "soon", None, -60, 5_000)
    covered = debt("a", "covered", None, 40, 0)
    newcomer = debt("b", "new", None, 90, 5_000)
    found = delays(DelayedDebts.of([*usual, late, still_open, not_due, covered, newcomer], ON), days(30), ON)
    assert [(each.kind, each.id, each.value, each.earlier) for each in found] == [
        ("payment_delay", "i1", 60, 9), ("unpaid", "open", 40, 10),
    ]  # fmt: skip
    assert reason(found[1], "EUR", "en").startswith("Unpaid for 40 days after the due date; usual is 1.5, ")
    assert "1,5" in reason(found[1], "EUR", "fr")


@pytest.mark.parametrize("seed", [8, 9, *range(10, 60 if os.getenv("DEEP") else 10)])
def test_each_delay_is_judged_as_a_naive_count_judges_it(seed: int) -> None:
    dice, first, debts = random.Random(seed), days(300), list[DueOutcome]()
    for n in range(600):
        on, delay = days(dice.randrange(700)), round(dice.gauss(5, 4) + 60 * (dice.random() < 0.1))
        is_open = dice.random() < 0.2
        debts.append(debt(dice.choice("ab"), f"d{n}", None if is_open else on, delay, 9 * is_open))
    expected = []
    for each in debts:
        day = each.settled_on or ON
        since = day - timedelta(days=365)
        before = [
            other.days_so_far(ON)
            for other in debts
            if other.customer_id == each.customer_id and other.settled_on and since <= other.settled_on < day
        ]
        if day >= first and len(before) >= 8:
            plain = Plain.of(each.days_so_far(ON), before, 3.0)
            if plain.distance >= 5 and (each.settled_on or each.days_so_far(ON) > plain.middle):
                kind: AnomalyKind = "payment_delay" if each.settled_on else "unpaid"
                expected.append(plain.anomaly(kind, each, day, each.days_so_far(ON), len(before)))
    assert delays(DelayedDebts.of(debts, ON), first, ON) == expected
    assert {each.kind for each in expected} == {"payment_delay", "unpaid"}


def test_values_that_are_all_equal_or_none_at_all_are_judged_too() -> None:
    (found,) = amounts(columns([*sold([500] * 9), *sold([2_000])]), days(0))
    assert (found.value, found.earlier) == (2_000, 8)
    assert found.distance == pytest.approx(math.log(4) / 0.15)
    assert amounts(columns(sold([500] * 12)), days(90)) == []
    assert amounts(columns([]), ON) == []
    assert delays(DelayedDebts.of([], ON), ON, ON) == []
    assert credit_notes(columns([]), ON) == []


def test_more_credit_notes_than_usual_are_named_by_customer() -> None:
    steady = [each for debtor in "bcd" for each in sold([1000] * 50, debtor=debtor)]
    steady += [
        Transaction("credit_note", debtor, "c", days(n), 100) for debtor in "bcd" for n in (50, 150, 250)
    ]
    own = sold([1000] * 50)
    many = [Transaction("credit_note", "a", f"c{n}", days(n), 100) for n in range(8)]
    (found,) = credit_notes(columns([*steady, *own, *many]), ON)
    assert (found.debtor, found.id, found.value, found.on) == ("a", "c0", 8, ON)
    assert found.high < 8
    everyone = [*steady, *own, *many]
    assert credit_notes(columns(everyone), ON, {"a"}) == [found]
    assert credit_notes(columns(everyone), ON, {"b"}) == []
    assert credit_notes(columns([*steady, *own, *many[:2]]), ON) == []
    assert credit_notes(columns(everyone), days(100)) == []


def test_the_probability_of_a_count_is_that_of_poisson() -> None:
    assert at_least(0, 2.0) == pytest.approx(1)
    assert at_least(1, 2.0) == pytest.approx(1 - math.exp(-2))
    assert at_least(3, 2.0) == pytest.approx(1 - 5 * math.exp(-2))
    assert at_least(2, 0.0) == 0


def money(values: Sequence[str], kind: OriginKind = "method", debtor: str = "a") -> list[MoneyOrigin]:
    """One a week, the last one on the last day."""
    return [
        MoneyOrigin(kind, debtor, f"{kind}{n}", days(7 * (len(values) - 1 - n)), value)
        for n, value in enumerate(values)
    ]


def test_a_method_or_an_account_that_no_earlier_payment_had_is_named_with_the_known_ones() -> None:
    (method,) = origins(money(["transfer"] * 7 + ["card", "cheque"]), days(3))
    assert (method.kind, method.text, method.known, method.earlier) == (
        "payment_method", "cheque", ("card", "transfer"), 8,
    )  # fmt: skip
    assert method.distance == pytest.approx(1)
    assert reason(method, "EUR", "fr") == "Payé par chèque ; les 8 paiements précédents : carte, virement."
    assert origins(money(["transfer"] * 7 + ["cheque"]), days(3)) == []
    assert origins(money(["cheque"] + ["transfer"] * 8 + ["cheque"]), days(3)) == []
    accounts = money(["FR7612345"] * 3 + ["DE8999999"], "account")
    assert origins(accounts[1:], days(0)) == [], "two earlier accounts are too few"
    (account,) = origins([*accounts, *money(["FR7612345"] * 9, "account", "b")], days(3))
    assert (account.kind, account.debtor, account.id) == ("payer_account", "a", "account3")
    assert "…9999" in reason(account, "EUR", "en")
    assert "DE89" not in reason(account, "EUR", "en")
    refund = MoneyOrigin("refund", "a", "back", days(0), "LT1200001")
    assert [each.kind for each in origins([*accounts[:3], refund], days(3))] == ["refund_account"]
    assert origins([refund], days(3)) == []
    assert origins([*accounts[:3], MoneyOrigin("refund", "a", "back", days(0), "FR7612345")], days(3)) == []
