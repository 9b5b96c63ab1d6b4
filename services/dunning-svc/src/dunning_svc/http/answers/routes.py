"""Routes of the links in reminders. They need no key: the token in the path admits to one invoice."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from dunning_svc.domain.answer.commands import AnswerByLink
from dunning_svc.domain.reply.commands import ReadingRules
from dunning_svc.http.answers.answers import AnswerTaken, AskedOut
from dunning_svc.http.answers.bodies import AnswerBody
from dunning_svc.http.answers.linking import ByLink, OpenedLink
from dunning_svc.use_cases.replies import answer_by_link, asked_invoice
from encours.http.commands import json_response
from encours.http.routing import Router
from encours.ledger.execute import execute

router = Router(tags=["Replies"])
Linked = Annotated[OpenedLink, ByLink()]
Token = Annotated[str, Path(description="Token of the link.", min_length=1, max_length=600)]
_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


@router.get("/v1/answers/{token}", response_model=AskedOut)
async def get_asked(token: Token, opened: Linked) -> Response:
    """Get what a link of a reminder asks for: number, due date and open amount of one invoice.

    Without a key: the token is signed, for this invoice alone. It opens until its last day and while the invoice is not
    settled.
    """
    asked = await asked_invoice(opened.services.ledger, opened.link, opened.debts, opened.today)
    return json_response(AskedOut.of(asked, opened.link), headers=_PRIVATE)


@router.post("/v1/answers/{token}", response_model=AnswerTaken)
async def answer(token: Token, body: AnswerBody, opened: Linked) -> Response:
    """Answer about the invoice of a link: a day of payment, a payment made, a dispute, another contact.

    The answer has the effects of a reply by mail with the same statement, within the same bounds. It books no payment.
    The same answer again is one.
    """
    rules: ReadingRules = opened.services.extras["reading_rules"]
    given = body.to_answer()
    cmd = AnswerByLink(opened.link, given, rules)
    meta = opened.meta(cmd.reply_id, hashlib.sha256(given.content).digest())
    await execute(opened.services.ledger, meta, answer_by_link, cmd, opened.debts)
    return json_response(AnswerTaken(kind=given.kind, taken=True), headers=_PRIVATE)
