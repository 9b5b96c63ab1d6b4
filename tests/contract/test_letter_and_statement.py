"""One figure: a letter states the recovery fee and the rate of the invoice's interest statement."""

from __future__ import annotations

from functools import reduce

import pytest

from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.use_cases.messages import written
from encours.contracts import Event
from encours.contracts.common import Terms
from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.contracts.events.money.penalty import (
    PenaltiesClaimed,
    PenaltiesWaived,
    PenaltyClaimCancelled,
    PenaltyWaiverReversed,
)
from encours.contracts.settlement import settlements
from encours.kernel.money import money_text
from encours.legal.packs import law_of
from encours.testing.events import event
from invoice_svc.domain.interest.account import InterestAccount, account_of
from invoice_svc.domain.interest.debt import debt_of
from invoice_svc.domain.invoice.evolve import evolve
from invoice_svc.domain.invoice.state import Invoice
from tests.histories.dunning import CUS, ENT, History

FEE = "indemnité"


def letter_and_statement(
    rate_bps: int | None, fee_minor: int, *later: type[Event]
) -> tuple[str, InterestAccount]:
    """Return the letter 30 days after the due date, and the interest account of that day.

    ``later`` are types of events about the fee alone, which come after the issue.
    """
    history = History()
    terms = Terms(due_kind="NET", days=10, penalty_rate_bps=rate_bps, indemnity_minor=fee_minor)
    history.issue(10, 1_200_000, terms)
    (invoice_id,) = history.open
    for kind in later:
        changed = event(
            kind,
            invoice_id=invoice_id,
            customer_id=CUS,
            interest_minor=0,
            indemnity_minor=fee_minor,
        )
        history.add(changed, invoice_id)
    for _ in range(40):
        history.open_day()
    reminder = history.decided[-1][1]
    assert isinstance(reminder, ReminderRequested)
    customer, creditor = history.rows.get(DebtorRow, CUS), history.rows.get(CreditorRow, ENT)
    assert customer is not None
    assert creditor is not None
    (item,) = reminder.items
    state = reduce(evolve, (e for e in history.events if e.stream == item.invoice_id), Invoice())
    settlement = settlements([debt_of(state)])[state.invoice_id]
    found = account_of(state, settlement, reminder.day, law_of("FR"))
    return written(reminder, customer, creditor).message.text, found


@pytest.mark.parametrize("fee_minor", [4_000, 10_000, 1_234])
def test_the_fee_in_the_letter_is_that_of_the_statement(fee_minor: int) -> None:
    text, found = letter_and_statement(None, fee_minor)
    assert f"{FEE} forfaitaire de {money_text(found.to_claim.indemnity_minor, 'EUR', 'fr')} " in text


def test_a_letter_about_an_invoice_without_a_fee_states_none() -> None:
    text, found = letter_and_statement(None, 0)
    assert found.to_claim.indemnity_minor == 0
    assert FEE not in text


@pytest.mark.parametrize("rate_bps", [1_250, 900])
def test_the_rate_in_the_letter_is_that_of_the_statement(rate_bps: int) -> None:
    text, found = letter_and_statement(rate_bps, 4_000)
    (rate,) = {segment.rate_bps for segment in found.due.segments}
    assert f"{rate // 100},{rate % 100:02} %" in text


def test_without_penalties_in_the_statement_the_letter_mentions_none() -> None:
    text, found = letter_and_statement(0, 4_000)
    assert found.due.interest_minor == 0
    assert "pénalités" not in text


@pytest.mark.parametrize("taken", [PenaltiesWaived, PenaltiesClaimed])
def test_a_fee_that_was_waived_or_claimed_by_a_document_is_not_in_the_letter(taken: type[Event]) -> None:
    text, found = letter_and_statement(None, 4_000, taken)
    assert found.to_claim.indemnity_minor == 0
    assert FEE not in text


@pytest.mark.parametrize(
    "events", [(PenaltiesWaived, PenaltyWaiverReversed), (PenaltiesClaimed, PenaltyClaimCancelled)]
)
def test_a_fee_that_can_be_claimed_again_is_in_the_letter(events: tuple[type[Event], ...]) -> None:
    text, found = letter_and_statement(None, 4_000, *events)
    assert f"{FEE} forfaitaire de {money_text(found.to_claim.indemnity_minor, 'EUR', 'fr')} " in text
