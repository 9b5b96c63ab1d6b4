"""Parameters and control totals of a check."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request

from encours.http.bodies.uploads import chunks, lines
from encours.http.catalogue import TooLarge, UnsupportedMediaType
from encours.http.models import Body, BusinessDate, Currency, Id, MoneyModel
from encours.kernel.errors import FieldError
from encours.kernel.money import exponent
from invoice_svc.http.common import EntityId
from invoice_svc.imports.survey import DELIMITERS
from invoice_svc.sync.comparing import SideTotals
from invoice_svc.sync.lines import ListedItem, ListForm, read_list
from invoice_svc.sync.receiving import MakeCheck
from invoice_svc.sync.refusals import SyncListInvalid

SyncCheckId = Annotated[str, Id("syn"), Field(examples=["syn_0195e0a4c1187ebc837d95283b6791e9"])]
MAX_TOTALS_BYTES = 64 * 1024
_JSON = "application/json"
_LISTS: dict[str, Literal["csv", "ndjson"]] = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
}
_TOTAL = {
    "type": "object",
    "required": ["amount", "currency", "count"],
    "properties": {
        "amount": {"type": "string"},
        "currency": {"type": "string"},
        "count": {"type": "integer"},
    },
}
UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {"schema": {"type": "string", "format": "binary"}},
            "text/csv": {"schema": {"type": "string", "format": "binary"}},
            _JSON: {
                "schema": {
                    "type": "object",
                    "required": ["totals"],
                    "properties": {"totals": {"type": "array", "items": _TOTAL}},
                }
            },
        },
    }
}


class ControlTotal(MoneyModel):
    """Open amount of the other system in one currency, and its number of items."""

    count: Annotated[int, Field(ge=0, lt=2**53)]


class ControlTotals(Body):
    """Control totals of the other system, one for each currency."""

    totals: Annotated[list[ControlTotal], Field(min_length=1, max_length=200)]


class SyncParameters(BaseModel):
    """The entity, the day, and the form of the list."""

    entity_id: EntityId
    on: BusinessDate | None = Field(
        default=None, description="Day whose open items the list has; today if not given."
    )
    currency: Currency = Field(default="EUR", description="Currency of lines that give none.")
    rounding: int = Field(
        default=1, ge=0, le=100, description="Difference in minor units that is named `rounding`."
    )
    delimiter: Literal["comma", "semicolon", "tab", "pipe"] = Field(
        default="comma", description="Delimiter of a CSV list."
    )
    decimal: Literal["point", "comma"] = Field(default="point", description="Decimal sign of the amounts.")
    date_format: str | None = Field(
        default=None, max_length=40, description="strptime format of the dates; ISO 8601 if not given."
    )

    async def read(self, request: Request) -> tuple[MakeCheck, AsyncIterator[ListedItem]]:
        """Return the command and the lines of the body, none of control totals.

        Raises :class:`UnsupportedMediaType`, :class:`SyncListInvalid`.
        """
        exponent(self.currency)
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media == _JSON:
            return self._command(await _totals(request)), _nothing()
        if media not in _LISTS:
            raise UnsupportedMediaType(f"Send Content-Type: {', '.join(_LISTS)} or {_JSON}.")
        form = ListForm(
            format=_LISTS[media],
            currency=self.currency,
            delimiter=DELIMITERS[self.delimiter],
            decimal=self.decimal,
            date_format=self.date_format,
        )
        return self._command([]), read_list(lines(request), form)

    def _command(self, totals: list[SideTotals]) -> MakeCheck:
        return MakeCheck(self.entity_id, self.on, self.rounding, totals)


async def _totals(request: Request) -> list[SideTotals]:
    data = b""
    async for chunk in chunks(request):
        data += chunk
        if len(data) > MAX_TOTALS_BYTES:
            raise TooLarge(f"Control totals have {MAX_TOTALS_BYTES:,} bytes at most.")
    try:
        given = ControlTotals.model_validate_json(data).totals
    except ValidationError as error:
        errors = tuple(
            FieldError("/" + "/".join(map(str, each["loc"])), each["msg"]) for each in error.errors()[:100]
        )
        raise SyncListInvalid("The control totals cannot be read.", errors=errors) from None
    if len({each.currency for each in given}) < len(given):
        raise SyncListInvalid("Give one total for each currency.", "/totals")
    return [SideTotals(each.currency, each.minor, each.count, 0, 0) for each in given]


async def _nothing() -> AsyncIterator[ListedItem]:
    for item in list[ListedItem]():
        yield item
