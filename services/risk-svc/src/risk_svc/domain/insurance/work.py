"""Work of a day on an insurance contract: what is alerted, what has passed, which covers stop and resume."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from encours.contracts.insured.claims import InsuredBook
from encours.contracts.insured.covers import InsuranceCover
from encours.contracts.insured.share import stopping_debt
from risk_svc.domain.insurance.cover import ResumeCover, StopCover
from risk_svc.domain.insurance.deadlines import InsuranceDeadline, deadlines_of

CALENDAR_DAYS = 2
"""Calendar days for a business day, at most, beside two weeks of holidays."""


def near(book: InsuredBook, today: date) -> list[InsuranceDeadline]:
    """Return the deadlines that are to be alerted by a day, those that have passed unmet among them."""
    ahead = timedelta(days=CALENDAR_DAYS * book.contract.conditions.alert_business_days + 14)
    return [each for each in deadlines_of(book, today, today + ahead) if each.alert_on <= today]


def is_missed(each: InsuranceDeadline, today: date) -> bool:
    """Return True if a deadline has passed unmet and that is not recorded. A stop of cover is recorded by itself."""
    return each.kind != "stop_of_cover" and each.status(today) == "missed" and each.facts.missed_on is None


def stops_and_ends(
    book: InsuredBook, today: date, opened: date | None = None
) -> list[tuple[InsuranceCover, StopCover | ResumeCover]]:
    """Return the covers that a debt stops on a day, and those that none stops any longer, with their commands.

    ``opened`` is the day whose work this is, if it is done later: a stop begins on the day on which the debt stopped
    the cover, and not before ``opened``.
    """
    found: list[tuple[InsuranceCover, StopCover | ResumeCover]] = []
    for each in book.covers:
        stop = stopping_debt(book, each.content.customer_id, today)
        current = book.in_force(today) and each.content.valid_from <= today <= each.last_covered
        if stop is None and each.stopped:
            found.append((each, ResumeCover(each.content.cover_id)))
        elif stop and stop.invoice_id and current and not each.stopped:
            ago = stop.days_past_due - book.contract.conditions.stop_days - 1
            late = min(ago, (today - (opened or today)).days)
            days, first = stop.days_past_due - late, today - timedelta(days=late)
            found.append((each, StopCover(each.content.cover_id, stop.invoice_id, days, first)))
    return found


def last_stopped(book: InsuredBook, cover: InsuranceCover) -> date:
    """Return the last day on which a stop of a cover means anything: the end of the cover, or of its contract."""
    return min(cover.last_covered, book.contract.valid_until or date.max)


def found_on(
    command: StopCover | ResumeCover, from_on: date | None, today: date, position: int
) -> StopCover | ResumeCover:
    """Return the command for a stop, or the end of one, that begins on a day and is found today at a position."""
    late = None if from_on in (None, today) else today
    return replace(command, from_on=from_on, seen_position=position, judged_on=late)
