"""Reasons for which a promise is not taken."""

from __future__ import annotations

from encours.kernel.errors import Refusal


class PromisedInvoiceNotFound(Refusal):
    """The ledger has no such issued invoice (422)."""

    code = "promised-invoice-not-found"
    title = "Promised invoice not found"
    status = 422
    remedy = "Use ids of issued invoices from GET /v1/invoices of invoice-svc."


class PromiseOfSeveralDebtors(Refusal):
    """The invoices belong to several customers or creditors (422)."""

    code = "promise-of-several-debtors"
    title = "Invoices have several debtors or creditors"
    status = 422
    remedy = "Record one promise for each customer and creditor. The outcome of a task takes several, in `promises`."


class PromiseInSeveralCurrencies(Refusal):
    """The invoices or the amount are in several currencies (422)."""

    code = "promise-in-several-currencies"
    title = "Promise is in several currencies"
    status = 422
    remedy = "Record one promise for each currency, with the amount in that of its invoices."


class PromiseAboveOwed(Refusal):
    """More is promised than the invoices have open (422)."""

    code = "promise-above-owed"
    title = "Promise exceeds what is owed"
    status = 422
    remedy = "Promise the open amount of the invoices at most."


class PromisedDayPassed(Refusal):
    """The promised day is in the past (422)."""

    code = "promised-day-passed"
    title = "Promised day is in the past"
    status = 422
    remedy = "Use today or a later day."


class PromisedDayTooLate(Refusal):
    """The promised day is later than the customer's policy admits (422)."""

    code = "promised-day-too-late"
    title = "Promised day is too late"
    status = 422
    remedy = "Agree on an earlier day, or on a payment plan."


class PromisesExhausted(Refusal):
    """An invoice has had as many promises as the customer's policy admits (409)."""

    code = "promises-exhausted"
    title = "Invoice has had its last promise"
    remedy = "Agree on a payment plan, or let the reminders go on."


class PromiseJudged(Refusal):
    """The promise was kept or broken, or it ended otherwise (409)."""

    code = "promise-ended"
    title = "Promise has ended"
    remedy = "Get the promise for its status. A promise can be withdrawn while it is open."
