"""Answers to commands: the body that shows a finished command, equal for every repetition.

``http/<resource>/answers.py`` of a service has its models, each with a classmethod ``of(state, version, as_of)``,
and one :class:`Answer` for each that commands answer with::

    INVOICE_ANSWER = Answer(INVOICE, InvoiceOut.of)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from encours.ledger.command import Result
from encours.ledger.execute import Done
from encours.ledger.states import Folder

S = TypeVar("S")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer(Generic[S]):
    """Body that shows a command's result, equal to that of a later GET.

    ``of`` makes it from the state of the stream that the result names, its version and the command's business day: as a
    model, or as JSON, which takes a fifth of the time for an invoice. If a use case returns a subclass of
    :class:`Result`, it is named here, and ``tell`` adds its fields to the body.
    """

    folder: Folder[S]
    of: Callable[[S, int, date], BaseModel | Json]
    result: type[Result] = Result
    tell: Callable[[Json, Any], Json] | None = None

    def shown(self, state: S, version: int, as_of: date) -> Json:
        """Return the body of a state, in JSON."""
        made = self.of(state, version, as_of)
        return made.model_dump(mode="json", by_alias=True) if isinstance(made, BaseModel) else made

    async def body(self, done: Done) -> tuple[Json, int, Result]:
        """Return the body without its dates, the version of the stream, and the result."""
        result = done.result(self.result)
        state, version = await done.state(self.folder, result.id)
        return self.shown(state, version, result.as_of), version, result

    async def show(self, done: Done) -> tuple[Json, int, Result]:
        """Return the body as :meth:`body` does, with ``as_of``, ``known_at``, ``position`` and fields of the result."""
        body, version, result = await self.body(done)
        body |= {"as_of": result.as_of.isoformat(), "known_at": None, "position": done.position}
        return body if self.tell is None else self.tell(body, result), version, result
