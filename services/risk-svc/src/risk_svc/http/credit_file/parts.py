"""Parts of a credit file that are folded from streams, at the dates of a question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from encours.contracts import Recorded
from encours.contracts.events.limit_formula import FinancialsFiled
from encours.contracts.insured.covers import InsuranceCover
from encours.http.queries import Query
from encours.kernel.ids import with_prefix
from encours.ledger.states import Folder
from encours.reading.moment import TimeTravel
from risk_svc.domain.badge import PayerBadge
from risk_svc.domain.check import CheckState
from risk_svc.domain.file.comments import CreditComment
from risk_svc.domain.file.facts import CreditFact, in_order
from risk_svc.domain.file.opening import AccountOpening
from risk_svc.domain.guarantee import Guarantee
from risk_svc.domain.hold import HeldOrders
from risk_svc.domain.limit import LimitState
from risk_svc.domain.proposal.financials import balance_sheets
from risk_svc.domain.proposal.review import CreditReview
from risk_svc.domain.reservation.state import Reservation
from risk_svc.domain.terms.proposals import RiskTerms
from risk_svc.domain.warning.episode import WarningEpisode
from risk_svc.http.facts.seen import comments_seen
from risk_svc.read_models.file.query import FileStreams
from risk_svc.use_cases.checks import CHECK
from risk_svc.use_cases.file.facts import CREDIT_FACTS
from risk_svc.use_cases.file.openings import ACCOUNT_OPENING
from risk_svc.use_cases.guarantees import GUARANTEE
from risk_svc.use_cases.insurance import COVER
from risk_svc.use_cases.limits import LIMIT
from risk_svc.use_cases.proposals import REVIEW
from risk_svc.use_cases.reservations import RESERVATION
from risk_svc.use_cases.risk_terms import RISK_TERMS
from risk_svc.use_cases.standing import CREDIT_HOLD, PAYER_BADGE
from risk_svc.use_cases.warnings.commands import CREDIT_WARNING

S = TypeVar("S")
OF_CUSTOMER = ("bdg", "grd", "fin", "crv", "rtm", "fct", "cmt", "aco")
"""Prefixes of the streams that a customer has one of."""
MOST_ENTRIES = 200
Streams = Mapping[str, Sequence[Recorded]]


@dataclass(frozen=True, slots=True)
class FileParts:
    """States of the streams of a customer, those with a version newest first, and their latest events."""

    limits: Sequence[tuple[LimitState, int]]
    checks: Sequence[tuple[CheckState, int]]
    orders: Sequence[tuple[Reservation, int]]
    orders_left_out: int
    holds: Sequence[tuple[HeldOrders, int]]
    badge: tuple[PayerBadge, int] | None
    """The badge that was given last, of those that were not removed."""
    guarantees: Sequence[tuple[Guarantee, int]]
    covers: Sequence[tuple[InsuranceCover, int]]
    financials: Sequence[FinancialsFiled]
    terms: Sequence[RiskTerms]
    review: CreditReview | None
    facts: Sequence[CreditFact]
    comments: Sequence[CreditComment]
    warnings: Sequence[WarningEpisode]
    accounts: Sequence[AccountOpening]
    timeline: Sequence[Recorded]


async def file_parts(
    q: Query, records: Sequence[str], begun: FileStreams, entity_id: str, time: TimeTravel
) -> FileParts:
    """Return the parts; ``records`` are those of the customer, the survivor first, ``begun`` its streams with ids."""
    own = begun.streams
    singles = [with_prefix(record, prefix) for record in records for prefix in OF_CUSTOMER]
    found = await q.ledger.read_streams(q.caller.ledger, [*own, *singles], upto=time.position)
    day = time.as_of
    seen = [e for events in found.values() for e in events if e.effective_on <= day]
    return FileParts(
        limits=_with_versions(found, own, "lim", LIMIT, day),
        checks=_with_versions(found, own, "dec", CHECK, day),
        orders=_with_versions(found, own, "rsv", RESERVATION, day),
        orders_left_out=begun.orders_left_out,
        holds=_with_versions(found, own, "chd", CREDIT_HOLD, day),
        badge=_badge(_with_versions(found, singles, "bdg", PAYER_BADGE, day)),
        guarantees=_with_versions(found, own, "gua", GUARANTEE, day),
        covers=_with_versions(found, own, "cov", COVER, day),
        financials=balance_sheets(
            e.data
            for events in _of(found, singles, "fin")
            for e in events
            if e.effective_on <= day and isinstance(e.data, FinancialsFiled)
        ),
        terms=[RISK_TERMS.fold_as_of(events, day) for events in _of(found, singles, "rtm")],
        review=last_written(REVIEW, _of(found, singles, "crv"), day),
        facts=in_order([CREDIT_FACTS.fold_as_of(events, day) for events in _of(found, singles, "fct")]),
        comments=await comments_seen(q, records, entity_id, time),
        warnings=[state for state, _ in _with_versions(found, own, "wrn", CREDIT_WARNING, day)],
        accounts=[ACCOUNT_OPENING.fold_as_of(events, day) for events in _of(found, singles, "aco")],
        timeline=sorted(seen, key=lambda e: e.position, reverse=True)[:MOST_ENTRIES],
    )


def _of(found: Streams, streams: Iterable[str], prefix: str) -> list[Sequence[Recorded]]:
    return [found[each] for each in streams if each.startswith(f"{prefix}_") and found.get(each)]


def _badge(badges: Iterable[tuple[PayerBadge, int]]) -> tuple[PayerBadge, int] | None:
    given = [each for each in badges if each[0].given]
    return max(given, key=lambda each: each[0].since, default=None)


def last_written(folder: Folder[S], streams: Iterable[Sequence[Recorded]], day: date) -> S | None:
    """Return the state of the stream with the last event of all, on a day; ``None`` if none had begun."""
    visible = [[e for e in events if e.effective_on <= day] for events in streams]
    last = max((events for events in visible if events), key=lambda events: events[-1].position, default=None)
    return None if last is None else folder.fold(last)


def _with_versions(
    found: Streams, streams: Iterable[str], prefix: str, folder: Folder[S], day: date
) -> list[tuple[S, int]]:
    """Return the states of the streams that had begun on a day, and their versions then."""
    visible = [[e for e in events if e.effective_on <= day] for events in _of(found, streams, prefix)]
    begun = sorted((events for events in visible if events), key=lambda events: -events[0].position)
    return [(folder.fold(events), events[-1].version) for events in begun]
