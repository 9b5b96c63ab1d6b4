"""Answers about sandboxes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from dunning_svc.read_models.sandboxes.query import LedgerFigures
from dunning_svc.use_cases.sandboxes import SandboxComparison
from encours.http.models import MoneyModel
from encours.ledger.sandboxes import Proof, Sandbox

SandboxState = Literal["building", "ready", "dropped"]


class SandboxOut(BaseModel):
    """A sandbox as it was made. Requests with its name in the header Encours-Ledger work in it."""

    name: str
    source: str = Field(description="The ledger that it was made of.")
    position: int = Field(description="Up to this position it has the events of its source.")
    note: str
    created_by: str
    created_at: datetime

    @classmethod
    def of(cls, sandbox: Sandbox) -> Self:
        """Return an entry of the register."""
        return cls(**_shown(sandbox))


class SandboxList(BaseModel):
    """Sandboxes of the ledger, oldest first; without those that were dropped."""

    data: list[SandboxOut]


class LedgerFiguresOut(BaseModel):
    """One side of the comparison."""

    position: int = Field(description="Position at which the figures hold.")
    events: dict[str, int] = Field(description="Events since the position of the copy, by type.")
    open: list[MoneyModel] = Field(description="Open amount of all invoices, by currency.")
    reminders: dict[str, int] = Field(
        description="Reminders decided or approved since the position of the copy, by status; "
        "in a sandbox `sent` left nothing."
    )

    @classmethod
    def of(cls, figures: LedgerFigures) -> LedgerFiguresOut:
        """Return the figures of a ledger."""
        amounts = [MoneyModel.of(minor, currency) for currency, minor in figures.open_minor.items()]
        return cls(
            position=figures.position, events=figures.events, open=amounts, reminders=figures.reminders
        )


class SandboxComparedOut(SandboxOut):
    """A sandbox beside its source."""

    state: SandboxState = Field(description="`building` until its read models can answer.")
    today: date | None = Field(description="Business date of the sandbox; null once it was dropped.")
    dropped_by: str | None
    dropped_at: datetime | None
    sandbox: LedgerFiguresOut | None = Field(
        description="Null while it is building, and once it was dropped."
    )
    source_since: LedgerFiguresOut | None = Field(description="The same figures of the source.")

    @classmethod
    def compared(cls, found: SandboxComparison) -> SandboxComparedOut:
        """Return a comparison."""
        dropped = found.sandbox.dropped_at is not None
        return cls(
            **_shown(found.sandbox),
            state="dropped" if dropped else "ready" if found.own else "building",
            today=found.today,
            dropped_by=found.sandbox.dropped_by,
            dropped_at=found.sandbox.dropped_at,
            sandbox=found.own and LedgerFiguresOut.of(found.own),
            source_since=found.source and LedgerFiguresOut.of(found.source),
        )


class SandboxProofOut(BaseModel):
    """SandboxComparison of the common events byte by byte."""

    name: str
    source: str
    positions: int = Field(description="Number of events that were compared.")
    source_sha256: str = Field(description="SHA-256 over all columns of these events in the source.")
    sandbox_sha256: str = Field(description="The same in the sandbox.")
    equal: bool

    @classmethod
    def of(cls, sandbox: Sandbox, proof: Proof) -> SandboxProofOut:
        """Return a proof."""
        return cls(
            name=sandbox.name,
            source=sandbox.source,
            positions=proof.positions,
            source_sha256=proof.source_sha256,
            sandbox_sha256=proof.sandbox_sha256,
            equal=proof.source_sha256 == proof.sandbox_sha256,
        )


def _shown(sandbox: Sandbox) -> dict[str, object]:
    return {name: getattr(sandbox, name) for name in SandboxOut.model_fields}
