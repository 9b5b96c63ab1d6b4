"""Plans of the turnover: whole versions, one target for each month and group, and totals of complete months."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from encours.contracts.events.figure import TurnoverPlanSet, TurnoverTarget
from encours.kernel.errors import Invalid
from reporting_svc.domain.turnover_plan import SetTurnoverPlan, TurnoverPlanState, set_plan
from reporting_svc.http.turnover_plans.answers import PlannedAmountOut, TurnoverPlanOut
from reporting_svc.http.turnover_plans.bodies import TurnoverPlanBody
from reporting_svc.read_models.turnover.plans import PlannedMonth, totals_of

ENTITY, CUSTOMER = "ent_" + "1" * 32, "cus_" + "2" * 32
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


def command(by: str = "product", *targets: dict[str, Any], **changes: Any) -> SetTurnoverPlan:
    body = {"entity_id": ENTITY, "code": "budget", "title": "Budget", "currency": "EUR", "by": by}
    found = targets or ({"month": "2026-01", "product": "tyre", "billed": "10.00"},)
    return TurnoverPlanBody.model_validate(body | {"targets": list(found)} | changes).to_command()


def state_of(plan: TurnoverPlanSet) -> TurnoverPlanState:
    return TurnoverPlanState(ENTITY, plan, JANUARY)


def test_the_next_version_replaces_the_plan_and_the_same_plan_makes_none() -> None:
    (first,) = set_plan(TurnoverPlanState(), command())
    assert (first.plan_version, first.targets) == (
        1,
        (TurnoverTarget(month=JANUARY, group="tyre", billed_minor=1_000),),
    )
    assert set_plan(state_of(first), command()) == []
    (second,) = set_plan(state_of(first), command("entity", {"month": "2026-01", "collected": "7.00"}))
    assert (second.plan_version, second.by) == (2, "entity")
    with pytest.raises(Invalid, match="another code"):
        set_plan(state_of(first), command(currency="USD"))


@pytest.mark.parametrize(
    ("by", "targets", "pointer"),
    [
        ("product", ({"month": "2026-01", "billed": "1"},), "/targets/0"),
        ("entity", ({"month": "2026-01", "product": "tyre", "billed": "1"},), "/targets/0/product"),
        ("customer", ({"month": "2026-01", "product": "tyre", "billed": "1"},), "/targets/0/product"),
        ("customer", ({"month": "2026-01", "salesperson": "Ann", "billed": "1"},), "/targets/0/salesperson"),
        ("salesperson", ({"month": "2026-01", "billed": "1"},), "/targets/0"),
        ("entity", ({"month": "2026-01"},), "/targets/0"),
        ("entity", ({"month": "2026-01", "billed": "1.234"},), "/targets/0/billed"),
        ("entity", ({"month": "2026-01", "billed": "1"}, {"month": "2026-01", "billed": "2"}), "/targets/1"),
    ],
)
def test_a_target_that_clashes_is_refused_where_it_stands(
    by: str, targets: tuple[dict[str, Any], ...], pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        set_plan(TurnoverPlanState(), command(by, *targets))
    assert refused.value.errors[0].pointer == pointer


@pytest.mark.parametrize("month", ["0000-01", "0001-01", "1899-12", "2200-01", "2026-13", "2026-1"])
def test_a_month_is_one_about_which_reports_can_be_asked(month: str) -> None:
    with pytest.raises(ValidationError, match="month"):
        command("entity", {"month": month, "billed": "1"})


def test_a_target_of_a_salesperson_is_shown_as_it_was_set() -> None:
    (plan,) = set_plan(
        TurnoverPlanState(),
        command("salesperson", {"month": "2026-01", "salesperson": "Ann", "billed": "5.00"}),
    )
    assert [each.group for each in plan.targets] == ["Ann"]
    (shown,) = TurnoverPlanOut.of(state_of(plan))["targets"]
    assert (shown["salesperson"], shown["customer_id"], shown["product"]) == ("Ann", None, None)


def test_totals_are_of_complete_months_and_say_null_where_nothing_was_planned() -> None:
    rows = [
        PlannedMonth(JANUARY, "tyre", True, 1_000, 900, None, 50),
        PlannedMonth(JANUARY, "book", True, None, 30, None, 0),
        PlannedMonth(FEBRUARY, "tyre", False, 1_000, 10, 500, 5),
    ]
    assert totals_of(rows) == (1_000, 930, None, 50)
    shown = PlannedAmountOut.of(1_000, 930, "EUR")
    assert (shown["difference"]["amount"], shown["percent"]) == ("-0.70", -7.0)
    assert PlannedAmountOut.of(None, 50, "EUR")["difference"] is None
    assert PlannedAmountOut.of(0, 50, "EUR")["percent"] is None
