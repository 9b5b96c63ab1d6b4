"""Events of credit insurance in the rows of ``credit``, folded again at the dates of a question."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.contracts import Recorded
from encours.contracts.base import encode
from encours.contracts.events.insurance import (
    CoverCancelled,
    CoverGranted,
    CoverReduced,
    CoverResumed,
    CoverStopped,
    InsuranceContractSet,
    InsuranceDeadlineAlerted,
    InsuranceDeadlineMet,
    InsuranceDeadlineMissed,
)
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row

INSURANCE = (
    InsuranceContractSet,
    CoverGranted,
    CoverReduced,
    CoverCancelled,
    CoverStopped,
    CoverResumed,
    InsuranceDeadlineAlerted,
    InsuranceDeadlineMissed,
    InsuranceDeadlineMet,
)
InsuranceEvent = (
    InsuranceContractSet
    | CoverGranted
    | CoverReduced
    | CoverCancelled
    | CoverStopped
    | CoverResumed
    | InsuranceDeadlineAlerted
    | InsuranceDeadlineMissed
    | InsuranceDeadlineMet
)


class InsuranceEventRow(Row, kw_only=True):
    """An event of a contract, a cover or a deadline, never changed again; ``content`` is its canonical JSON."""

    TABLE: ClassVar[str] = "insurance_event"
    KEY: ClassVar[tuple[str, ...]] = ("position",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(contract_id, subject)", "(customer_id)")
    position: int
    subject: str
    """``contract``, ``cover`` or ``deadline``."""
    stream: str
    contract_id: str
    customer_id: str | None
    entity_id: str
    effective_on: date
    type: str
    schema_version: int
    content: str


def apply_insurance(e: Recorded, data: InsuranceEvent, rows: RowCache) -> None:
    """Put an event of credit insurance."""
    rows.put(
        InsuranceEventRow(
            position=e.position,
            subject=data.TYPE.partition(".")[0].removeprefix("insurance_"),
            stream=e.stream,
            contract_id=data.insurance_contract_id,
            customer_id=None if isinstance(data, InsuranceContractSet) else data.customer_id,
            entity_id=e.entity,
            effective_on=e.effective_on,
            type=data.TYPE,
            schema_version=data.VERSION,
            content=encode(data).decode(),
        )
    )
