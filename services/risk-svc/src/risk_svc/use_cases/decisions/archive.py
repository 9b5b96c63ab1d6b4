"""Decisions on credit taken again from the ledger: the same figures by position give the same outcome."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import assert_never

from encours.contracts import Recorded
from encours.contracts.actors import RISK
from encours.contracts.common import Reason
from encours.contracts.events import calendar, score
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.credit_hold import CreditHoldPlaced, CreditHoldReleased, PayerBadgeGiven
from encours.contracts.events.credit_warning import CreditWarningEnded, CreditWarningRaised
from encours.contracts.events.guarantee import GuaranteeTaken
from encours.contracts.events.insurance import (
    CoverResumed,
    CoverStopped,
    InsuranceDeadlineAlerted,
    InsuranceDeadlineMissed,
)
from encours.contracts.events.limit_formula import LimitProposal
from encours.contracts.events.reservation import (
    CreditLineDrawn,
    ReservationDecided,
    ReservationOverridden,
    ReservationReleased,
)
from encours.contracts.events.risk import CreditChecked, LimitApproved, LimitRefused, LimitRequested
from encours.contracts.events.risk_terms import (
    PayerFigures,
    RiskTermsAnswered,
    RiskTermsProposed,
    RiskTermsWithdrawn,
)
from encours.contracts.events.score import ScoreGraded
from encours.reading.merges import survivors
from encours.reading.reasons import sentence
from risk_svc.domain.hold_rules import earns_badge
from risk_svc.domain.limit_basis import limit_basis
from risk_svc.domain.picture import Picture, SeenPicture
from risk_svc.domain.policy import NO_ROLE, Authority
from risk_svc.domain.proposal.financials import financials_of, latest_of
from risk_svc.domain.proposal.formula import formula_of
from risk_svc.domain.proposal.propose import ProposalBasis, propose
from risk_svc.domain.reperform import (
    CreditDecisionEvent,
    CreditDecisionNotFound,
    DecisionAgain,
    HeldByPolicy,
    check_again,
    closed_again,
    decide_again,
    grade_again,
    guarantee_again,
    held_again,
    limit_again,
    override_again,
    requested_again,
)
from risk_svc.domain.reservation.state import Reservation
from risk_svc.domain.score.history import PayerHistory
from risk_svc.domain.score.model import PaymentModel
from risk_svc.domain.score.versions import ScoreModels
from risk_svc.domain.terms.again import (
    answered_again,
    ruled_again,
    terms_again,
    unruled_again,
    withdrawn_again,
)
from risk_svc.domain.terms.proposals import RiskTerms, figures_of, proposal
from risk_svc.domain.terms.rules import TermsByRules, by_rules
from risk_svc.read_models.credit.payers import payer_histories
from risk_svc.read_models.credit.query import pictures
from risk_svc.read_models.credit.standing import standings_then
from risk_svc.use_cases.decisions.insured import due_then, stopped_then
from risk_svc.use_cases.decisions.past import LedgerPast, authority_of
from risk_svc.use_cases.decisions.warned import warned_then
from risk_svc.use_cases.grades import GRADE
from risk_svc.use_cases.limits import LIMIT
from risk_svc.use_cases.policy_holds import badge_reason, causes_for
from risk_svc.use_cases.proposals import FINANCIALS, FORMULA
from risk_svc.use_cases.reservations import RESERVATION, line_of
from risk_svc.use_cases.risk_terms import RISK_TERMS
from risk_svc.use_cases.score_models import SCORE_MODELS
from risk_svc.use_cases.standing import CREDIT_HOLD

BADGE = "badge"
"""Key of the badge among the causes that a policy finds."""


@dataclass(frozen=True, slots=True)
class CreditReperformed:
    """A decision that was taken again, with its event in the ledger."""

    event: Recorded
    again: DecisionAgain


@dataclass(frozen=True, slots=True)
class CreditArchive(LedgerPast):
    """Past from which decisions are taken again."""

    _streams: dict[str, list[Recorded]] = field(default_factory=dict)
    """Streams that many decisions follow: the calendar, and the versions of the payment model."""
    _payers: dict[tuple[str, date, int], PayerHistory | None] = field(default_factory=dict)
    """Histories that grades saw, by customer, day and position."""

    async def read_ahead(self, events: Iterable[Recorded]) -> None:
        """Read the histories that grades among the events saw: those of one look together.

        A look grades many customers by the figures of one position. Asked for one by one, their histories are what
        most of the time goes to where a ledger has many grades.
        """
        looks: defaultdict[tuple[date, int], list[str]] = defaultdict(list)
        for e in events:
            if isinstance(e.data, ScoreGraded):
                looks[e.effective_on, e.data.seen_position].append(e.data.customer_id)
        for (day, position), customers in looks.items():
            merged = await survivors(self.conn, self.schema, day, position)
            found = await payer_histories(
                self.conn, self.schema, customers, merged, as_of=day, position=position
            )
            for each in customers:
                self._payers[each, day, position] = found.get(each)

    async def reperform(
        self, events: Sequence[Recorded], wanted: Collection[int] | None = None
    ) -> list[CreditReperformed]:
        """Take the decisions of a stream again, in order: all, or those at some positions.

        Raises :class:`CreditDecisionNotFound` for a stream without any.
        """
        found: list[CreditReperformed] = []
        for number, e in enumerate(events):
            if isinstance(e.data, CreditDecisionEvent) and (wanted is None or e.position in wanted):
                again = await self._again(e, e.data, events[:number])
                if again is not None:
                    found.append(CreditReperformed(e, again))
        if not found and wanted is None:
            raise CreditDecisionNotFound(events[0].stream)
        return found

    async def _again(
        self, e: Recorded, stored: CreditDecisionEvent, earlier: Sequence[Recorded]
    ) -> DecisionAgain | None:
        """Take a decision again; ``None`` for what a person has decided without figures."""
        match stored:
            case CreditChecked():
                seen = await self._seen(
                    e, stored.customer_id, stored.seen_position, stored.lag, stored.score_model
                )
                order, version = stored.order_id or "", stored.rules_version
                deposit = await self.deposit(e, stored.customer_id, order, stored.seen_position, version)
                return check_again(stored, seen, e.effective_on, deposit)
            case ReservationDecided():
                return await self._decided(e, stored, RESERVATION.fold(earlier))
            case ReservationOverridden():
                return await self._override(e, stored, RESERVATION.fold(earlier))
            case ReservationReleased():
                return await self._closed(e, stored, RESERVATION.fold(earlier))
            case LimitRequested():
                return await self._requested(e, stored, stored.proposal) if stored.proposal else None
            case LimitApproved() | LimitRefused():
                return await self._limit(e, stored, earlier)
            case RiskTermsProposed():
                return await self._terms(e, stored, RISK_TERMS.fold(earlier))
            case RiskTermsAnswered():
                return await self._answer(e, stored, RISK_TERMS.fold(earlier))
            case RiskTermsWithdrawn():
                return await self._withdrawn(e, stored, RISK_TERMS.fold(earlier))
            case GuaranteeTaken():
                rules = await self.policy(e.entity, e.position - 1)
                by = authority_of(e, rules, stored.amount_minor, stored.currency, "")
                return guarantee_again(stored, by, e.effective_on)
            case ScoreGraded():
                return await self._grade(e, stored, earlier)
            case CreditHoldPlaced() | CreditHoldReleased() | PayerBadgeGiven():
                return await self._held(e, stored, earlier)
            case CreditWarningRaised() | CreditWarningEnded():
                return await warned_then(self, e, stored, earlier)
            case CoverStopped() | CoverResumed():
                return await stopped_then(self, e, stored, earlier)
            case InsuranceDeadlineAlerted() | InsuranceDeadlineMissed():
                return await due_then(self, e, stored, earlier)
            case _:
                assert_never(stored)

    async def _terms(self, e: Recorded, stored: RiskTermsProposed, before: RiskTerms) -> DecisionAgain:
        if stored.basis is not None:
            given = await self._by_rules(e, stored.customer_id, stored.figures, stored.basis.policy_version)
            return ruled_again(stored, before, given)
        seen, model = await self._judged(e, stored.customer_id, stored.figures)
        return terms_again(stored, before, figures_of(seen, model, e.effective_on))

    async def _by_rules(
        self, e: Recorded, customer_id: str, figures: PayerFigures, policy_version: int | None
    ) -> TermsByRules:
        seen, model = await self._judged(e, customer_id, figures)
        rules = await self.policy(e.entity, e.position, policy_version)
        return by_rules(rules, seen, model, e.effective_on)

    async def _judged(
        self, e: Recorded, customer_id: str, figures: PayerFigures
    ) -> tuple[SeenPicture, PaymentModel]:
        """Return the customer at the position of its forecast, and the model of that."""
        seen = await self._seen(e, customer_id, figures.seen_position, 0, figures.model_version)
        return seen, (await self._models(e.position)).version(figures.model_version)

    async def _answer(self, e: Recorded, stored: RiskTermsAnswered, before: RiskTerms) -> DecisionAgain:
        rules = await self.policy(e.entity, e.position - 1)

        def by() -> Authority:
            known = proposal(before, stored.proposal_number)
            amount = known.weight(rules)
            return authority_of(e, rules, amount.amount_minor, amount.currency, known.proposed_by)()

        return answered_again(stored, before, by)

    async def _withdrawn(
        self, e: Recorded, stored: RiskTermsWithdrawn, before: RiskTerms
    ) -> DecisionAgain | None:
        """Withdraw terms again; ``None`` of a rule before its figures were kept."""
        if stored.figures is not None:
            given = await self._by_rules(e, stored.customer_id, stored.figures, stored.policy_version)
            return unruled_again(stored, before, given)
        if e.actor == RISK:
            return None
        rules = await self.policy(e.entity, e.position - 1)

        def by() -> Authority:
            known = proposal(before, stored.proposal_number)
            if known.state != "accepted":
                return NO_ROLE
            amount = known.weight(rules)
            return authority_of(e, rules, amount.amount_minor, amount.currency, "")()

        return withdrawn_again(stored, before, by)

    async def _decided(self, e: Recorded, stored: ReservationDecided, before: Reservation) -> DecisionAgain:
        seen, basis = await self._figures(e, stored), stored.basis
        deposit = await self.deposit(
            e, stored.customer_id, stored.order_ref, basis.seen_position, basis.rules_version
        )
        return decide_again(stored, before, seen, e.effective_on, deposit)

    async def _override(
        self, e: Recorded, stored: ReservationOverridden, before: Reservation
    ) -> DecisionAgain:
        seen = await self._figures(e, stored)
        rules = await self.policy(before.entity_id, e.position - 1)
        by = authority_of(e, rules, before.amount_minor, before.currency, before.requested_by)
        position, version = stored.basis.seen_position, stored.basis.rules_version
        deposit = await self.deposit(e, before.customer_id, before.order_ref, position, version)
        return override_again(stored, before, by, seen, e.effective_on, deposit)

    async def _closed(
        self, e: Recorded, stored: ReservationReleased, before: Reservation
    ) -> DecisionAgain | None:
        """Close a blocked order again; ``None`` where a reservation is freed, or ends with its order."""
        if before.status != "blocked" or e.actor == RISK:
            return None
        rules = await self.policy(before.entity_id, e.position - 1)
        return closed_again(
            stored, before, authority_of(e, rules, before.amount_minor, before.currency, None)
        )

    async def _requested(self, e: Recorded, stored: LimitRequested, proposal: LimitProposal) -> DecisionAgain:
        formula = FORMULA.fold(
            await self.ledger.read_stream(self.name, formula_of(e.entity), upto=e.position - 1)
        )
        seen = await self._seen(e, stored.customer_id, proposal.seen_position, 0, proposal.score_model)
        assert seen.model is not None
        streams = [financials_of(each) for each in seen.picture.records]
        read = await self.ledger.read_streams(self.name, streams, upto=e.position - 1)
        filed = latest_of(FINANCIALS.fold(read[each]).latest for each in streams)
        basis = ProposalBasis(seen.picture, filed, seen.model, proposal.seen_position)
        return requested_again(stored, lambda: propose(formula, basis, e.effective_on))

    async def _limit(
        self, e: Recorded, stored: LimitApproved | LimitRefused, earlier: Sequence[Recorded]
    ) -> DecisionAgain:
        before = LIMIT.fold(earlier)
        rules = await self.policy(before.entity_id, e.position - 1)
        amount = stored.amount_minor if isinstance(stored, LimitApproved) else before.amount_minor
        by = authority_of(e, rules, amount, before.currency, before.requested_by)
        basis = stored.basis
        if basis is not None:
            seen = await self._seen(e, before.customer_id, basis.seen_position, basis.lag, basis.score_model)
            basis = limit_basis(seen, before.currency, e.effective_on)
        return limit_again(stored, before, by, e.effective_on, basis)

    async def _grade(self, e: Recorded, stored: ScoreGraded, earlier: Sequence[Recorded]) -> DecisionAgain:
        day, customer = e.effective_on, stored.customer_id
        seen = customer, day, stored.seen_position
        if seen not in self._payers:
            await self.read_ahead([e])
        model = (await self._models(e.position)).version(stored.model_version)
        payer = self._payers[seen] or Picture(customer, "", "").payer(day)
        return grade_again(stored, GRADE.fold(earlier), model.forecast_at_end_of(payer, day.toordinal()))

    async def _held(
        self, e: Recorded, stored: HeldByPolicy, earlier: Sequence[Recorded]
    ) -> DecisionAgain | None:
        """Ask the policy again; ``None`` for what somebody did by hand.

        Earlier decisions do not keep the position of their figures. It lies between the opening of the day and the
        decision, so either of the two may give the decision.
        """
        held_for: str
        if isinstance(stored, CreditHoldReleased):
            if stored.end != "cause_ended":
                return None
            held_for = CREDIT_HOLD.fold(earlier).cause
        elif stored.policy_version is None:
            return None
        else:
            held_for = stored.cause if isinstance(stored, CreditHoldPlaced) else BADGE
        if stored.seen_position is not None:
            return await self._causes(e, stored, held_for, stored.seen_position)
        found = await self._causes(e, stored, held_for, e.position - 1)
        if found.differences and (opened := await self._opened(e.position)):
            again = await self._causes(e, stored, held_for, opened)
            return found if again.differences else again
        return found

    async def _causes(self, e: Recorded, stored: HeldByPolicy, held_for: str, position: int) -> DecisionAgain:
        # The policy is read as the day opens, the figures later: it may have been set again in between.
        version = stored.policy_version
        rules = await self.policy(e.entity, position if version is None else e.position - 1, version)
        day = e.effective_on
        (seen,) = await standings_then(
            self.conn, self.schema, [stored.customer_id], as_of=day, position=position
        )
        causes: dict[str, Reason] = dict(causes_for(rules, seen, day).items())
        if earns_badge(rules.holds, seen.days_late):
            causes[BADGE] = badge_reason(seen.days_late)
        found = {each: (reason, sentence(reason, "en")) for each, reason in causes.items()}
        return held_again(stored, held_for, found, rules.version)

    async def _opened(self, position: int) -> int:
        """Return the position of the last day that was opened before a position; 0 if there is none."""
        return max(
            (
                e.position
                for e in await self._stream(calendar.STREAM)
                if isinstance(e.data, DayOpened) and e.position < position
            ),
            default=0,
        )

    async def _models(self, before: int) -> ScoreModels:
        """Return the versions of the payment model before a position."""
        return SCORE_MODELS.fold(e for e in await self._stream(score.STREAM) if e.position < before)

    async def _stream(self, stream: str) -> list[Recorded]:
        if stream not in self._streams:
            self._streams[stream] = await self.ledger.read_stream(self.name, stream)
        return self._streams[stream]

    async def _figures(self, e: Recorded, stored: ReservationDecided | ReservationOverridden) -> SeenPicture:
        basis = stored.basis
        seen = await self._seen(e, stored.customer_id, basis.seen_position, basis.lag, basis.score_model)
        holder = seen.picture.limit_holder_id or stored.customer_id
        line = await self.ledger.read_stream(self.name, line_of(holder), upto=e.position - 1)
        drawn = any(each.position > seen.position for each in line if isinstance(each.data, CreditLineDrawn))
        return SeenPicture(
            seen.picture, seen.position, seen.lag, behind=seen.lag > 0 or drawn, model=seen.model
        )

    async def _seen(
        self, e: Recorded, customer_id: str, position: int, lag: int, model: str | None
    ) -> SeenPicture:
        """Return the figures at the position that a decision saw; its lag cannot reach beyond the decision."""
        found = await pictures(self.conn, self.schema, [customer_id], as_of=e.effective_on, position=position)
        picture = found.get(customer_id, Picture(customer_id, "", ""))
        used = None
        if model is not None:
            used = (await self._models(e.position)).model
        return SeenPicture(picture, position, min(lag, e.position - 1 - position), False, used)
