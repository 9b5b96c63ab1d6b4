"""Commands on the versions of the payment model: fit one to the history, activate one."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from encours.contracts.events.score import STREAM
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from risk_svc.domain.score import versions
from risk_svc.domain.score.model import ModelKind

SCORE_MODELS: Folder[versions.ScoreModels] = Folder(versions.ScoreModels, versions.evolve)
LEDGER_WIDE = ""
"""Entity of events that belong to all creditors of a ledger."""


class Histories(Protocol):
    """Query for a model that is fitted to the history of a ledger."""

    async def fitted(self, ledger: str, day: date, version: str, kind: ModelKind) -> versions.LedgerHistory:
        """Return the fit.

        Raises :class:`risk_svc.domain.score.fit.HistoryTooShort` and, without the library that a kind needs,
        :class:`risk_svc.domain.score.boosted.fit.BoostingNotInstalled`.
        """


async def fit_model(session: Session, command: versions.FitModel, histories: Histories) -> Result:
    """Fit the next version to the whole history of the ledger. It is not in use before it is activated."""
    session.require_entity(LEDGER_WIDE)
    state = await session.load(SCORE_MODELS, STREAM)
    version = versions.next_version(state)
    found = await session.ask(histories.fitted, session.meta.ledger, session.today, version, command.kind)
    session.emit(STREAM, versions.record_fit(found, session.today), entity=LEDGER_WIDE)
    return session.result(STREAM)


async def activate_model(session: Session, command: versions.ActivateModel) -> Result:
    """Use a version for grades and forecasts from now on."""
    state = await session.load(SCORE_MODELS, STREAM)
    for event in versions.activate(state, command):
        session.emit(STREAM, event, entity=LEDGER_WIDE)
    return session.result(STREAM)
