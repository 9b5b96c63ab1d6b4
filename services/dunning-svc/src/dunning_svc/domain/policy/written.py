"""Written form of a policy's document, in JSON and YAML: amounts are decimal texts by currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import to_builtins

from encours.contracts.events.dunning.document import (
    AmountBand,
    ContactLimit,
    CurrencyMinimum,
    PaidLate,
    PolicyDocument,
    PolicyHours,
    PolicyScope,
    PolicyStep,
    PromiseTerms,
    StepApproval,
    Suspension,
    ThanksTerms,
)
from encours.contracts.events.parties.customer import FieldValue
from encours.kernel.money import format_amount, parse_amount

_LISTS = (
    "entities",
    "countries",
    "currencies",
    "segments",
    "tags",
    "salespeople",
    "customers",
    "invoice_series",
    "invoice_natures",
    "grades",
)
_FIELDS = ("fields", "invoice_fields")
DEFAULT_INTERVAL_DAYS = 7
"""Interval of a step that names none, unless the step before it is nearer."""
THANKS_TEMPLATE = "thanks"
"""Template of a thank-you that names none."""
DEFAULT_APPROVAL_DAYS = 3
"""Days for the answer to an approval that names none."""
DEFAULT_INVOICES = 5
"""Invoices that a share of late ones is counted on at least."""


def document_of(plain: Mapping[str, Any]) -> PolicyDocument:
    """Return the document of a written form that follows the schema. Raises ``Invalid`` for a wrong amount."""
    limit, promises = plain.get("contact_limit"), plain.get("promises")
    steps: list[PolicyStep] = []
    for i, each in enumerate(plain["steps"]):
        steps.append(_step(each, steps, f"/steps/{i}"))
    return PolicyDocument(
        name=plain["name"],
        description=plain.get("description", ""),
        priority=plain["priority"],
        scope=scope_of(plain.get("applies_to", {}), "/applies_to"),
        steps=tuple(steps),
        grouping=plain.get("grouping", "customer"),
        minimums=_minimums(plain["minimums"], "/minimums"),
        formal_notice_interval_days=plain.get("formal_notice_interval_days", 30),
        acts_on=plain.get("acts_on", "every_day"),
        contact_limit=ContactLimit(messages=limit["messages"], days=limit["days"]) if limit else None,
        suspended_by=_suspension(plain.get("suspended_by", {})),
        ends_after_days=plain.get("ends_after_days"),
        promises=None if promises is None else PromiseTerms(**promises),
        hours=_hours(plain.get("hours")),
        thanks=_thanks(plain.get("thanks")),
    )


def written(document: PolicyDocument) -> dict[str, Any]:
    """Return the written form of a document; :func:`document_of` reads it again."""
    plain: dict[str, Any] = {"name": document.name}
    if document.description:
        plain["description"] = document.description
    plain |= {
        "priority": document.priority,
        "applies_to": written_scope(document.scope),
        "steps": [_written_step(step) for step in document.steps],
        "grouping": document.grouping,
        "minimums": _written_minimums(document.minimums),
        "formal_notice_interval_days": document.formal_notice_interval_days,
        "acts_on": document.acts_on,
    }
    if document.contact_limit is not None:
        limit = document.contact_limit
        plain["contact_limit"] = {"messages": limit.messages, "days": limit.days}
    if document.suspended_by is not None:
        plain["suspended_by"] = {
            "dispute": document.suspended_by.dispute,
            "promise": document.suspended_by.promise,
        }
    if document.ends_after_days is not None:
        plain["ends_after_days"] = document.ends_after_days
    if document.promises is not None:
        plain["promises"] = to_builtins(document.promises)
    if document.hours is not None:
        plain["hours"] = _written_hours(document.hours)
    if document.thanks is not None:
        plain["thanks"] = _written_thanks(document.thanks)
    return plain


def _thanks(plain: Mapping[str, Any] | None) -> ThanksTerms | None:
    if plain is None:
        return None
    return ThanksTerms(
        template=plain.get("template", THANKS_TEMPLATE),
        after_reminder=plain.get("after_reminder", False),
        minimums=_minimums(plain.get("minimums", {}), "/thanks/minimums"),
        customers=tuple(plain.get("customers", ())),
    )


def _written_thanks(terms: ThanksTerms) -> dict[str, Any]:
    plain: dict[str, Any] = {"template": terms.template, "after_reminder": terms.after_reminder}
    if terms.minimums:
        plain["minimums"] = _written_minimums(terms.minimums)
    if terms.customers:
        plain["customers"] = list(terms.customers)
    return plain


def _hours(plain: Mapping[str, str] | None) -> PolicyHours | None:
    if plain is None:
        return None
    return PolicyHours(from_time=plain["from"], until_time=plain["until"], time_zone=plain.get("time_zone"))


def _written_hours(hours: PolicyHours) -> dict[str, str]:
    plain = {"from": hours.from_time, "until": hours.until_time}
    return plain if hours.time_zone is None else plain | {"time_zone": hours.time_zone}


def _suspension(plain: Mapping[str, Any]) -> Suspension | None:
    """Return the extent of suspensions; ``None`` for the usual one, however it is written."""
    found = Suspension(dispute=plain.get("dispute", "share"), promise=plain.get("promise", "invoice"))
    return None if found == Suspension(dispute="share", promise="invoice") else found


def _step(plain: Mapping[str, Any], before: list[PolicyStep], pointer: str) -> PolicyStep:
    offset, counted_from = plain["offset_days"], plain.get("counted_from", "due_date")
    interval = plain.get("interval_days")
    if interval is None:
        interval = _interval(offset, counted_from, before)
    return PolicyStep(
        code=plain["code"],
        offset_days=offset,
        counted_from=counted_from,
        act=plain["act"],
        template=plain.get("template", ""),
        interval_days=interval,
        minimums=_minimums(plain.get("minimums", {}), f"{pointer}/minimums"),
        late_terms=plain.get("late_terms", "template"),
        approval=_approval(plain.get("approval"), f"{pointer}/approval"),
    )


def _approval(plain: Mapping[str, Any] | None, pointer: str) -> StepApproval | None:
    if plain is None:
        return None
    return StepApproval(
        role=plain["role"],
        days=plain.get("days", DEFAULT_APPROVAL_DAYS),
        unanswered=plain.get("unanswered", "decline"),
        above=_minimums(plain.get("above", {}), f"{pointer}/above"),
    )


def _interval(offset_days: int, counted_from: str, before: list[PolicyStep]) -> int:
    if not before:
        return 0
    distance = offset_days if counted_from == "previous_step" else offset_days - offsets(before)[-1]
    return max(0, min(DEFAULT_INTERVAL_DAYS, distance))


def offsets(steps: Iterable[PolicyStep]) -> list[int]:
    """Return the days of the steps from the due date, negative before it."""
    found: list[int] = []
    for step in steps:
        base = found[-1] if found and step.counted_from == "previous_step" else 0
        found.append(base + step.offset_days)
    return found


def _written_step(step: PolicyStep) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "code": step.code,
        "offset_days": step.offset_days,
        "counted_from": step.counted_from,
        "act": step.act,
        "interval_days": step.interval_days,
    }
    if step.template:
        plain["template"] = step.template
    if step.minimums:
        plain["minimums"] = _written_minimums(step.minimums)
    if step.late_terms != "template":
        plain["late_terms"] = step.late_terms
    if step.approval is not None:
        asked = step.approval
        plain["approval"] = {"role": asked.role, "days": asked.days, "unanswered": asked.unanswered}
        if asked.above:
            plain["approval"]["above"] = _written_minimums(asked.above)
    return plain


def _minimums(plain: Mapping[str, str], pointer: str) -> tuple[CurrencyMinimum, ...]:
    return tuple(
        CurrencyMinimum(
            currency=currency, amount_minor=parse_amount(str(text), currency, pointer=f"{pointer}/{currency}")
        )
        for currency, text in sorted(plain.items())
    )


def _written_minimums(minimums: tuple[CurrencyMinimum, ...]) -> dict[str, str]:
    return {each.currency: format_amount(each.amount_minor, each.currency) for each in minimums}


def scope_of(plain: Mapping[str, Any], pointer: str) -> PolicyScope:
    """Return the scope of a written form. Raises ``Invalid`` for a wrong amount."""
    late = plain.get("paid_late")
    return PolicyScope(
        **{name: tuple(plain.get(name, ())) for name in _LISTS},
        fields=_fields(plain.get("fields", {})),
        invoice_fields=_fields(plain.get("invoice_fields", {})),
        open_amounts=_bands(plain, "open_amounts", pointer),
        invoice_amounts=_bands(plain, "invoice_amounts", pointer),
        paid_late=late
        and PaidLate(
            from_percent=late.get("from", 0),
            below_percent=late.get("below"),
            invoices=late.get("invoices", DEFAULT_INVOICES),
        ),
    )


def _fields(plain: Mapping[str, Iterable[str]]) -> tuple[FieldValue, ...]:
    return tuple(
        FieldValue(field_code=code, value=value) for code, values in sorted(plain.items()) for value in values
    )


def _bands(plain: Mapping[str, Any], name: str, pointer: str) -> tuple[AmountBand, ...]:
    return tuple(
        _band(currency, band, f"{pointer}/{name}/{currency}")
        for currency, band in sorted(plain.get(name, {}).items())
    )


def _band(currency: str, plain: Mapping[str, str], pointer: str) -> AmountBand:
    below = plain.get("below")
    return AmountBand(
        currency=currency,
        from_minor=parse_amount(str(plain.get("from", "0")), currency, pointer=f"{pointer}/from"),
        below_minor=None if below is None else parse_amount(str(below), currency, pointer=f"{pointer}/below"),
    )


def written_scope(scope: PolicyScope) -> dict[str, Any]:
    """Return the written form of a scope; :func:`scope_of` reads it again."""
    plain: dict[str, Any] = {name: list(values) for name in _LISTS if (values := getattr(scope, name))}
    for name in _FIELDS:
        for each in getattr(scope, name):
            plain.setdefault(name, {}).setdefault(each.field_code, []).append(each.value)
    for name, bands in (("open_amounts", scope.open_amounts), ("invoice_amounts", scope.invoice_amounts)):
        if bands:
            plain[name] = {each.currency: _written_band(each) for each in bands}
    if scope.paid_late is not None:
        late = scope.paid_late
        plain["paid_late"] = {"from": late.from_percent, "invoices": late.invoices}
        if late.below_percent is not None:
            plain["paid_late"]["below"] = late.below_percent
    return plain


def _written_band(band: AmountBand) -> dict[str, str]:
    plain = {"from": format_amount(band.from_minor, band.currency)}
    if band.below_minor is not None:
        plain["below"] = format_amount(band.below_minor, band.currency)
    return plain
