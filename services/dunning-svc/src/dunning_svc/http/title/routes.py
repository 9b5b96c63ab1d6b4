"""Route of the title without a court."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from dunning_svc.domain.hold.state import DebtorNotFound
from dunning_svc.http.identifiers import CustomerPath
from dunning_svc.http.title.answers import TitleEligibilityList
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.past import cases_at
from dunning_svc.read_models.cases.rows.parties import DebtorRow
from encours.http.models import BusinessDate
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.merges import survivors_at

router = Router(tags=["Placements"])
Reading = Annotated[Query, reading("dunning:read")]


@router.get("/v1/customers/{id}/title-eligibility", response_model=TitleEligibilityList)
async def get_title_eligibility(
    customer_id: CustomerPath, q: Reading, on: BusinessDate | None = None
) -> Response:
    """Judge each open invoice of a customer for an enforceable title without a court, with every reason against it.

    `on` is the day on which the officer's demand would be served (`as_of` if not given). The procedure is data, read
    from summaries of the Law of 23 April 2026: have it confirmed by counsel, and check that the debtor is a merchant.
    """
    async with q.view(MODEL) as view:
        time, day = view.time, on or view.time.as_of
        # The rows hold the merges up to `as_of`: one that begins later is not in force for a later `on` either.
        own = (await survivors_at(view, min(day, time.as_of))).records(customer_id)
        rows = await cases_at(
            q.ledger, view.conn, view.schema, q.caller.ledger, own, time.position, time.as_of
        )
    debtor = rows.get(DebtorRow, customer_id)
    if debtor is None:
        raise DebtorNotFound(customer_id)
    q.caller.require_sight(debtor.entity_id, DebtorNotFound(customer_id))
    data = [each.model_dump(mode="json") for each in TitleEligibilityList.items(rows, own, day)]
    return q.respond({"customer_id": customer_id, "on": str(day), "data": data} | time.echo())
