"""Thank-yous of a history: decided by the run of a day, and checked again before they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dunning_svc.domain.thanks.decide import DAYS_TO_THANK, objection
from dunning_svc.read_models.cases.composition import Group
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from dunning_svc.read_models.cases.rows.thanks import ThankedRow
from dunning_svc.read_models.cases.settled import settled_of
from dunning_svc.use_cases.thanks import thanks_of
from encours.contracts.events import calendar
from encours.contracts.events.dunning.thanks import ThanksCause, ThanksRequested

if TYPE_CHECKING:
    from tests.histories.dunning import History


def thanked(history: History) -> list[ThanksRequested]:
    """Open a day, and decide the thank-yous of that day as the run does."""
    history.open_day()
    return thanks_of_day(history)


def thanks_of_day(history: History) -> list[ThanksRequested]:
    """Decide the thank-yous of the day that was opened last."""
    days = [e for e in history.events if e.stream == calendar.STREAM]
    opened, since = days[-1], days[-DAYS_TO_THANK:][0].position
    page: dict[Group, list[str]] = {}
    for item in history.rows.all(ItemRow):
        done = history.rows.get(ThankedRow, item.invoice_id, item.settled_at)
        if item.settled_at > since and (done is None or done.suppressed):
            page.setdefault((item.customer_id, item.entity_id, item.currency), []).append(item.invoice_id)
    found = [each for each, _ in thanks_of(history.rows, page, opened, "UTC")]
    for each in found:
        history.add(each, each.thanks_id, causation=opened.event_id)
    return found


def cause(history: History, thanks: ThanksRequested) -> ThanksCause | None:
    """Return the cause not to send a thank-you now."""
    event = next(e for e in history.events if e.stream == thanks.thanks_id)
    group = thanks.customer_id, event.entity, thanks.currency
    now = settled_of(history.rows, group, history.today, [each.invoice_id for each in thanks.invoices])
    return objection(thanks, now, history.today, history.rows.policies())
