"""Grade of a customer by the payment model, recorded whenever it changes. Stream: the grade of the customer."""

from __future__ import annotations

from dataclasses import dataclass

from encours.contracts import Recorded
from encours.contracts.events.score import CreditGrade, ScoreGraded
from encours.kernel.ids import with_prefix
from risk_svc.domain.score.model import Forecast
from risk_svc.domain.score.reasons import reasons


@dataclass(frozen=True, slots=True)
class GradeCustomer:
    """Record the grade of a forecast, made from figures at a position."""

    customer_id: str
    forecast: Forecast
    position: int


@dataclass(frozen=True, slots=True)
class GradedPayer:
    """Last grade of a customer; ``None`` before the first."""

    grade: CreditGrade | None = None


def grade_of(customer_id: str) -> str:
    """Return the stream of the grade of a customer."""
    return with_prefix(customer_id, "grd")


def evolve(state: GradedPayer, recorded: Recorded) -> GradedPayer:
    """Return the state after one more event."""
    event = recorded.data
    assert isinstance(event, ScoreGraded)
    return GradedPayer(event.grade)


def grade(state: GradedPayer, command: GradeCustomer) -> list[ScoreGraded]:
    """Record a grade that is another than the last one. Without an outcome of its own a customer has no grade."""
    found = command.forecast
    if not found.level.known or found.grade == state.grade:
        return []
    return [
        ScoreGraded(
            score_grade_id=grade_of(command.customer_id),
            customer_id=command.customer_id,
            grade=found.grade,
            previous=state.grade,
            probability_late_bps=round(found.probability_late * 10_000),
            expected_tenths=round(found.days_late * 10),
            from_tenths=round(found.from_days * 10),
            to_tenths=round(found.to_days * 10),
            settled=found.level.settled,
            settled_late=found.level.settled_late,
            open_late=found.level.open_late,
            oldest_open_days=found.level.oldest_open_days,
            reasons=tuple(reasons(found)),
            definition=found.definition,
            model_version=found.version,
            seen_position=command.position,
        )
    ]
