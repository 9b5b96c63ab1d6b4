"""Versions of the payment model at the dates of a question."""

from __future__ import annotations

from encours.contracts.events.score import STREAM
from encours.http.queries import Query
from encours.reading.moment import TimeTravel
from risk_svc.domain.score.versions import ScoreModels
from risk_svc.use_cases.score_models import SCORE_MODELS


async def score_models_at(q: Query, time: TimeTravel | None = None) -> tuple[ScoreModels, TimeTravel]:
    """Return the versions and the dates; those of a read model's view where its ``time`` is given."""
    time = time or await q.time()
    events = await q.ledger.read_stream(q.caller.ledger, STREAM, upto=time.position)
    return SCORE_MODELS.fold_as_of(events, time.as_of), time
