"""Verdicts of a limit policy on a past order, and the loss that is left of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from encours.contracts.events.credit_policy import HoldRules
from risk_svc.domain.backtest.effect import EffectSums, OrderLine
from risk_svc.domain.backtest.judge import CustomerThen, OrderSeen, PastAmount, PastOrder, judge, without
from risk_svc.domain.backtest.losses import InvoiceLoss, Secured, outcome
from risk_svc.domain.backtest.policy import PRESENT, LimitPolicy
from risk_svc.domain.exposure import ExposureItem
from risk_svc.domain.hold import HoldInForce
from risk_svc.domain.limit import ApprovedLimit
from risk_svc.domain.picture import Picture
from risk_svc.domain.score.shipped import SHIPPED

DAY = date(2026, 3, 31)
LIMIT = ApprovedLimit("lim_1", 1_000_00, "EUR", 30, None)


def item(name: str, minor: int, due_on: date) -> tuple[str, ExposureItem]:
    return "EUR", ExposureItem(name, name, due_on, due_on, minor, minor, 0, minor, None, due_on)


def held(cause: str) -> HoldInForce:
    return HoldInForce("chd_1", cause, DAY, None, "")


def verdict(
    policy: LimitPolicy, picture: Picture, minor: int = 100_00, **more: Any
) -> tuple[str, tuple[str, ...]]:
    order = PastOrder("inv_1", "invoice", "cus_1", minor, "EUR", DAY, None, 9)
    customer = CustomerThen(picture, **more)
    found = judge(policy, order, OrderSeen(customer, customer, SHIPPED, 9)).verdict
    return found.decision, found.reasons


@pytest.mark.parametrize(
    ("policy", "picture", "more", "expected"),
    [
        (PRESENT, {}, {}, ("accept", ("within-limit",))),
        (PRESENT, {"limit": None}, {}, ("refer", ("no-limit",))),
        (PRESENT, {"holds": (held("days_past_due"),)}, {}, ("refuse", ("on-hold",))),
        (LimitPolicy(holds=HoldRules()), {"holds": (held("days_past_due"),)}, {}, ("accept", ("within-limit",))),
        (LimitPolicy(holds=HoldRules()), {"holds": (held("by_hand"),)}, {}, ("refuse", ("on-hold",))),
        (LimitPolicy(holds=HoldRules(insolvency=True)), {"insolvent": True}, {}, ("refuse", ("on-hold", "insolvency"))),
        (LimitPolicy(max_days_past_due=5), {"items": (item("F1", 1_00, date(2026, 3, 20)),)}, {},
         ("refuse", ("overdue-beyond-days",))),
        (LimitPolicy(holds=HoldRules(dunning_steps=("J+3",))), {"items": (item("F1", 1_00, date(2026, 3, 20)),)},
         {"step": "J+3", "stepped_on": date(2026, 3, 23)}, ("refuse", ("on-hold",))),
        (LimitPolicy(holds=HoldRules(dunning_steps=("J+3",))), {"items": (item("F1", 1_00, date(2026, 3, 20)),)},
         {"step": "J+3", "stepped_on": date(2026, 3, 1)}, ("accept", ("within-limit",))),
        (LimitPolicy(holds=HoldRules(broken_promises=2)), {"items": (item("F1", 1_00, date(2026, 3, 20)),)},
         {"broken_promises": 2}, ("refuse", ("on-hold",))),
    ],
)  # fmt: skip
def test_each_rule_of_a_policy_counts_by_itself(
    policy: LimitPolicy, picture: dict[str, Any], more: dict[str, Any], expected: tuple[str, tuple[str, ...]]
) -> None:
    seen = Picture("cus_1", "ent_1", "Dupont", limit_holder_id="cus_1", limit=LIMIT)
    assert verdict(policy, replace(seen, **picture), **more) == expected


def test_grades_are_referred_or_refused_unless_money_covers_the_order() -> None:
    late = tuple(item(f"F{n}", 1_00, date(2025, 12, n + 1)) for n in range(8))
    seen = Picture(
        "cus_1", "ent_1", "Dupont", limit_holder_id="cus_1", limit=replace(LIMIT, max_days_past_due=400)
    )
    bad, lenient = replace(seen, items=late), LimitPolicy(refer_grades=())
    assert verdict(PRESENT, bad) == ("refer", ("weak-payment-behaviour",))
    assert verdict(lenient, bad) == ("accept", ("within-limit",))
    assert verdict(LimitPolicy(refer_grades=(), refuse_grades=("D", "E")), bad) == (
        "refuse",
        ("grade-refused",),
    )
    rich = replace(bad, unapplied={"EUR": 900_00})
    assert verdict(LimitPolicy(refuse_grades=("D", "E")), rich) == ("accept", ("prepaid",))


def test_what_is_refused_is_absent_from_all_who_share_the_limit() -> None:
    other = Picture("cus_2", "ent_1", "Shop", items=(item("F2", 5_00, DAY), item("F3", 7_00, DAY)))
    seen = Picture("cus_1", "ent_1", "Head", drafts={"EUR": 40_00}, reserved={"EUR": 9_00}, others=(other,))
    amounts = [PastAmount("cus_1", "drafts", "EUR", 30_00), PastAmount("cus_1", "reserved", "EUR", 9_00)]
    left = without(seen, {"F3"}, [*amounts, PastAmount("cus_3", "drafts", "EUR", 1_00)])
    assert left.exposure("EUR", DAY).total_minor == 10_00 + 5_00
    assert without(seen, set(), []) is seen


@pytest.mark.parametrize(
    ("loss", "secured", "left"),
    [
        (InvoiceLoss("F1", 9, DAY, 120_00), Secured(100_00, 120_00), 100_00),
        (InvoiceLoss("F1", 9, DAY, 120_00), Secured(None, 120_00), 120_00),
        (InvoiceLoss("F1", 9, DAY, 60_00), Secured(100_00, 120_00, 120_00, 90_00), 12_50),
        (InvoiceLoss("F1", 9, DAY, 120_00), Secured(100_00, 120_00, 120_00, 90_00, 10_00), 15_00),
        (InvoiceLoss("F1", 9, DAY, 0, 70_00), Secured(100_00, 120_00, guaranteed_minor=500_00), 0),
    ],
)
def test_a_loss_is_net_of_vat_then_cover_then_guarantees(
    loss: InvoiceLoss, secured: Secured, left: int
) -> None:
    found = outcome([], [(loss, secured)], DAY)
    assert (found.kind, found.loss_minor) == ("lost", left)


def test_an_order_is_paid_open_credited_or_not_billed() -> None:
    _, opened = item("F1", 5_00, date(2026, 3, 1))
    paid = replace(opened, open_minor=0, uncovered_minor=0, settled_on=date(2026, 3, 11))
    credited = replace(opened, open_minor=0, uncovered_minor=0)
    found = [outcome(items, [], DAY) for items in ([opened], [paid], [credited], [])]
    assert [each.kind for each in found] == ["open", "paid", "credited", "not_billed"]
    assert [each.days_late for each in found] == [30, 10, 0, 0]


def test_effects_add_up_over_months_and_customers() -> None:
    def line(number: int, decision: Any, outcome: Any, loss: int) -> OrderLine:
        return event_line(
            f"inv_{number}", f"cus_{number % 2}", date(2026, number, 1), decision, outcome, loss
        )

    sums = EffectSums()
    lines = [
        line(1, "refuse", "paid", 0),
        line(2, "refuse", "lost", 30),
        line(3, "accept", "lost", 7),
        line(4, "refer", "open", 0),
    ]
    customers = sums.add(lines)
    (total,) = sums.sums("totals")
    assert (total.policy.losses_avoided_minor, total.policy.losses_accepted_minor) == (30, 7)
    assert (total.policy.good_blocked_minor, total.present.refused) == (100, 0)
    assert [each.key for each in sums.sums("months")] == ["2026-01", "2026-02", "2026-03", "2026-04"]
    assert sum(each.policy.refused for each in customers) == total.policy.refused == 2


def event_line(order: str, customer: str, day: date, decision: Any, outcome: Any, loss: int) -> OrderLine:
    return OrderLine(
        order_id=order, kind="invoice", customer_id=customer, entity_id="ent_1", currency="EUR", day=day,
        amount_minor=100, accepted=True, decision=decision, reasons=[], limit_minor=None, limit_currency="EUR",
        grade=None, present="accept", present_reasons=[], outcome=outcome, loss_minor=loss,
    )  # fmt: skip
