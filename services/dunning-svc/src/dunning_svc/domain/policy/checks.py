"""Contradictions in a policy's document, each named where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

from dunning_svc.domain.message.shipped import ACTS, TEMPLATES
from dunning_svc.domain.policy.hours import SHORTEST_MINUTES, minutes_of
from dunning_svc.domain.policy.policy import Policy, Step, ladder_of
from encours.contracts.events.dunning.document import PolicyDocument
from encours.contracts.events.dunning.template import TemplatePurpose
from encours.kernel.errors import FieldError, Refusal

Own = Mapping[str, TemplatePurpose]
"""Purposes of the ledger's own templates by code, besides those that are shipped."""
NO_TEMPLATES: Own = MappingProxyType({})


class PolicyContradicts(Refusal):
    """The steps or limits of the policy exclude each other (422)."""

    code = "policy-contradicts-itself"
    title = "Policy contradicts itself"
    status = 422
    remedy = "Change the places listed in `errors`; each says what excludes what."


def require_consistent(document: PolicyDocument, own: Own = NO_TEMPLATES) -> None:
    """Raise :class:`PolicyContradicts` with every contradiction of the document."""
    purposes = {code: shipped.purpose for code, shipped in TEMPLATES.items()} | dict(own)
    policy = ladder_of("", 0, document)
    found = (
        *_order(document, policy.steps),
        *_templates(policy.steps, purposes),
        *_formal(policy),
        *_limit(policy),
        *_currencies(document),
        *_behaviour(document),
        *_grades(document),
        *_end(policy),
        *_hours(document),
        *_thanks(document, purposes),
        *_approvals(policy.steps),
    )
    if found:
        raise PolicyContradicts(found[0].detail, errors=found)


def _order(document: PolicyDocument, steps: Sequence[Step]) -> Iterator[FieldError]:
    if document.steps[0].counted_from == "previous_step":
        yield _at(0, "counted_from", f"{steps[0].code} is the first step: count it from the due date.")
    codes = [step.code for step in steps]
    for i, code in enumerate(codes):
        if code in codes[:i]:
            yield _at(i, "code", f"Two steps have the code {code}.")
    for i, (before, step) in enumerate(pairwise(steps), start=1):
        distance = step.offset_days - before.offset_days
        if distance <= 0:
            yield _at(i, "offset_days", f"{step.code} is not later than the step before it, {before.code}.")
        elif step.interval_days > distance:
            yield _at(
                i,
                "interval_days",
                f"{step.code} comes {distance} days after {before.code}, and requires {step.interval_days}.",
            )


def _templates(steps: Sequence[Step], purposes: Mapping[str, TemplatePurpose]) -> Iterator[FieldError]:
    for i, step in enumerate(steps):
        if not step.is_message:
            if step.template:
                yield _at(i, "template", f"{step.code} is a task, which has no template.")
        elif step.template not in purposes:
            yield _at(
                i,
                "template",
                f"{step.code} needs a template that exists: {', '.join(sorted(purposes))}.",
            )
        elif step.act not in ACTS[purposes[step.template]]:
            yield _at(
                i, "template", f"The template {step.template} is not for {step.act}, as in {step.code}."
            )
        elif step.announces != (purposes[step.template] == "announcement"):
            yield _at(
                i,
                "template",
                f"{step.code}: only steps before the due date announce, and they need a template that does.",
            )


def _formal(policy: Policy) -> Iterator[FieldError]:
    """A formal notice follows a reminder; a claim goes to court after it (French Code civil, art. 1231 and 1344)."""
    claimed = noticed = None
    for i, step in enumerate(policy.steps):
        if step.formal and step.announces:
            yield _at(i, "offset_days", f"{step.code} is a formal step before the due date.")
        elif step.formal and claimed is None:
            yield _at(i, "act", f"{step.code} is a formal step without a reminder before it.")
        elif step.act == "litigation_file" and noticed is None:
            yield _at(i, "act", f"{step.code} is a litigation file without a formal notice before it.")
        if step.act == "registered_letter":
            rest = policy.formal_notice_interval_days
            if noticed is not None and step.offset_days - noticed.offset_days < rest:
                yield _at(
                    i,
                    "offset_days",
                    f"{step.code} follows the formal notice {noticed.code} in less than the {rest} days of "
                    "formal_notice_interval_days.",
                )
            noticed = step
        if not step.announces:
            claimed = step


def _limit(policy: Policy) -> Iterator[FieldError]:
    limit = policy.contact_limit
    if limit is None:
        return
    messages = [(i, step) for i, step in enumerate(policy.steps) if step.is_message]
    for place, (i, step) in enumerate(messages):
        earlier = place - limit.messages
        if earlier >= 0 and step.offset_days - messages[earlier][1].offset_days < limit.days:
            yield _at(
                i,
                "offset_days",
                f"{step.code} would be message {limit.messages + 1} in {limit.days} days; contact_limit has "
                f"{limit.messages}.",
            )


def _currencies(document: PolicyDocument) -> Iterator[FieldError]:
    scope = document.scope
    minimums = {each.currency for each in document.minimums}
    named = {
        *scope.currencies,
        *(band.currency for band in (*scope.open_amounts, *scope.invoice_amounts)),
        *(each.currency for step in document.steps for each in step.minimums),
        *(each.currency for step in document.steps if step.approval for each in step.approval.above),
    }
    for currency in sorted(named - minimums):
        yield FieldError("/minimums", f"{currency} is named without a minimum amount.")
    bands = [("open_amounts", each) for each in scope.open_amounts]
    for name, band in bands + [("invoice_amounts", each) for each in scope.invoice_amounts]:
        pointer = f"/applies_to/{name}/{band.currency}"
        if band.below_minor is not None and band.below_minor <= band.from_minor:
            yield FieldError(pointer, f"No amount in {band.currency} is from `from` and below `below`.")
        if scope.currencies and band.currency not in scope.currencies:
            yield FieldError(pointer, f"{band.currency} is not among the currencies of applies_to.")


def _behaviour(document: PolicyDocument) -> Iterator[FieldError]:
    late = document.scope.paid_late
    if late is not None and late.below_percent is not None and late.below_percent <= late.from_percent:
        yield FieldError("/applies_to/paid_late", "No share is from `from` and below `below`.")


def _grades(document: PolicyDocument) -> Iterator[FieldError]:
    grades = document.scope.grades
    for i, grade in enumerate(grades):
        if grade in grades[:i]:
            yield FieldError(f"/applies_to/grades/{i}", f"The grade {grade} is listed twice.")


def _end(policy: Policy) -> Iterator[FieldError]:
    end = policy.ends_after_days
    for i, step in enumerate(policy.steps):
        if end is not None and step.offset_days > end:
            yield _at(
                i, "offset_days", f"{step.code} comes after the end of the ladder, {end} days past due."
            )
        if step.late_terms_hidden and not step.is_message:
            yield _at(i, "late_terms", f"{step.code} is a task, which mentions nothing.")


def _hours(document: PolicyDocument) -> Iterator[FieldError]:
    hours = document.hours
    if hours is not None and minutes_of(hours.until_time) - minutes_of(hours.from_time) < SHORTEST_MINUTES:
        yield FieldError(
            "/hours/until",
            "The hours end less than two hours after they begin; in one night of the year an hour is missing.",
        )


def _thanks(document: PolicyDocument, purposes: Mapping[str, TemplatePurpose]) -> Iterator[FieldError]:
    terms = document.thanks
    if terms is None:
        return
    if purposes.get(terms.template) != "thanks":
        usable = ", ".join(sorted(code for code, purpose in purposes.items() if purpose == "thanks"))
        yield FieldError("/thanks/template", f"A thank-you needs a template that is for it: {usable}.")
    scope = document.scope
    for customer_id in terms.customers:
        if scope.customers and customer_id not in scope.customers:
            yield FieldError("/thanks/customers", f"{customer_id} is not among the customers of applies_to.")
    for each in terms.minimums:
        if scope.currencies and each.currency not in scope.currencies:
            yield FieldError(
                f"/thanks/minimums/{each.currency}",
                f"{each.currency} is not among the currencies of applies_to.",
            )


def _approvals(steps: Sequence[Step]) -> Iterator[FieldError]:
    for i, step in enumerate(steps):
        if step.approval is None:
            continue
        if not step.is_message:
            yield _at(i, "approval", f"{step.code} is a task, which needs no approval.")
        later = steps[i + 1].offset_days if i + 1 < len(steps) else None
        if later is not None and step.offset_days + step.approval.days >= later:
            yield _at(
                i,
                "approval/days",
                f"{step.code} may wait for its approval until {steps[i + 1].code} is due; give fewer days.",
            )


def _at(step: int, name: str, detail: str) -> FieldError:
    return FieldError(f"/steps/{step}/{name}", detail)
