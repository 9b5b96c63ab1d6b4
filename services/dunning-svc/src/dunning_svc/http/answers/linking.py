"""Resolver of a link: the token in the path is what admits the caller, for one invoice and until a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from starlette.requests import Request

from dunning_svc.domain.answer.link import AnswerLink, opened
from dunning_svc.read_models.promises.debts import KnownDebts
from encours.http.access.limits import RateLimiter
from encours.http.context import context
from encours.http.services import Services, services
from encours.http.surface import Surface
from encours.kernel.errors import Refusal
from encours.kernel.ids import derived_uuid
from encours.ledger.command import CommandMeta
from encours.ledger.errors import UnknownLedger


class AnswerLinkUnknown(Refusal):
    """The token was not made by this installation, or was changed (404)."""

    code = "answer-link-unknown"
    title = "Link is not known"
    status = 404
    remedy = "Copy the whole link from the message, or reply to the message."


class AnswerLinkExpired(Refusal):
    """The link opens no more (410)."""

    code = "answer-link-expired"
    title = "Link has expired"
    status = 410
    remedy = "Reply to the message, or use the link of a later one."


class AnswersLimited(Refusal):
    """The link, or unknown links from one address, were used too often (429)."""

    code = "answers-limited"
    title = "Too many requests"
    status = 429
    remedy = "Repeat the request after Retry-After seconds."


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """A link that opens, with the connections of the process and the time of the ledger."""

    link: AnswerLink
    services: Services
    today: date
    now: datetime
    traceparent: str | None

    @property
    def debts(self) -> KnownDebts:
        """Queries on what is owed."""
        return KnownDebts(self.services.ledger, self.services.db, self.link.ledger)

    def meta(self, reply_id: str, fingerprint: bytes) -> CommandMeta:
        """Return the command of an answer. The same answer is the same command."""
        return CommandMeta(
            ledger=self.link.ledger,
            command_id=derived_uuid("answer by link", self.link.ledger, reply_id),
            fingerprint=fingerprint,
            actor="debtor:link",
            today=self.today,
            now=self.now,
            traceparent=self.traceparent,
        )


class ByLink:
    """Dependency of a route that a debtor calls without a key."""

    surface = Surface(
        (), None, secured=False, statuses=frozenset({400, 404, 409, 410, 413, 415, 422, 429, 503})
    )

    async def __call__(self, request: Request) -> OpenedLink:
        """Raises :class:`AnswerLinkUnknown`, :class:`AnswerLinkExpired`, :class:`AnswersLimited`."""
        at_hand = services(request)
        token = request.path_params["token"]
        link = opened(token, at_hand.extras["answer_keys"])
        limiter: RateLimiter = at_hand.extras["answer_limiter"]
        host = request.client.host if request.client else ""
        allowance = limiter.take(f"unknown {host}" if link is None else token)
        if allowance.retry_after_s is not None:
            raise AnswersLimited("This was asked too often.", retry_after_s=allowance.retry_after_s)
        if link is None:
            raise AnswerLinkUnknown("There is no such link.")
        try:
            clock = await at_hand.ledger.clock(link.ledger)
        except UnknownLedger:
            raise AnswerLinkUnknown("There is no such link.") from None
        if clock.today > link.last_day:
            raise AnswerLinkExpired(f"The link opened until {link.last_day}.")
        return OpenedLink(link, at_hand, clock.today, clock.now, context(request).traceparent)
