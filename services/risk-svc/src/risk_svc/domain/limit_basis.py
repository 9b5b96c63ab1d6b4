"""Figures that a decision on a limit keeps: exposure of those who share the limit, and the grade of the customer."""

from __future__ import annotations

from datetime import date

from encours.contracts.events.risk import LimitBasis
from risk_svc.domain.assessment import share_seen
from risk_svc.domain.picture import SeenPicture


def limit_basis(seen: SeenPicture, currency: str, day: date) -> LimitBasis:
    """Return the figures of a customer in the currency of a requested limit, on a day."""
    picture, model = seen.picture, seen.model
    whole = picture.whole(currency, day)
    forecast = None if model is None else model.forecast_at_end_of(picture.payer(day), day.toordinal())
    return LimitBasis(
        holder_id=picture.limit_holder_id or picture.customer_id,
        currency=currency,
        exposure=whole.known,
        seen_position=seen.position,
        lag=seen.lag,
        shares=tuple(share_seen(each, currency) for each in whole.shares if each.currency != currency),
        limit_id=picture.limit.limit_id if picture.limit else None,
        grade=forecast.grade if forecast else None,
        score_model=model.version if model else None,
    )
