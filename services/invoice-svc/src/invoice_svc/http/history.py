"""History of an object: the events of its stream, who recorded each, when and why, and its text."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import Query as QueryParam
from pydantic import BaseModel
from starlette.responses import Response

from encours.contracts import Recorded
from encours.http.answers import Answer, Json
from encours.http.queries import AsOf, Query
from encours.kernel.instants import instant_text
from encours.reading.summary import summary
from encours.reading.texts.form import Language
from invoice_svc.http.reads import read

TextLanguage = Annotated[Language, QueryParam(description="Language of the summaries.")]


class HistoryEventOut(BaseModel):
    """One event of the object's stream, with its text."""

    position: int
    version: int
    type: str
    summary: str
    effective_on: date
    recorded_at: str
    actor: str
    reason: str | None
    command_id: str
    correlation_id: str | None
    causation_id: str | None
    traceparent: str | None
    data: dict[str, Any]

    @classmethod
    def of(cls, recorded: Recorded, language: Language) -> Json:
        """Show one event of a stream."""
        return {
            "position": recorded.position,
            "version": recorded.version,
            "type": recorded.type,
            "summary": summary(recorded.data, language),
            "effective_on": recorded.effective_on.isoformat(),
            "recorded_at": instant_text(recorded.recorded_at),
            "actor": recorded.actor,
            "reason": recorded.reason,
            "command_id": str(recorded.command_id),
            "correlation_id": None if recorded.correlation_id is None else str(recorded.correlation_id),
            "causation_id": None if recorded.causation_id is None else str(recorded.causation_id),
            "traceparent": recorded.traceparent,
            "data": recorded.data,
        }


class HistoryOut(AsOf):
    """Events of the object, in order."""

    data: list[HistoryEventOut]


async def show_history(q: Query, answer: Answer[Any], stream: str, language: Language) -> Response:
    """Answer with the events that are effective as of the date, in the order of recording. Raises as ``show``."""
    _, events, time = await read(q, answer, stream)
    shown = [HistoryEventOut.of(event, language) for event in events if event.effective_on <= time.as_of]
    return q.respond({"data": shown} | time.echo(), last=events[-1])
