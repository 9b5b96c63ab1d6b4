"""Authentication: the caller, the ledger, and the scopes that a route needs.

``require("invoices:read")`` is the dependency of a route that needs no more than that; commands and queries
(:mod:`encours.http.commands`, :mod:`encours.http.queries`) bring it with them.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request

from encours.http.access.caller import Caller
from encours.http.catalogue import ShareTaken
from encours.http.context import context
from encours.http.services import services
from encours.http.surface import Surface, header
from encours.kernel.errors import Refusal
from encours.kernel.ids import LEDGER_NAME
from encours.ledger.errors import UnknownLedger
from encours.postgres.connection import FAILED

LEDGER_HEADER = header(
    "Encours-Ledger",
    "The ledger to work in; the API key's default ledger if not given.",
    example="demo",
    pattern=f"^{LEDGER_NAME}$",
)
SECURED = frozenset({401, 403, 404, 429, 503})
RECHECK_S = 2.0
_LEDGER_NAME = re.compile(LEDGER_NAME)


class Unauthenticated(Refusal):
    """No key, or none that is known and valid (401)."""

    code = "unauthenticated"
    title = "No valid API key"
    status = 401
    remedy = "Send Authorization: Bearer enc_…; `encours keys create` makes a key."

    def __init__(self, *, presented: bool) -> None:
        detail = (
            "This API key is not known, or was revoked, or has expired."
            if presented
            else "Send an API key: Authorization: Bearer enc_…"
        )
        super().__init__(detail, extra={"presented": presented})


class RateLimited(Refusal):
    """The key has used up its share for now (429)."""

    code = "rate-limited"
    title = "Too many requests"
    status = 429
    remedy = "Repeat the request after Retry-After seconds; RateLimit gives what is left."

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            f"Too many requests with this API key; repeat after {retry_after_s} s.",
            retry_after_s=retry_after_s,
        )


async def authenticate(request: Request) -> Caller:
    """The caller of this request, looked up once. Raises 401, 404 (ledger) and 429 problems."""
    ctx = context(request)
    if ctx.caller is not None:
        return ctx.caller
    at_hand = services(request)
    scheme, _, token = (ctx.header(b"authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(presented=False)
    grant = await at_hand.keys.verify(token.strip())
    if grant is None:
        raise Unauthenticated(presented=True)
    allowance = at_hand.limiter.take(grant.id)
    ctx.add_header(b"ratelimit-policy", at_hand.limiter.policy)
    ctx.add_header(b"ratelimit", allowance.header)
    if allowance.retry_after_s is not None:
        raise RateLimited(allowance.retry_after_s)
    leave = at_hand.shares.enter(grant.id)
    if leave is None:
        at_hand.metrics.refused.labels("share").inc()
        raise ShareTaken(f"This API key has {at_hand.shares.limit} requests at work.", retry_after_s=1)
    ctx.leave_share = leave
    name = ctx.header(b"encours-ledger") or grant.default_ledger or ""
    if not _LEDGER_NAME.fullmatch(name):
        raise UnknownLedger(None)
    await at_hand.ledger.info(name)
    ctx.caller = Caller(grant, name)
    ctx.ledger = name
    ctx.add_header(b"encours-ledger", name)
    return ctx.caller


async def check_still_granted(request: Request) -> None:
    """Raise :class:`Unauthenticated` once the key of a long request was revoked or has expired.

    To be called every :data:`RECHECK_S` while the request lasts. A ledger that is away leaves the answer of before.
    """
    caller = context(request).caller
    if caller is None:
        return
    try:
        holds = await services(request).keys.still_holds(caller.grant)
    except FAILED:
        return
    if not holds:
        raise Unauthenticated(presented=True)


class Require:
    """The dependency behind :func:`require`."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self.surface = Surface((LEDGER_HEADER,), scope, secured=True, statuses=SECURED)

    async def __call__(self, request: Request) -> Caller:
        """The caller, who holds the scope."""
        caller = await authenticate(request)
        caller.require(self.scope)
        return caller


def require(scope: str) -> Any:
    """``caller: Annotated[Caller, require("audit:read")]``: a caller who holds the scope, else a 401 or 403 problem."""
    return Require(scope)
