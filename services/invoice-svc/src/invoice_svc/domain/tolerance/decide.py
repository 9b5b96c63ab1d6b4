"""Rules of the setting of tolerances."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from encours.contracts.events.money.residual import ResidualReason, ToleranceSet
from encours.kernel.errors import Invalid, Refusal
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.legal import rows_of
from invoice_svc.domain.tolerance.commands import SetTolerance

MAX_CODES = 500
_OVERPAID: frozenset[ResidualReason] = frozenset({"cent", "exchange"})


class ToleranceFixed(Refusal):
    """The code has closed residuals for another reason, currency or scope (409)."""

    code = "tolerance-fixed"
    title = "Tolerance cannot be changed so"
    remedy = "Keep reason, currency and scope of the code, or set another code; a cap of 0 ends a tolerance."


class TooManyTolerances(Refusal):
    """The entity has as many codes as it may have (409)."""

    code = "too-many-tolerances"
    title = "Too many tolerances"
    remedy = "Give customers a tag and set one tolerance for the tag."


def set_tolerance(state: Entity, command: SetTolerance) -> list[ToleranceSet]:
    """Set the tolerance; no event if the code's last setting is the same."""
    _check(command)
    known = [each for each in state.tolerances if each.code == command.code]
    if not known and len({each.code for each in state.tolerances}) >= MAX_CODES:
        raise TooManyTolerances(f"{state.name} has {MAX_CODES} tolerances.")
    by_law = _accounts(command.reason, state.country, command)
    last = max(known, key=lambda each: each.version, default=None)
    wanted = ToleranceSet(
        entity_id=state.entity_id,
        code=command.code,
        version=last.version + 1 if last else 1,
        reason=command.reason,
        currency=command.currency,
        cap_minor=command.cap_minor,
        share_bps=command.share_bps,
        late_days=command.late_days,
        overpayment=command.overpayment,
        account=command.account or by_law.get("account") or None,
        income_account=command.income_account or by_law.get("income_account") or None,
        debtor_id=command.customer_id,
        segment=command.segment,
        tag=command.tag,
        valid_from=command.valid_from,
    )
    if last is not None and _fixed(last) != _fixed(wanted):
        raise ToleranceFixed(
            f"{command.code} is for {last.reason} in {last.currency}, {scope_of(last)}; that is for good."
        )
    return [] if last == replace(wanted, version=wanted.version - 1) else [wanted]


def scope_of(tolerance: ToleranceSet) -> str:
    """Return the debtors of a tolerance in words."""
    if tolerance.debtor_id is not None:
        return f"customer {tolerance.debtor_id}"
    if tolerance.tag is not None:
        return f"tag {tolerance.tag}"
    return "all customers" if tolerance.segment is None else f"segment {tolerance.segment}"


def _check(command: SetTolerance) -> None:
    scopes = [command.customer_id, command.segment, command.tag]
    if sum(scope is not None for scope in scopes) > 1:
        raise Invalid("Name a customer, a segment or a tag, not two of them.", "/customer_id")
    if (command.late_days is None) == (command.reason == "discount_late"):
        raise Invalid("State late_days for the reason discount_late, and for no other.", "/late_days")
    if command.overpayment == "income" and command.reason not in _OVERPAID:
        raise Invalid(
            "An overpayment becomes income for the reasons cent and exchange alone.", "/overpayment"
        )


def _fixed(tolerance: ToleranceSet) -> tuple[str | None, ...]:
    return (
        tolerance.reason, tolerance.currency, tolerance.debtor_id, tolerance.segment, tolerance.tag,
    )  # fmt: skip


def _accounts(reason: ResidualReason, country: str, command: SetTolerance) -> Mapping[str, str]:
    found: Mapping[str, str] = {}
    for row in rows_of("residuals.csv"):
        started = row["valid_from"] <= command.valid_from.isoformat()
        if started and (row["reason"], row["country"]) == (reason, country):
            found = row
    return found
