"""Answer about the next invoice of a customer: the forecast of the payment model."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from encours.contracts.common import Reason
from encours.contracts.events.score import CreditGrade
from encours.reading.reasons import grade_reason
from risk_svc.domain.picture import Picture
from risk_svc.domain.score.model import PaymentModel
from risk_svc.domain.score.reasons import largest_effects, reasons
from risk_svc.http.reasons import ReasonOut


class ForecastOut(BaseModel):
    """Forecast for the next invoice, from what is known at the end of the day. Days count from the due date."""

    definition: str
    model: str = Field(description="Version of the payment model that was in use then.")
    grade: CreditGrade = Field(description="A is the best.")
    probability_late: float
    expected_days_late: float = Field(description="Median of the delay; 0 in time.")
    from_days: float = Field(
        description="80 of 100 delays lie between the two; negative before the due date."
    )
    to_days: float
    settled_invoices: int
    settled_late: int
    open_late_invoices: int
    reasons: list[ReasonOut]

    @classmethod
    def of(cls, picture: Picture, model: PaymentModel, day: date) -> ForecastOut:
        """Return the forecast of a model on a day."""
        found = model.forecast_at_end_of(picture.payer(day), day.toordinal())
        level = found.level
        return cls(
            definition=found.definition,
            model=found.version,
            grade=found.grade,
            probability_late=round(found.probability_late, 4),
            expected_days_late=round(found.days_late, 1),
            from_days=round(found.from_days, 1),
            to_days=round(found.to_days, 1),
            settled_invoices=level.settled,
            settled_late=level.settled_late,
            open_late_invoices=level.open_late,
            reasons=[
                ReasonOut.of(
                    grade_reason(
                        code,
                        settled=level.settled,
                        settled_late=level.settled_late,
                        open_late=level.open_late,
                        oldest_days=level.oldest_open_days,
                    )
                )
                for code in reasons(found)
            ]
            + [ReasonOut.of(Reason.of(each.group, points=each.points)) for each in largest_effects(found)],
        )
