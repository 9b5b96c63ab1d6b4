"""The credit check of an order: take the picture, decide, and keep the decision with what it saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.ledger import Ledger
from encours.ledger.session import Session
from encours.ledger.states import Folder
from encours.reading.read_db import ReadDb
from risk_svc.domain import check
from risk_svc.domain.picture import Picture
from risk_svc.read_models.credit.query import pictures
from risk_svc.use_cases import customers

CHECK: Folder[check.CheckState] = Folder(check.CheckState, check.evolve)
FRESHNESS_WAIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Pictures:
    """Query for the picture of one customer, as fresh as can be had."""

    db: ReadDb
    ledger: Ledger

    async def latest(self, ledger: str, customer_id: str, day: date) -> tuple[Picture, int, int]:
        """Return picture, position and lag in events, after a wait of up to a second for the ledger's head.

        The picture is empty for a customer that the read model does not hold at that position.
        """
        head = (await self.ledger.head(ledger)).position
        await self.db.wait_for("credit", ledger, head, timeout=FRESHNESS_WAIT_S)
        async with self.db.snapshot("credit", ledger) as (conn, schema, position):
            found = await pictures(conn, schema, [customer_id], as_of=day, position=position)
        picture = found.get(customer_id, Picture(customer_id, "", ""))
        return picture, position, max(0, head - position)


async def check_credit(session: Session, command: check.CheckCredit, query: Pictures) -> None:
    """Decide and record. A read model that lags is not hidden: the decision keeps position and lag."""
    await session.load(CHECK, command.decision_id)
    customer = await customers.known(session, command.customer_id)
    today = session.meta.today
    picture, position, lag = await query.latest(session.meta.ledger, command.customer_id, today)
    event = check.decide(command, picture, today, position=position, lag=lag)
    session.emit(command.decision_id, event, entity=customer.entity_id)
    session.answer(decision_id=command.decision_id)
