"""``GET /v1/collection-effectiveness/reminders``: volume and yield of reminders."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated, cast

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.models import BusinessDate
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.errors import Invalid
from reporting_svc.domain.measures.reminders import (
    DEBTOR_GROUPS,
    REMINDER_GROUPS,
    DebtorNames,
    Key,
    ReminderGroup,
    ReminderYield,
    value_of,
    yields,
)
from reporting_svc.http.periods import first_day
from reporting_svc.http.reminders.answers import RemindersOut
from reporting_svc.http.scope import Ask
from reporting_svc.http.snapshot import snapshot
from reporting_svc.read_models.delays.query import group_names
from reporting_svc.read_models.reminders.query import RemindersPaid, reminders_paid

router = Router(tags=["Receivables"])


@router.get(
    "/v1/collection-effectiveness/reminders",
    response_model=RemindersOut,
    summary="Volume and yield of reminders",
)
async def reminder_yield(
    q: Annotated[Query, reading("reports:read")],
    asked: Ask,
    group_by: Annotated[
        str,
        Parameter(
            max_length=120,
            description=f"One or several of {', '.join(f'`{each}`' for each in REMINDER_GROUPS)}, with commas. "
            "Customers are in their segment and with their salesperson and collector of as_of.",
            examples=["month,step,channel"],
        ),
    ] = "step,channel",
    since: Annotated[
        BusinessDate | None,
        Parameter(alias="from", description="First day of decisions; a year before as_of if not given."),
    ] = None,
) -> Response:
    """Messages and calls by step, channel and text: how many left and arrived, and what was paid in the 7, 15 and 30
    days after. This shows no effect, as customers who are reminded are late already: an experiment measures that of a
    policy.
    """
    by = _groups(group_by)
    first = first_day(since, q.as_of)
    async with snapshot(q, asked, by="collector" if "collector" in by else None) as books:
        found = await reminders_paid(books.view, books.scope, first)
        debtors: DebtorNames = {
            each: await group_names(books.view, books.scope, each) for each in DEBTOR_GROUPS if each in by
        }
    on = books.view.time.as_of
    groups, whole = await asyncio.to_thread(_yields, found, on, by, debtors)
    total = whole.get((), ReminderYield())
    experiments = sorted({each.experiment.split("/")[0] for each in found.reminders if each.experiment})
    return q.respond(RemindersOut.of(books, first, by, total, groups, experiments))


def _yields(
    found: RemindersPaid, on: date, by: list[ReminderGroup], debtors: DebtorNames
) -> tuple[dict[Key, ReminderYield], dict[Key, ReminderYield]]:
    """Return the yield of each group, and of all."""
    groups = yields(
        found.reminders, found.funds, on, lambda each: tuple(value_of(each, g, debtors) for g in by)
    )
    return groups, yields(found.reminders, found.funds, on, lambda _: ())


def _groups(text: str) -> list[ReminderGroup]:
    named = text.split(",")
    if unknown := [each for each in named if each not in REMINDER_GROUPS]:
        raise Invalid(
            f"{unknown[0]!r} is not a group; the groups are {', '.join(REMINDER_GROUPS)}.", "/group_by"
        )
    if len(set(named)) < len(named):
        raise Invalid("Name each group once.", "/group_by")
    return cast("list[ReminderGroup]", named)
