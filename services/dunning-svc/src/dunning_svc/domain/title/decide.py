"""Rules of the title procedure: what it is open to, its days, and what ends it.

For claims between merchants that are due and not contested (Law of 23 April 2026, read from summaries; every value in
``encours/legal/title.toml`` is to be confirmed by counsel). A contest ends it: only a court can decide then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from dunning_svc.domain.title.commands import (
    ContestTitle,
    EndTitle,
    EnforceTitle,
    InvoiceStanding,
    RequestTitle,
    ServeTitle,
    TitleDebtor,
)
from dunning_svc.domain.title.eligibility import TitleObstacle, obstacles
from dunning_svc.domain.title.state import Title
from encours.contracts import Event
from encours.contracts.events.dunning.reminders import TaskCompleted, TaskRaised
from encours.contracts.events.dunning.titles import (
    TitleContested,
    TitledInvoice,
    TitleEnd,
    TitleEnded,
    TitleEnforceable,
    TitleRequested,
    TitleRules,
    TitleServed,
)
from encours.kernel.errors import FieldError, Refusal
from encours.kernel.ids import derived_id
from encours.legal.title import TitleProcedure, title_procedure

Emitted = tuple[str, Event]
"""Stream and event."""


class TitleNotOpen(Refusal):
    """The procedure is not open to some of the invoices (409)."""

    code = "title-not-open"
    title = "Procedure is not open to the invoices"
    remedy = "Leave out the invoices in `errors`; GET /v1/customers/{id}/title-eligibility has every reason."


class TitleStepRefused(Refusal):
    """The procedure is not at this step, or it has ended (409)."""

    code = "title-step-refused"
    title = "Step does not follow in the procedure"
    remedy = "Get the procedure for its status: GET /v1/titles/{id}."


class TitleDayRefused(Refusal):
    """The day does not fit the procedure (422)."""

    code = "title-day-refused"
    title = "Day does not fit the procedure"
    status = 422
    remedy = "Use a day that has come, in the order of the steps, and not before the period has run out."


def request(known: TitleDebtor, cmd: RequestTitle, today: date) -> TitleRequested:
    """Request a title. Raises :class:`TitleNotOpen` and :class:`TitleDayRefused`."""
    if cmd.notice_on is not None and cmd.notice_on > today:
        raise TitleDayRefused(f"{cmd.notice_on} has not come; today is {today}.", "/notice_on")
    wrong = [
        FieldError(f"/invoice_ids/{n}", detail)
        for n, each in enumerate(cmd.invoice_ids)
        if (detail := _against(known, each, cmd, today)) is not None
    ]
    if wrong:
        raise TitleNotOpen(wrong[0].detail, errors=tuple(wrong))
    invoices = [(each, known.invoices[each]) for each in dict.fromkeys(cmd.invoice_ids)]
    procedure = _procedure(known, invoices[0][1].entity_id, today)
    assert procedure is not None
    return TitleRequested(
        title_id=derived_id("ttl", known.customer_id, known.titles),
        customer_id=known.customer_id,
        currency=invoices[0][1].claim.currency,
        invoices=tuple(
            TitledInvoice(
                invoice_id=name,
                number=each.number,
                due_on=each.claim.due_on,
                open_minor=each.claim.open_minor,
            )
            for name, each in invoices
        ),
        amount_minor=sum(each.claim.open_minor for _, each in invoices),
        requested_on=today,
        officer=cmd.officer,
        notice_on=cmd.notice_on,
        rules=TitleRules(
            country=procedure.country,
            valid_from=procedure.valid_from,
            silence_months=procedure.silence_months,
            record_days=procedure.record_days,
            silent=procedure.silent,
            source=procedure.source,
        ),
    )


def _procedure(known: TitleDebtor, entity_id: str, day: date) -> TitleProcedure | None:
    return title_procedure(known.creditor_countries.get(entity_id, ""), day)


def _against(known: TitleDebtor, name: str, cmd: RequestTitle, today: date) -> str | None:
    """Return what stands against an invoice."""
    invoice = known.invoices.get(name)
    first = next((known.invoices[each] for each in cmd.invoice_ids if each in known.invoices), None)
    if invoice is None or first is None:
        return f"{name} is no open invoice of the customer."
    if (invoice.entity_id, invoice.claim.currency) != (first.entity_id, first.claim.currency):
        return f"{invoice.number} is of another creditor or in another currency than the first one."
    country = known.creditor_countries.get(invoice.entity_id, "")
    procedure = _procedure(known, invoice.entity_id, today)
    found: list[TitleObstacle] = list(obstacles(invoice.claim, procedure, country, known.country, today))
    if cmd.notice_on is not None:
        found = [each for each in found if each != "formal_notice_missing"]
    return f"{invoice.number}: {', '.join(found)}." if found else None


def serve(
    state: Title, cmd: ServeTitle, procedure: TitleProcedure, known: TitleDebtor, today: date
) -> list[Emitted]:
    """Record that the demand was served, with a task for the day on which non-contestation may be recorded.

    ``procedure``: that of the day of service. No event if it is recorded. Raises :class:`TitleStepRefused`,
    :class:`TitleDayRefused`.
    """
    requested = _running(state)
    if state.served is not None:
        if (state.served.served_on, state.served.reference) == (cmd.served_on, cmd.reference):
            return []
        raise TitleStepRefused(f"The demand was served on {state.served.served_on}.")
    _require_day(cmd.served_on, requested.requested_on, today, "/served_on")
    _require_claim(requested, known)
    record_from = procedure.record_from(cmd.served_on)
    served = TitleServed(
        title_id=cmd.title_id,
        customer_id=requested.customer_id,
        served_on=cmd.served_on,
        contest_until=procedure.contest_until(cmd.served_on),
        record_from=record_from,
        reference=cmd.reference,
    )
    cause = (
        f"The debtor may contest until {served.contest_until}. From {record_from} on non-contestation may be recorded "
        "(to be confirmed by counsel)."
    )
    task = _task(state, _deadline(cmd.title_id), "title", cause, today, record_from)
    return [(cmd.title_id, served), (task.task_id, task)]


def contest(state: Title, cmd: ContestTitle, today: date) -> list[Emitted]:
    """Record that the debtor contests: the procedure ends, and a person examines the objection.

    No event if it is recorded. Raises :class:`TitleStepRefused`, :class:`TitleDayRefused`.
    """
    if state.contested is not None:
        if (state.contested.contested_on, state.contested.cause) == (cmd.contested_on, cmd.cause):
            return []
        raise TitleStepRefused(f"The debtor contested on {state.contested.contested_on}.")
    requested = _running(state)
    if state.enforceable is not None:
        raise TitleStepRefused("The title is enforceable; have counsel examine the objection.")
    _require_day(cmd.contested_on, requested.requested_on, today, "/contested_on")
    task = _task(state, derived_id("tsk", "title contested", cmd.title_id), "dispute", cmd.cause, today, None)
    contested = TitleContested(
        title_id=cmd.title_id,
        customer_id=requested.customer_id,
        contested_on=cmd.contested_on,
        cause=cmd.cause,
        task_id=task.task_id,
    )
    return [(cmd.title_id, contested), (task.task_id, task), *ended(state, "contested", cmd.cause)]


def enforce(state: Title, cmd: EnforceTitle, known: TitleDebtor, today: date) -> list[Emitted]:
    """Record that the title is enforceable; no event if it is.

    Raises :class:`TitleStepRefused`, and :class:`TitleDayRefused` before non-contestation may be recorded.
    """
    requested = _running(state)
    if state.enforceable is not None:
        if (state.enforceable.enforceable_on, state.enforceable.reference) == (
            cmd.enforceable_on,
            cmd.reference,
        ):
            return []
        raise TitleStepRefused(f"The title is enforceable since {state.enforceable.enforceable_on}.")
    if state.served is None:
        raise TitleStepRefused("The demand has not been served.")
    _require_day(cmd.enforceable_on, state.served.record_from, today, "/enforceable_on")
    _require_claim(requested, known)
    made = TitleEnforceable(
        title_id=cmd.title_id,
        customer_id=requested.customer_id,
        enforceable_on=cmd.enforceable_on,
        reference=cmd.reference,
    )
    return [(cmd.title_id, made), *_deadline_met(state)]


def end(state: Title, cmd: EndTitle) -> list[Emitted]:
    """End the procedure; no event if it has ended so. Raises :class:`TitleStepRefused`."""
    if state.ended is not None and state.ended.outcome == cmd.outcome:
        return []
    _running(state)
    if cmd.outcome == "enforced" and state.enforceable is None:
        raise TitleStepRefused("The title is not enforceable yet.")
    return ended(state, cmd.outcome, cmd.note)


def overtaken(state: Title, standing: Mapping[str, InvoiceStanding], *, insolvent: bool) -> list[Emitted]:
    """End the procedure of a debtor that owes nothing of it, or against whom proceedings were opened.

    It is ``paid`` if the debtor has paid every invoice; the creditor has withdrawn what it gave up.
    """
    if state.requested is None or state.ended is not None:
        return []
    found = {standing.get(each.invoice_id, "open") for each in state.requested.invoices}
    if found == {"paid"}:
        return ended(state, "paid", None)
    if "open" not in found:
        return ended(state, "withdrawn", "Nothing is open any more, and not all of it was paid.")
    return ended(state, "insolvency", None) if insolvent else []


def ended(state: Title, outcome: TitleEnd, note: str | None) -> list[Emitted]:
    """Return the end of a procedure, with its deadline task if that is open."""
    requested = state.requested
    assert requested is not None
    event = TitleEnded(
        title_id=requested.title_id,
        customer_id=requested.customer_id,
        invoice_ids=tuple(each.invoice_id for each in requested.invoices),
        outcome=outcome,
        note=note,
    )
    return [(requested.title_id, event), *(() if state.enforceable else _deadline_met(state))]


def _running(state: Title) -> TitleRequested:
    assert state.requested is not None
    if state.ended is not None:
        raise TitleStepRefused(f"The procedure has ended: {state.ended.outcome}.")
    return state.requested


def _require_day(day: date, first: date, today: date, pointer: str) -> None:
    if not first <= day <= today:
        raise TitleDayRefused(f"The day is from {first} to {today}, not {day}.", pointer)


def _require_claim(requested: TitleRequested, known: TitleDebtor) -> None:
    """Raise :class:`TitleStepRefused` unless something is still claimed, and nothing came between since the request."""
    claims = [
        (each.number, known.invoices[each.invoice_id].claim)
        for each in requested.invoices
        if each.invoice_id in known.invoices
    ]
    if not claims:
        raise TitleStepRefused("Nothing of its invoices is open any more: end the procedure.")
    for number, claim in claims:
        if claim.disputed_minor:
            raise TitleStepRefused(
                f"{number} is disputed: record that the debtor contests, or resolve the dispute first."
            )
        if claim.placed:
            raise TitleStepRefused(f"{number} is placed with a third party: recall it first.")
        if claim.stayed:
            raise TitleStepRefused(f"{number} is part of insolvency proceedings: end the procedure.")


def _deadline(title_id: str) -> str:
    return derived_id("tsk", "title deadline", title_id)


def _deadline_met(state: Title) -> list[Emitted]:
    """Return the completion of the deadline task that the service of the demand raised."""
    if state.requested is None or state.served is None:
        return []
    task_id = _deadline(state.requested.title_id)
    done = TaskCompleted(
        task_id=task_id, customer_id=state.requested.customer_id, outcome="replaced", text=None
    )
    return [(task_id, done)]


def _task(state: Title, task_id: str, kind: str, cause: str, today: date, due_on: date | None) -> TaskRaised:
    requested = state.requested
    assert requested is not None
    return TaskRaised(
        task_id=task_id,
        customer_id=requested.customer_id,
        day=today,
        kind=kind,  # type: ignore[arg-type] # one of two
        cause=cause,
        currency=requested.currency,
        amount_minor=requested.amount_minor,
        invoice_ids=tuple(each.invoice_id for each in requested.invoices),
        reminder_id=None,
        reply_id=None,
        due_on=due_on,
    )
