"""``POST /v1/<nouns>:batch``: up to 1,000 items, each judged alone; a bad one does not sink the rest.

class InvoiceBatch(Batch[DraftBody]):
    issue: bool = False

@router.post("/v1/invoices:batch", response_model=BatchOut)
async def create_invoices(body: InvoiceBatch, cmd: Annotated[Command, command("invoices:write")]) -> Response:
    return await run_batch(cmd, body.items, DraftBody, body.to_command, invoices.draft, answer=BRIEF)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from annotated_types import Len
from pydantic import AfterValidator, BaseModel, Field, SkipValidation, ValidationError
from starlette.responses import Response

from encours.http import problems
from encours.http.answers import Answer
from encours.http.catalogue import DatabaseUnavailable
from encours.http.commands import Command, dry_run_body, json_response
from encours.http.models import Body, Problem
from encours.kernel.errors import DomainError, Invalid
from encours.ledger.command import Result
from encours.ledger.execute import Done
from encours.ledger.in_order import InOrder
from encours.ledger.session import Session

MAX_ITEMS = 1_000
MAX_LINES = 20_000
AT_ONCE = 128
"""Items that are stored together: of two events each, as many as one group commit takes. While the database stores
them, as many after them are decided."""

_REFUSED: tuple[type[Exception], ...] = (ValidationError, DomainError, *problems.UNAVAILABLE)

T = TypeVar("T", bound=BaseModel)
C = TypeVar("C")


def _within_bounds(items: list[Any]) -> list[Any]:
    lists = (value for item in items if isinstance(item, dict) for value in item.values())
    if sum(len(value) for value in lists if isinstance(value, list)) > MAX_LINES:
        raise ValueError(f"The items may have {MAX_LINES:,} lines in all; send them in several batches.")
    return items


class Batch(Body, Generic[T]):
    """A request of many items. They are read one by one later, so that each gets a verdict of its own."""

    items: Annotated[list[SkipValidation[T]], Len(1, MAX_ITEMS), AfterValidator(_within_bounds)]


class BatchResult(BaseModel):
    """The verdict on one item."""

    index: int = Field(description="Place in the request's list, from 0.", ge=0)
    status: int = Field(description="The HTTP status that the item alone would have got.")
    id: str | None = None
    body: dict[str, Any] | None = None
    events: list[dict[str, Any]] | None = Field(default=None, description="Of a dry run.")
    problem: Problem | None = None


class BatchOut(BaseModel):
    """Verdicts in the order of the request."""

    succeeded: int
    failed: int
    results: list[BatchResult]


async def _nothing(_: Session) -> None:
    """The command of the batch as a whole: no events, but its id and fingerprint are recorded."""


async def run_batch(
    cmd: Command,
    items: Sequence[Any],
    model: type[T],
    to_command: Callable[[T], C],
    use_case: Callable[[Session, C], Awaitable[Result]],
    *,
    answer: Answer[Any],
) -> Response:
    """Read and carry out each item. The answer is 200 with a verdict an item, whatever the verdicts are.

    Items are stored in the order of the request, so that an item gets its legal number before those after it. The
    deadline of a request begins anew with each :data:`AT_ONCE` items: a busy machine needs longer for all of them.

    With an ``Idempotency-Key`` the batch itself is recorded first, so that the key with another list is refused as a
    whole; then each item's command has an id of its own, so that a repetition finishes what the first one left undone.
    """
    position, headers = 0, {"Cache-Control": "no-store"}
    if cmd.keyed and not cmd.meta.dry_run:
        whole = await cmd.perform(_nothing)
        position = whole.position
        if whole.replayed:
            headers["Idempotency-Replayed"] = "true"
    verdicts: list[tuple[dict[str, Any], int]] = [({}, 0)] * len(items)

    async def judge(index: int, place: int, turns: InOrder) -> None:
        item_cmd, raw = cmd.item(index), items[index]
        try:
            try:
                command = to_command(model.model_validate(raw))
                done = await item_cmd.perform(use_case, command, append=turns.append_at(place))
            finally:
                turns.leave(place)
            verdicts[index] = await _verdict(item_cmd, index, done, answer)
        except _REFUSED as error:
            verdicts[index] = _refused(item_cmd, index, error, raw)

    before: InOrder | None = None
    async with asyncio.TaskGroup() as judging:
        for first in range(0, len(items), AT_ONCE):
            indexes = range(first, min(first + AT_ONCE, len(items)))
            turns = InOrder(cmd.ledger, len(indexes), after=before)
            for place, index in enumerate(indexes):
                judging.create_task(judge(index, place, turns))
                # Reading an item may take milliseconds: others have their turn in between.
                await asyncio.sleep(0)
            await turns.begin()
            cmd.context.extend_deadline()
            before = turns
    failed = sum("problem" in result for result, _ in verdicts)
    body = {
        "succeeded": len(verdicts) - failed,
        "failed": failed,
        "results": [result for result, _ in verdicts],
    }
    position = max([position, *(reached for _, reached in verdicts)])
    return json_response(body, headers=headers | {"Encours-Position": str(position)})


async def _verdict(cmd: Command, index: int, done: Done, answer: Answer[Any]) -> tuple[dict[str, Any], int]:
    if cmd.meta.dry_run:
        events = dry_run_body(done.events)["events"]
        return {"index": index, "status": 200, "events": events}, done.position
    body, _, result = await answer.body(done)
    return {"index": index, "status": 201, "id": result.id, "body": body}, done.position


def _refused(cmd: Command, index: int, error: Exception, raw: Any) -> tuple[dict[str, Any], int]:
    if isinstance(error, ValidationError):
        listed = problems.faults(problems.located(error, "body", raw))
        refusal = Invalid(f"{listed[0]['pointer'] or '/'}: {listed[0]['detail']}")
        problem = problems.document_of(refusal, cmd.context.request_id, errors=listed)
    elif isinstance(error, DomainError):
        problem = problems.document_of(error, cmd.context.request_id)
    else:
        # Whether it took effect is unknown; the same batch with the same key finds out.
        away = DatabaseUnavailable(
            "The database cannot be reached just now: repeat the batch with the same Idempotency-Key."
        )
        problem = problems.document_of(away, cmd.context.request_id)
    return {"index": index, "status": problem["status"], "problem": problem}, 0
