"""Effects of an incoming message: bounces and receipts of its reminder, promises, and tasks for persons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from dunning_svc.domain.promise.decide import Promising, limit, with_replaced
from dunning_svc.domain.promise.refusals import PromiseAboveOwed
from dunning_svc.domain.reminder.state import Reminder
from dunning_svc.domain.reply.commands import ConfirmFinding, ReadingRules, ReadMail, RejectFinding
from dunning_svc.domain.reply.findings import FoundStatement, ListedInvoice, ReplyContext, read_reply
from dunning_svc.domain.reply.mail import CitedReminder, DeliveryReport
from dunning_svc.domain.reply.state import Judged, Reply
from encours.contracts import Event
from encours.contracts.events.dunning.promises import PromiseMade
from encours.contracts.events.dunning.reminders import ReminderRequested, TaskRaised
from encours.contracts.events.dunning.replies import (
    BouncedStep,
    FindingConfirmed,
    FindingRejected,
    FindingStatus,
    ReminderAnswered,
    ReminderBounced,
    ReminderDelivered,
    ReminderReadByDebtor,
    ReplyFinding,
    ReplyRead,
)
from encours.kernel.errors import NotFound, Refusal
from encours.kernel.ids import derived_id

RULES_VERSION = 1
MAX_SENTENCE = 500
_MAX_DIAGNOSTIC = 500
_NAMES = {
    "promise": "Promise to pay",
    "paid": "The debtor says that it has paid",
    "dispute": "Dispute",
    "copy": "Request for a copy",
    "contact": "Another contact",
}

Emitted = tuple[str, Event]
"""Stream and event."""


class ReplyFindingNotFound(NotFound):
    """The reply has no finding of this number (404)."""

    code = "reply-finding-not-found"
    title = "Finding not found"
    remedy = "Use the number of a finding in GET /v1/replies/{id}."


class ReplyFindingDecided(Refusal):
    """The finding has been decided otherwise, or took effect by itself (409)."""

    code = "reply-finding-decided"
    title = "Finding is decided"
    remedy = "Get the reply for its status. To undo a promise, withdraw it: POST /v1/promises/{id}/withdraw."


class ReplyFindingWithoutInvoice(Refusal):
    """The message belongs to no reminder, so that it is unknown which invoices are promised (409)."""

    code = "reply-finding-without-invoice"
    title = "Invoices of the promise are unknown"
    remedy = "Reject the finding, and place a hold on the customer until the promised day."


def read(
    cmd: ReadMail,
    reminder: Reminder | None,
    cited: CitedReminder | None,
    address: str | None,
    today: date,
    promising: Promising | None = None,
) -> list[Emitted]:
    """Return the events of a message: that it was read, what it says about its reminder, and what follows.

    ``address``: the address of the addressee that a bounce is about, as dunning-svc knows it. ``promising``: basis of
    promises for the invoices of the reminder, without which none is booked.
    """
    mail, requested = cmd.mail, None if reminder is None else reminder.requested
    findings = _findings(cmd, requested, today, promising) if mail.kind == "reply" else ()
    event = ReplyRead(
        reply_id=cmd.reply_id,
        message_id=mail.message_id,
        source=cmd.source,
        kind=mail.kind,
        sender=mail.sender,
        subject=mail.subject,
        written_on=mail.written_on or today,
        content_sha256=mail.content_sha256,
        size_bytes=mail.size_bytes,
        customer_id=None if requested is None else requested.customer_id,
        reminder_id=None if requested is None else requested.reminder_id,
        matched_by=None if cited is None else cited.by,
        currency=None if requested is None else requested.currency,
        findings=findings,
        rules_version=RULES_VERSION,
    )
    emitted: list[Emitted] = [(cmd.reply_id, event)]
    if reminder is not None and requested is not None:
        emitted += _signs(cmd, reminder, requested, address, today)
        emitted += booked(event, requested, today, promising)
    return emitted


def _findings(
    cmd: ReadMail, requested: ReminderRequested | None, today: date, promising: Promising | None
) -> tuple[ReplyFinding, ...]:
    written_on = min(cmd.mail.written_on or today, today)
    listed = (
        [ListedInvoice(i.invoice_id, i.number, i.asked_minor) for i in requested.items if i.asked_minor]
        if requested
        else []
    )
    context = ReplyContext(written_on, listed, cmd.rules.promise_days_max)
    return tuple(
        _finding(
            found, listed, cmd.rules, possible=found.kind != "promise" or _possible(found, today, promising)
        )
        for found in read_reply(cmd.mail.text, context)
    )


def _possible(found: FoundStatement, today: date, promising: Promising | None) -> bool:
    """Return True for a promise with a day, within the limits of the policy, for invoices that are still open."""
    if found.on is None or promising is None:
        return False
    basis = promising.basis.about(found.invoice_ids)
    return basis.owed_minor > 0 and limit(basis, found.on, today) is None


def _finding(
    found: FoundStatement, listed: Sequence[ListedInvoice], rules: ReadingRules, *, possible: bool
) -> ReplyFinding:
    status: FindingStatus = "open" if found.confidence >= rules.ask_from else "noted"
    if found.confidence >= rules.book_from and found.invoice_ids and possible:
        status = "booked"
    return ReplyFinding(
        kind=found.kind,
        sentence=found.sentence.text[:MAX_SENTENCE],
        start=found.sentence.start,
        end=found.sentence.end,
        confidence=found.confidence,
        on=found.on,
        subject=found.subject,
        invoice_ids=found.invoice_ids,
        amount_minor=sum(each.asked_minor for each in listed if each.invoice_id in found.invoice_ids),
        status=status,
    )


def _signs(
    cmd: ReadMail, reminder: Reminder, requested: ReminderRequested, address: str | None, today: date
) -> Iterator[Emitted]:
    about = {
        "reminder_id": requested.reminder_id,
        "customer_id": requested.customer_id,
        "content_sha256": cmd.mail.content_sha256,
        "reply_id": cmd.reply_id,
    }
    stream = requested.reminder_id
    if cmd.mail.kind == "reply" and not reminder.answered:
        yield stream, ReminderAnswered(**about)
    failed = _first(cmd, "failed")
    if failed is not None and not reminder.bounced:
        yield from _bounced(cmd, requested, failed, address, today)
    delayed = _first(cmd, "delayed")
    if failed is None and delayed is not None:
        yield stream, _bounce(cmd, requested, delayed, address, permanent=False)
    delivered = _first(cmd, "delivered")
    if delivered is not None and not reminder.delivered:
        yield stream, ReminderDelivered(address=delivered.recipient, **about)
    displayed = _first(cmd, "displayed")
    if displayed is not None and not reminder.read:
        yield stream, ReminderReadByDebtor(address=displayed.recipient, **about)


def _first(cmd: ReadMail, action: str) -> DeliveryReport | None:
    return next((each for each in cmd.mail.reports if each.action == action), None)


def _bounced(
    cmd: ReadMail, requested: ReminderRequested, report: DeliveryReport, address: str | None, today: date
) -> Iterator[Emitted]:
    bounce = _bounce(cmd, requested, report, address, permanent=True)
    yield requested.reminder_id, bounce
    reason = ", ".join(part for part in (bounce.smtp_status, bounce.diagnostic) if part)
    yield from _task(
        derived_id("tsk", "bounce", requested.reminder_id),
        "address",
        f"Mail to {bounce.address} came back" + (f": {reason}" if reason else ""),
        customer_id=requested.customer_id,
        currency=requested.currency,
        amount_minor=requested.amount_minor,
        invoice_ids=tuple(item.invoice_id for item in requested.items),
        reminder_id=requested.reminder_id,
        reply_id=cmd.reply_id,
        today=today,
    )


def _bounce(
    cmd: ReadMail,
    requested: ReminderRequested,
    report: DeliveryReport,
    address: str | None,
    *,
    permanent: bool,
) -> ReminderBounced:
    steps = [BouncedStep(invoice_id=item.invoice_id, step=item.step) for item in requested.items if item.step]
    return ReminderBounced(
        reminder_id=requested.reminder_id,
        customer_id=requested.customer_id,
        addressee_id=requested.addressee_id or requested.customer_id,
        address=address or report.recipient or "",
        permanent=permanent,
        smtp_status=report.status,
        diagnostic=report.diagnostic and report.diagnostic[:_MAX_DIAGNOSTIC],
        content_sha256=cmd.mail.content_sha256,
        reply_id=cmd.reply_id,
        steps=tuple(steps) if permanent else (),
    )


def booked(
    event: ReplyRead, requested: ReminderRequested, today: date, promising: Promising | None
) -> Iterator[Emitted]:
    """Yield the promises of each booked one, and one task for all other booked findings."""
    others = []
    for number, finding in enumerate(event.findings, 1):
        if finding.status == "booked" and finding.kind == "promise":
            assert finding.on is not None
            assert promising is not None
            yield from _promises(event, requested, number, finding, finding.on, promising)
        elif finding.status == "booked":
            others.append(finding)
    if others:
        yield from _reply_task(event, derived_id("tsk", "reply", event.reply_id), others, today)


def _promises(
    event: ReplyRead,
    requested: ReminderRequested,
    number: int,
    finding: ReplyFinding,
    on: date,
    promising: Promising,
) -> Iterator[Emitted]:
    """Yield a promise of each debtor whose invoices a finding names: a message to a payer may list those of several."""
    assert event.currency is not None
    asked = {item.invoice_id: item.asked_minor for item in requested.items}
    about = promising.basis.about(finding.invoice_ids)
    for n, (customer_id, basis) in enumerate(about.by_debtor().items()):
        invoice_ids = tuple(each.invoice_id for each in basis.invoices)
        amount_minor = min(sum(asked.get(each, 0) for each in invoice_ids), basis.owed_minor)
        if not amount_minor:
            continue
        made = PromiseMade(
            promise_id=derived_id("prm", "reply", event.reply_id, number, *([n] if n else [])),
            customer_id=customer_id,
            invoice_ids=invoice_ids,
            currency=event.currency,
            amount_minor=amount_minor,
            promised_on=on,
            suspended_until=basis.suspended_until(on),
            source="reply",
            reply_id=event.reply_id,
            text=finding.sentence,
            credit_minor=basis.credits.get(customer_id, 0),
        )
        yield from with_replaced(made, promising.earlier)


def _reply_task(
    event: ReplyRead, task_id: str, findings: Sequence[ReplyFinding], today: date
) -> Iterator[Emitted]:
    said = [f"{_NAMES[f.kind]}{f' ({f.subject})' if f.subject else ''}: {f.sentence}" for f in findings]
    yield from _task(
        task_id,
        "reply",
        "\n".join(said),
        customer_id=event.customer_id or "",
        currency=event.currency,
        amount_minor=max(f.amount_minor for f in findings),
        invoice_ids=tuple(dict.fromkeys(i for f in findings for i in f.invoice_ids)),
        reminder_id=event.reminder_id,
        reply_id=event.reply_id,
        today=today,
    )


def _task(task_id: str, kind: str, cause: str, *, today: date, **about: object) -> Iterator[Emitted]:
    yield task_id, TaskRaised(task_id=task_id, kind=kind, cause=cause, day=today, **about)  # type: ignore[arg-type]


def confirm(
    state: Reply,
    cmd: ConfirmFinding,
    today: date,
    promising: Promising | None = None,
    requested: ReminderRequested | None = None,
) -> list[Emitted]:
    """Confirm a finding, with its effects; none if it is confirmed already. ``requested``: its reminder.

    Raises :class:`ReplyFindingNotFound`, :class:`ReplyFindingDecided`, :class:`ReplyFindingWithoutInvoice`, and for a
    promise the refusals of its limits.
    """
    event, finding = _open(state, cmd.finding, "confirmed")
    if finding is None:
        return []
    on = cmd.on or finding.on
    emitted: list[Emitted] = [
        (
            cmd.reply_id,
            FindingConfirmed(
                reply_id=cmd.reply_id,
                customer_id=event.customer_id,
                finding=cmd.finding,
                on=on,
                note=cmd.note,
            ),
        )
    ]
    if finding.kind != "promise":
        task_id = derived_id("tsk", "reply", cmd.reply_id, cmd.finding)
        return [*emitted, *(_reply_task(event, task_id, [finding], today) if event.customer_id else ())]
    if requested is None or promising is None or not finding.invoice_ids or on is None:
        raise ReplyFindingWithoutInvoice("The reply names no invoice of a reminder, or no day.")
    basis = promising.basis.about(finding.invoice_ids)
    if (refusal := limit(basis, on, today)) is not None:
        raise refusal
    if not basis.owed_minor:
        raise PromiseAboveOwed("Nothing is open on the invoices of the promise.", "/finding")
    return [*emitted, *_promises(event, requested, cmd.finding, finding, on, promising)]


def reject(state: Reply, cmd: RejectFinding) -> list[Emitted]:
    """Reject a finding, or close the message; none if it is so already.

    Raises :class:`ReplyFindingNotFound`, :class:`ReplyFindingDecided`.
    """
    assert state.read is not None
    if cmd.finding is None:
        if state.closed:
            return []
    elif _open(state, cmd.finding, "rejected")[1] is None:
        return []
    rejected = FindingRejected(
        reply_id=cmd.reply_id, customer_id=state.read.customer_id, finding=cmd.finding, note=cmd.note
    )
    return [(cmd.reply_id, rejected)]


def _open(state: Reply, number: int, wanted: Judged) -> tuple[ReplyRead, ReplyFinding | None]:
    """Return the finding to decide; None if it is decided in that way already."""
    assert state.read is not None
    if not 1 <= number <= len(state.read.findings):
        raise ReplyFindingNotFound(f"{state.read.reply_id} has {len(state.read.findings)} findings.")
    status = state.status_of(number)
    if status == wanted:
        return state.read, None
    if status in ("confirmed", "rejected", "booked"):
        raise ReplyFindingDecided(f"Finding {number} is {status}.")
    return state.read, state.read.findings[number - 1]
