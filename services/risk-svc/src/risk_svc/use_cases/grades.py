"""Command on the grade of a customer."""

from __future__ import annotations

from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from risk_svc.domain.score import grading

GRADE: Folder[grading.GradedPayer] = Folder(grading.GradedPayer, grading.evolve)


async def grade_customer(session: Session, command: grading.GradeCustomer, entity_id: str) -> Result:
    """Record the grade of a customer of an entity if it is another than before."""
    stream = grading.grade_of(command.customer_id)
    for event in grading.grade(await session.load(GRADE, stream), command):
        session.emit(stream, event, entity=entity_id)
    return session.result(stream)
