"""Grades as days open, before any model was activated: who moved, who is late, and everybody in turn."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec.structs import replace

from encours.contracts import Event
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.credit_policy import CreditPolicySet
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered
from encours.contracts.events.risk_terms import RiskTermsProposed, RiskTermsRule
from encours.contracts.events.score import ScoreGraded
from encours.kernel.ids import derived_id
from encours.ledger import Ledger
from encours.testing.events import event, issued, received
from encours.testing.servers import Installation
from risk_svc.domain.policy import policy_of
from risk_svc.domain.score.history import InvoiceOutcome, PayerHistory
from risk_svc.domain.score.shipped import SHIPPED
from risk_svc.read_models.credit.grades import TURNS
from risk_svc.use_cases.decisions.period import CreditPeriod, reperform_credit
from risk_svc.use_cases.grading import GradesOfDay
from risk_svc.use_cases.policy_looks import FollowPolicies
from tests.integration.test_credit_looks import GRADED, LAST, ledger_of

ISSUED = date(2024, 11, 20)
"""So long before that the weight of one late payment fades below the bound of C and B within the turns."""
PAID: dict[str, tuple[int, int]] = {
    **{f"faded {n}": (1, 7) for n in range(12)},
    "advance": (6, -20),
    "slow": (2, 25),
    "no invoice": (0, 0),
}
"""Number of invoices of each customer, and days after the due date on which they were paid."""
LATE = "late"
"""Customer whose invoice is open."""


def graded_by_hand(day: date) -> dict[str, str]:
    """Grades of the customers that have paid something."""
    issued_on = ISSUED.toordinal()
    found: dict[str, str] = {}
    for name, (invoices, after) in PAID.items():
        outcome = InvoiceOutcome(issued_on, issued_on + 30, issued_on + 30 + after)
        forecast = SHIPPED.forecast_at_end_of(PayerHistory("", (outcome,) * invoices), day.toordinal())
        if invoices:
            found[customer(name)] = forecast.grade
    return found


def customer(name: str) -> str:
    return derived_id("cus", f"of days {name}")


def registered(name: str) -> Event:
    return event(CustomerRegistered, customer_id=customer(name), entity_id=GRADED)


def bills(name: str, invoices: int, issued_on: date = ISSUED) -> list[Event]:
    return [
        replace(
            issued(100_00, invoice_id=derived_id("inv", f"{name} {n}"), customer_id=customer(name)),
            number=f"{customer(name)[-6:]}-{n}",
            issued_on=issued_on,
            due_on=issued_on + timedelta(days=30),
        )
        for n in range(invoices)
    ]


def payments(after: int) -> list[Event]:
    """Money of the customers that paid all so many days after the due date."""
    return [
        received(invoices * 100_00, payment_id=derived_id("pay", name), customer_id=customer(name))
        for name, (invoices, paid) in PAID.items()
        if invoices and paid == after
    ]


async def grades(name: str, ledger: Ledger) -> list[ScoreGraded]:
    found = await ledger.read_types(name, [ScoreGraded.TYPE], 0, 500)
    return [e.data for e in found if isinstance(e.data, ScoreGraded)]


async def test_everybody_is_graded_by_the_model_that_is_shipped_as_days_open(
    module_installation: Installation,
) -> None:
    given = [event(EntityRegistered, entity_id=GRADED), *map(registered, PAID), registered(LATE)]
    given += [bill for name, (invoices, _) in PAID.items() for bill in bills(name, invoices)]
    rule = RiskTermsRule(kind="deposit", grades=("E",), share_bps=5_000)
    policy = event(
        CreditPolicySet, credit_policy_id=policy_of(GRADED), entity_id=GRADED, version=1, terms_rules=(rule,)
    )
    async with ledger_of(module_installation, (GRADED, [*given, policy])) as (name, ledger, db, project):
        for after in (-20, 7, 25):
            await project(*payments(after), on=ISSUED + timedelta(days=30 + after))
        days = GradesOfDay(ledger, db)

        async def open_day(day: date, *before: Event) -> None:
            """Open a day, and do its work twice: the work of a day that was interrupted is done again."""
            await project(*before, DayOpened(day=day, late=False), on=day)
            opened = (await ledger.read_types(name, [DayOpened.TYPE], 0, 100))[-1]
            for _ in range(2):
                await days.open_day(opened, day)

        # An older version of the software opened the first day, and graded nobody.
        await project(DayOpened(day=LAST - timedelta(days=1), late=False), on=LAST - timedelta(days=1))
        await open_day(LAST)
        first = {each.customer_id for each in await grades(name, ledger)}
        assert len(first) < len(PAID) // 2, "not all customers of an old ledger on one day"
        opened = (await ledger.read_types(name, [DayOpened.TYPE], 0, 100))[-1]
        for turn in range(1, TURNS):
            await days.open_day(opened, LAST + timedelta(days=turn))
        last = LAST + timedelta(days=TURNS - 1)
        by_hand = graded_by_hand(last)
        assert {each.customer_id: each.grade for each in await grades(name, ledger)} == by_hand
        assert {each.model_version for each in await grades(name, ledger)} == {"default-1"}

        # Who moved is graded on the next day, and who owes on each day on which the grade is another.
        ageing: list[str] = []
        issued_on = last - timedelta(days=31)
        await open_day(last + timedelta(days=1), *bills(LATE, 3, issued_on))
        for days_on in (1, 30, 120):
            await project()
            await open_day(last + timedelta(days=days_on + 1))
            ageing = [each.grade for each in await grades(name, ledger) if each.customer_id == customer(LATE)]
        assert ageing == ["C", "D", "E"]
        await project()
        await FollowPolicies(ledger, db).look(name)
        (proposed,) = await ledger.read_types(name, [RiskTermsProposed.TYPE], 0, 10)
        assert isinstance(proposed.data, RiskTermsProposed)
        assert proposed.data.customer_id == customer(LATE)
        period, calls = CreditPeriod(LAST, date(2027, 1, 1)), list[None]()
        again = await reperform_credit(ledger, db, name, period, None, lambda: calls.append(None))
        assert again.decisions[ScoreGraded.TYPE] == len(await grades(name, ledger)) == len(by_hand) + 3
        assert (again.mismatches, bool(calls)) == ([], True)
