"""Formula of limits of an entity. Stream: the formula."""

from __future__ import annotations

from dataclasses import dataclass

from encours.contracts import Recorded
from encours.contracts.events.limit_formula import GradeFactor, LimitFormulaSet
from encours.kernel.errors import Invalid, NotFound, Refusal
from encours.kernel.ids import with_prefix

GRADES = ("A", "B", "C", "D", "E")


class LimitFormulaNotFound(NotFound):
    """The entity has no formula of limits (404)."""

    code = "limit-formula-not-found"
    title = "Entity has no formula of limits"
    remedy = "PUT /v1/entities/{entity_id}/limit-formula sets one."


class LimitFormulaMissing(Refusal):
    """No limit can be proposed, as the entity of the customer has no formula."""

    code = "limit-formula-missing"
    title = "Entity has no formula of limits"
    remedy = "Set the formula with PUT /v1/entities/{entity_id}/limit-formula, or request an amount."


@dataclass(frozen=True, slots=True)
class FormulaTerms:
    """Content of a formula, amounts in minor units, shares in basis points."""

    currency: str
    turnover_bps: int | None
    equity_bps: int | None
    reported_turnover_bps: int | None
    grade_factors: tuple[GradeFactor, ...]
    insured_bps: int
    cap_minor: int | None
    round_to_minor: int
    max_days_past_due: int
    valid_days: int
    usage_bps: int | None
    file_days: int | None

    def factor_bps(self, grade: str) -> int:
        """Return the factor of a grade."""
        return next(each.factor_bps for each in self.grade_factors if each.grade == grade)


@dataclass(frozen=True, slots=True)
class SetLimitFormula:
    """Set the formula of an entity; all of it."""

    entity_id: str
    terms: FormulaTerms


@dataclass(frozen=True, slots=True)
class LimitFormula:
    """The formula in force; version 0 has no terms and proposes nothing."""

    entity_id: str = ""
    version: int = 0
    terms: FormulaTerms | None = None


def formula_of(entity_id: str) -> str:
    """Return the stream of the formula of an entity."""
    return with_prefix(entity_id, "lfo")


def evolve(state: LimitFormula, recorded: Recorded) -> LimitFormula:
    """Return the state after one more event."""
    event = recorded.data
    assert isinstance(event, LimitFormulaSet)
    terms = FormulaTerms(
        currency=event.currency,
        turnover_bps=event.turnover_bps,
        equity_bps=event.equity_bps,
        reported_turnover_bps=event.reported_turnover_bps,
        grade_factors=event.grade_factors,
        insured_bps=event.insured_bps,
        cap_minor=event.cap_minor,
        round_to_minor=event.round_to_minor,
        max_days_past_due=event.max_days_past_due,
        valid_days=event.valid_days,
        usage_bps=event.usage_bps,
        file_days=event.file_days,
    )
    return LimitFormula(event.entity_id, event.version, terms)


def require_formula(terms: FormulaTerms, pointer: str = "") -> None:
    """Raise :class:`Invalid` unless each grade has one factor and one figure counts."""
    if sorted(each.grade for each in terms.grade_factors) != list(GRADES):
        raise Invalid("Give one factor for each of the grades A to E.", f"{pointer}/grade_factors")
    if (terms.turnover_bps, terms.equity_bps, terms.reported_turnover_bps) == (None, None, None):
        raise Invalid("Give the share of one figure at least.", f"{pointer}/turnover_bps")


def set_formula(state: LimitFormula, command: SetLimitFormula) -> list[LimitFormulaSet]:
    """Set the formula; no event if it is the same. Raises :class:`Invalid` unless each grade has one factor."""
    terms = command.terms
    require_formula(terms)
    if terms == state.terms:
        return []
    return [
        LimitFormulaSet(
            limit_formula_id=formula_of(command.entity_id),
            entity_id=command.entity_id,
            version=state.version + 1,
            currency=terms.currency,
            turnover_bps=terms.turnover_bps,
            equity_bps=terms.equity_bps,
            reported_turnover_bps=terms.reported_turnover_bps,
            grade_factors=terms.grade_factors,
            insured_bps=terms.insured_bps,
            cap_minor=terms.cap_minor,
            round_to_minor=terms.round_to_minor,
            max_days_past_due=terms.max_days_past_due,
            valid_days=terms.valid_days,
            usage_bps=terms.usage_bps,
            file_days=terms.file_days,
        )
    ]
