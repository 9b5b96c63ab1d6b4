"""Command on a tolerance."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from encours.contracts.events.money.residual import OverpaymentUse, ResidualReason


class SetTolerance(Struct, frozen=True):
    """Set a tolerance from a day on; its scope is one customer, a segment, a tag or else the whole entity.

    Accounts that are not given are those of the law of the entity's country (``domain/legal/residuals.csv``).
    """

    entity_id: str
    code: str
    reason: ResidualReason
    currency: str
    cap_minor: int
    valid_from: date
    share_bps: int | None = None
    late_days: int | None = None
    overpayment: OverpaymentUse = "unapplied"
    account: str | None = None
    income_account: str | None = None
    customer_id: str | None = None
    segment: str | None = None
    tag: str | None = None
