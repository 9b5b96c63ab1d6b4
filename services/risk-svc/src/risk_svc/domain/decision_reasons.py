"""Reasons of a decision on an order, with the figures that it saw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from encours.contracts.common import Reason
from encours.contracts.events.reservation import CreditBasis
from encours.contracts.events.risk import CreditChecked, DepositSeen, ExposureSeen
from encours.contracts.events.score import CreditGrade
from encours.kernel.money import Money
from risk_svc.domain.reservation.state import Reservation


def reasons_of_check(decided: CreditChecked) -> list[Reason]:
    """Return the reasons of a check."""
    currency = decided.exposure_currency or decided.currency
    converted = decided.order_converted
    same = decided.amount_minor if currency == decided.currency else None
    return _reasons(
        decided.reasons,
        currency,
        decided.exposure,
        order_minor=converted.amount_minor if converted else same,
        limit_minor=decided.limit_minor,
        allowed_days=decided.limit_max_days,
        left_minor=decided.left_minor,
        grade=decided.grade,
        deposit=decided.deposit,
    )


def reasons_of_order(state: Reservation) -> list[Reason]:
    """Return the reasons of the decision on an order; without figures if those of an override are kept instead."""
    if state.basis is None or state.overridden_by is not None:
        return [Reason(code=code) for code in state.reasons]
    return reasons_by_basis(state.reasons, state.basis)


def reasons_by_basis(codes: Sequence[str], basis: CreditBasis) -> list[Reason]:
    """Return the reasons of a decision on an order, by the figures that it kept."""
    return _reasons(
        codes,
        basis.currency,
        basis.exposure,
        order_minor=basis.order_minor,
        limit_minor=basis.limit_minor,
        allowed_days=basis.limit_max_days,
        left_minor=basis.left_minor,
        grade=basis.grade,
        deposit=basis.deposit,
        last_day=basis.limit_valid_until,
    )


def _reasons(
    codes: Sequence[str],
    currency: str,
    exposure: ExposureSeen,
    *,
    order_minor: int | None,
    limit_minor: int | None,
    allowed_days: int | None,
    left_minor: int | None,
    grade: CreditGrade | None,
    deposit: DepositSeen | None,
    last_day: date | None = None,
) -> list[Reason]:
    """Return the reasons; of the figures of each those that are known."""

    def money(minor: int | None) -> Money | None:
        return None if minor is None else Money(minor, currency)

    allowed_minor = None if limit_minor is None else limit_minor + exposure.guaranteed_minor
    known: dict[str, dict[str, int | date | str | Money | None]] = {
        "within-limit": {"left": money(left_minor)},
        "limit-expired": {"last_day": last_day},
        "limit-exceeded": {
            "allowed": money(allowed_minor),
            "exposure": money(exposure.total_minor),
            "order": money(order_minor),
        },
        "overdue-beyond-days": {"days": exposure.oldest_days_past_due, "allowed_days": allowed_days},
        "weak-payment-behaviour": {"grade": grade},
    }
    if deposit is not None:
        known["deposit-outstanding"] = {
            "agreed": Money(deposit.agreed_minor, deposit.currency),
            "paid": Money(deposit.paid_minor, deposit.currency),
        }
    return [
        Reason.of(code, **{name: value for name, value in known.get(code, {}).items() if value is not None})
        for code in codes
    ]
