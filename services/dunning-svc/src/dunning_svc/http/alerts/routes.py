"""Routes of alert rules and alerts."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.domain.alert.commands import rule_id
from dunning_svc.http.alerts.answers import (
    ALERT_ANSWER,
    ALERT_RULE_ANSWER,
    AlertAsOf,
    AlertList,
    AlertOut,
    AlertRuleAsOf,
    AlertRuleList,
    AlertRuleOut,
)
from dunning_svc.http.alerts.bodies import AcknowledgeBody, AlertRuleBody, RuleCode
from dunning_svc.http.identifiers import AlertPath, CustomerId
from dunning_svc.read_models.alerts import query
from dunning_svc.read_models.alerts.query import AlertStatus
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.use_cases.alerts import acknowledge_alert, set_alert_rule
from encours.http.commands import Command, command
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page

router = Router(tags=["Alerts"])
Reading = Annotated[Query, reading("dunning:read")]
Writing = Annotated[Command, command("dunning:write")]
RulePath = Annotated[RuleCode, Path(alias="code")]
PAGE = paging("position", default="-position", key="position")


@router.put("/v1/alert-rules/{code}", response_model=AlertRuleAsOf)
async def save_alert_rule(code: RulePath, body: AlertRuleBody, cmd: Writing) -> Response:
    """Save an alert rule, all of it. It is judged with each day that opens.

    An object is alerted once at a threshold. Each recipient gets one message a day.
    """
    return await cmd.run(set_alert_rule, body.to_command(code), answer=ALERT_RULE_ANSWER, on=rule_id(code))


@router.get("/v1/alert-rules", response_model=AlertRuleList)
async def list_alert_rules(q: Reading) -> Response:
    """List the alert rules by code."""
    async with q.view(MODEL) as view:
        rules = await query.alert_rules(view)
    data = [AlertRuleOut.of(each).model_dump(mode="json") for each in rules]
    return q.respond({"data": data, "next_cursor": None} | view.time.echo())


@router.get("/v1/alerts", response_model=AlertList)
async def list_alerts(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: Annotated[CustomerId | None, Parameter()] = None,
    rule: Annotated[RuleCode | None, Parameter()] = None,
    status: Annotated[AlertStatus | None, Parameter()] = None,
) -> Response:
    """List alerts with their evidence."""
    async with q.view(MODEL) as view:
        rows = await query.alerts(view, page, customer_id=customer_id, rule=rule, status=status)
    return q.respond(page.body(rows, AlertOut.of) | view.time.echo())


@router.post("/v1/alerts/{id}/acknowledge", response_model=AlertAsOf)
async def acknowledge(alert_id: AlertPath, body: AcknowledgeBody, cmd: Writing) -> Response:
    """Record that somebody has taken note of an alert."""
    return await cmd.run(acknowledge_alert, body.to_command(alert_id), answer=ALERT_ANSWER, on=alert_id)
