"""An invoice as the debt that :mod:`encours.contracts.settlement` settles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from msgspec import Struct

from encours.contracts.insolvency import Insolvency, arose_on, stayed_from
from encours.contracts.settlement import DueSchedule, Funds, InvoiceDebt, Pause, Settlement, settlements
from invoice_svc.domain.invoice.state import Invoice

_ONE_DAY = timedelta(days=1)
MAX_FILE = 1_000
"""Most invoices that a command loads to settle the debts of a customer."""


class DebtorFile(Struct, frozen=True):
    """Streams on which the penalties of a customer rest, in one currency: ids of invoices, and of unapplied cash.

    Invoices are those that are open, and those that were settled late and not claimed since; at most one more than
    :data:`MAX_FILE`. ``records`` are the customer's, with those that were merged into it.
    """

    invoices: tuple[str, ...]
    payments: tuple[str, ...] = ()
    records: tuple[str, ...] = ()


def debt_of(state: Invoice, insolvencies: Iterable[Insolvency] = ()) -> InvoiceDebt:
    """Return what was ever owed of an issued invoice, and the payments applied to it.

    The rest that a tolerance closed counts as paid with the last of the funds. ``insolvencies`` are the proceedings of
    the debtor.
    """
    assert state.due_on is not None, "an issued invoice has a due date"
    applied = [Funds(part.received_on, part.amount_minor) for part in state.applied]
    if state.residual is not None:
        applied.append(Funds(state.residual.received_on, state.residual.amount_minor))
    return InvoiceDebt(
        invoice_id=state.invoice_id,
        due_on=state.due_on,
        owed_minor=state.owed_minor,
        contested_minor=sum(share.amount_minor for share in state.disputed),
        given_up_minor=state.written_off_minor,
        pauses=_in_turn(
            [
                *(plan.pause for plan in state.plans if plan.pause is not None),
                *(cover.pause for cover in state.covers if cover.pause is not None),
            ]
        ),
        schedules=tuple(DueSchedule(each.agreed_on, each.instalments) for each in state.schedules),
        applied=tuple(applied),
        stayed_from=stayed_from(insolvencies, arose_on(state.supply_on, state.penalises)),
    )


def _in_turn(pauses: Sequence[Pause]) -> tuple[Pause, ...]:
    """Return pauses that follow one another: where some overlap, one with the sum of their amounts."""
    last_days = {pause.last_day for pause in pauses} - {date.max}
    begins = sorted({pause.first_day for pause in pauses} | {day + _ONE_DAY for day in last_days})
    found: list[Pause] = []
    for at, first_day in enumerate(begins):
        last_day = begins[at + 1] - _ONE_DAY if at + 1 < len(begins) else date.max
        paused = sum(each.amount_minor for each in pauses if each.first_day <= first_day <= each.last_day)
        if paused:
            found.append(Pause(first_day, last_day, paused))
    return tuple(found)


def settled(debts: Iterable[InvoiceDebt], unapplied: Sequence[Funds]) -> dict[str, Settlement]:
    """Return the settlement of each debt of a debtor in one currency, as statements of interest have it.

    Each cent of unapplied cash covers one of the debts; without any, each debt is settled by itself.
    """
    if unapplied:
        return settlements(debts, unapplied)
    return {debt.invoice_id: settlements([debt])[debt.invoice_id] for debt in debts}
