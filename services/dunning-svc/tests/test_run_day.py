"""A case is decided for the day that its creditor has when the ledger's day opens."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import msgspec
import pytest

from dunning_svc.domain.ladder.state import Case, LadderItem, Standing
from dunning_svc.domain.policy.arms import RunningExperiment
from dunning_svc.domain.policy.choice import ChosenPolicy, Policies, Profile
from dunning_svc.domain.policy.shipped import DEFAULT_POLICY
from dunning_svc.read_models.cases.debtors import Creditors
from dunning_svc.read_models.cases.due import DueCases
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.use_cases.experiments import new_assignments
from dunning_svc.use_cases.runs import HANDED_ON_MAX, HandedOn, OutgoingReminder, Run, decide_all
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.kernel.ids import uuid7
from encours.testing.events import event
from encours.testing.history import recorded

DUE = date(2026, 3, 31)


def due_of(time_zone: str) -> DueCases:
    item = LadderItem(
        invoice_id="inv_1", version=1, number="FAC-1", due_on=DUE, open_minor=10_000, disputed_minor=0,
        entered_on=date(2026, 1, 1), done=(), suppressed=(), events=(7,), taken=(),
    )  # fmt: skip
    case = Case(
        customer_id="cus_1", entity_id="ent_1", currency="EUR", addressee_id="cus_1", language="fr",
        email="compta@example.com", address=None, hold_until=None, decided_on=None, credit_minor=0,
        items=(item,), events=(2,),
        standing=Standing(Profile(("cus_1",), "ent_1", "EUR", 10_000), None, None, None, None),
    )  # fmt: skip
    creditor = CreditorRow(
        entity_id="ent_1",
        name="Perles",
        country="FR",
        time_zone=time_zone,
        address=None,
        iban=None,
        siren=None,
    )
    return DueCases((case,), {}, Creditors({"ent_1": creditor}), Policies())


@pytest.mark.parametrize(
    ("time_zone", "offset", "days"),
    [
        ("Europe/Paris", 3, [3]),
        ("Indian/Reunion", 3, [3]),
        ("Pacific/Tahiti", 3, []),
        ("Pacific/Tahiti", 4, [3]),
    ],
)
def test_nothing_is_claimed_before_the_day_has_begun_where_the_creditor_is(
    time_zone: str, offset: int, days: list[int]
) -> None:
    """At six in Paris it is evening of the day before in Tahiti: the reminder of the third day was sent then."""
    opened = recorded(DayOpened(day=DUE + timedelta(days=offset), late=False))
    found = [decision.day for decision, _ in decide_all(due_of(time_zone), opened, "Europe/Paris")[0]]
    assert found == [DUE + timedelta(days=n) for n in days]


def test_a_customer_that_cannot_be_decided_about_never_stops_the_others() -> None:
    """Without the facts for the choice of a policy there is no decision; the other customer has one."""
    due = due_of("Europe/Paris")
    broken = msgspec.structs.replace(due.cases[0], customer_id="cus_2", standing=None)
    opened = recorded(DayOpened(day=DUE + timedelta(days=3), late=False))
    decided, unserved = decide_all(
        dataclasses.replace(due, cases=(broken, *due.cases)), opened, "Europe/Paris"
    )
    assert [decision.customer_id for decision, _ in decided] == ["cus_1"]
    assert [(each.customer_id, each.currency) for each in unserved] == [("cus_2", "EUR")]
    assert unserved[0].cause.startswith("AssertionError")
    running = RunningExperiment("exp_1", ChosenPolicy(DEFAULT_POLICY).key, DEFAULT_POLICY, 50, 1)
    assigned = new_assignments((broken, *due.cases), Policies(experiments=[running]), DUE)
    assert [event.customer_id for event, _ in assigned] == ["cus_1"]


@pytest.mark.parametrize(("reminders", "handed_on"), [(HANDED_ON_MAX, True), (HANDED_ON_MAX + 1, False)])
def test_a_run_hands_on_all_its_reminders_or_none_which_the_outbox_then_reads_itself(
    reminders: int, handed_on: bool
) -> None:
    debtor = DebtorRow(
        customer_id="cus_1", entity_id="ent_1", name="Débiteur", language="fr", email=None, phone=None, address=None,
        hold_until=None, hold_cause=None, hold_position=0, position=1,
    )  # fmt: skip
    one = OutgoingReminder(event(ReminderRequested), debtor, Creditors()["ent_1"])
    found = HandedOn()
    for start in range(0, reminders, 500):
        found.add([one] * min(500, reminders - start))
    batch = found.batch(Run("main", DUE, uuid7(), "ent_1", reminders, 0, 0))
    assert (batch is not None) == handed_on
    if batch is not None:
        assert len(batch.reminders) == reminders
