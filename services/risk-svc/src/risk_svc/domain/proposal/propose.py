"""Proposal of a limit: the least share of the known figures, times the factor of the grade, not below the insured part.

Amounts are in minor units of the formula's currency, other currencies converted by the rate of the day. Shares are
rounded down, as the proposal is. None is above the highest amount that Encours keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from encours.contracts.events.limit_formula import (
    FinancialsFiled,
    LimitProposal,
    ProposalComponent,
    ProposalComponentName,
)
from encours.kernel.exchange import rate_through
from encours.kernel.money import MAX_MINOR, Money
from risk_svc.domain.limit import RequestLimit
from risk_svc.domain.picture import Picture
from risk_svc.domain.proposal.formula import FormulaTerms, LimitFormula, LimitFormulaMissing
from risk_svc.domain.score.model import PaymentModel

TURNOVER_DAYS = 365
FULL_BPS = 10_000


@dataclass(frozen=True, slots=True)
class RequestProposal:
    """Request the limit that the formula proposes; ``None`` leaves days or last day to the formula."""

    limit_id: str
    customer_id: str
    max_days_past_due: int | None
    valid_from: date | None
    valid_until: date | None
    evidence: str | None


@dataclass(frozen=True, slots=True)
class ProposalBasis:
    """Figures from which a limit is proposed on a day.

    ``picture`` is that of the customer. The turnover of all counts if they share its own limit.
    """

    picture: Picture
    financials: FinancialsFiled | None
    model: PaymentModel
    position: int


def propose(formula: LimitFormula, basis: ProposalBasis, day: date) -> LimitProposal:
    """Return the proposal of a formula on a day. Raises :class:`LimitFormulaMissing` without terms."""
    terms = formula.terms
    if terms is None:
        raise LimitFormulaMissing(f"The entity {basis.picture.entity_id} has no formula of limits.")
    amounts = _OneCurrency(basis.picture, terms.currency, day)
    components = tuple(_components(terms, basis, amounts, day))
    forecast = basis.model.forecast_at_end_of(basis.picture.payer(day), day.toordinal())
    factor = terms.factor_bps(forecast.grade)
    own = min((each.amount_minor for each in components), default=0) * factor // FULL_BPS
    cap = MAX_MINOR if terms.cap_minor is None else terms.cap_minor
    covers = [(each.currency, each.cover_minor) for each in basis.picture.insured]
    insured = min(MAX_MINOR, amounts.sum(covers) * terms.insured_bps // FULL_BPS)
    uncapped = max(own, insured)
    amount = min(uncapped, cap)
    return LimitProposal(
        formula_version=formula.version,
        currency=terms.currency,
        amount_minor=amount - amount % terms.round_to_minor,
        components=components,
        grade=forecast.grade,
        factor_bps=factor,
        insured_minor=insured,
        capped=uncapped > cap,
        missing_rates=tuple(sorted(amounts.missing)),
        financials_closed_on=basis.financials.closed_on if basis.financials else None,
        score_model=forecast.version,
        seen_position=basis.position,
    )


def request_of(
    command: RequestProposal, terms: FormulaTerms, proposal: LimitProposal, day: date
) -> RequestLimit:
    """Return the request of a proposed limit on a day; its last day counts from its first."""
    days = command.max_days_past_due
    first = max(command.valid_from or day, day)
    shares = ", ".join(
        f"{each.name} {Money(each.basis_minor, proposal.currency)} at {each.share_bps / 100:g} %"
        for each in proposal.components
    )
    basis = f"Formula {proposal.formula_version}: {shares or 'no figures'}; grade {proposal.grade}"
    return RequestLimit(
        limit_id=command.limit_id,
        customer_id=command.customer_id,
        amount_minor=proposal.amount_minor,
        currency=proposal.currency,
        max_days_past_due=terms.max_days_past_due if days is None else days,
        valid_until=command.valid_until or first + timedelta(days=terms.valid_days),
        evidence=f"{command.evidence}\n{basis}" if command.evidence else basis,
        valid_from=command.valid_from,
        proposal=proposal,
    )


class _OneCurrency:
    """Conversion into one currency; currencies without a rate are noted and count nothing."""

    def __init__(self, picture: Picture, currency: str, day: date) -> None:
        self.rates, self.currency, self.day = picture.rates, currency, day
        self.missing: set[str] = set()

    def sum(self, amounts: Iterable[tuple[str, int]]) -> int:
        by_currency: dict[str, int] = {}
        for currency, minor in amounts:
            by_currency[currency] = by_currency.get(currency, 0) + minor
        return sum(self._converted(currency, minor) for currency, minor in by_currency.items())

    def _converted(self, currency: str, minor: int) -> int:
        if currency == self.currency or not minor:
            return minor
        rate = rate_through(self.rates, currency, self.currency, self.day)
        if rate is None:
            self.missing.add(currency)
            return 0
        return rate.converted(minor, self.currency)


def _components(
    terms: FormulaTerms, basis: ProposalBasis, amounts: _OneCurrency, day: date
) -> Iterable[ProposalComponent]:
    if terms.turnover_bps is not None:
        yield _component("turnover", amounts.sum(_billed(_sharing(basis.picture), day)), terms.turnover_bps)
    filed = basis.financials
    if filed is None:
        return
    reported: tuple[tuple[ProposalComponentName, int | None, int | None], ...] = (
        ("equity", filed.equity_minor, terms.equity_bps),
        ("reported_turnover", filed.turnover_minor, terms.reported_turnover_bps),
    )
    for name, minor, share in reported:
        if minor is not None and share is not None:
            in_currency = amounts.sum([(filed.currency, minor)])
            if filed.currency not in amounts.missing:
                yield _component(name, in_currency, share)


def _component(name: ProposalComponentName, basis_minor: int, share_bps: int) -> ProposalComponent:
    basis_minor = min(MAX_MINOR, basis_minor)
    amount = min(MAX_MINOR, max(0, basis_minor) * share_bps // FULL_BPS)
    return ProposalComponent(name=name, basis_minor=basis_minor, share_bps=share_bps, amount_minor=amount)


def _sharing(picture: Picture) -> Sequence[Picture]:
    return picture.members if picture.limit_holder_id in ("", picture.customer_id) else (picture,)


def _billed(members: Sequence[Picture], day: date) -> Iterable[tuple[str, int]]:
    """Yield what customers were billed in the year up to a day; invoices credited whole and penalties are left out."""
    since = day - timedelta(days=TURNOVER_DAYS)
    for member in members:
        for currency, item in member.items:
            owed = item.settled_on is not None or item.uncovered_minor > 0
            if item.issued_on > since and owed and not item.is_penalty:
                yield currency, item.total_minor
