"""Building blocks of request and answer bodies: money, dates, ids, texts. Bodies refuse fields they do not know.

CustomerId = Annotated[str, Id("cus")]

class IssueBody(Body):
    issued_on: BusinessDate
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from encours.http.parameters import FIRST_DAY, LAST_DAY, parse_date
from encours.kernel.errors import DomainError
from encours.kernel.money import format_amount, parse_amount
from encours.kernel.texts import ONE_LINE, SEVERAL_LINES

_AMOUNT_PATTERN = r"^-?[0-9]{1,16}(\.[0-9]{1,3})?$"
_UNSIGNED_PATTERN = r"^[0-9]{1,16}(\.[0-9]{1,3})?$"


class Body(BaseModel):
    """Base of request bodies: unknown fields are refused, values are not changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def Id(prefix: str) -> StringConstraints:  # noqa: N802 - reads as the type that it makes: Annotated[str, Id("inv")]
    """An id of one kind: the prefix and 32 lower-case hexadecimal digits."""
    return StringConstraints(pattern=rf"^{prefix}_[0-9a-f]{{32}}$")


def _read_date(value: Any) -> Any:
    if isinstance(value, date):
        return value
    day = parse_date(value) if isinstance(value, str) else None
    if day is None:
        raise PydanticCustomError(
            "business_date", f"Write a date from {FIRST_DAY} to {LAST_DAY} such as 2026-03-31."
        )
    return day


BusinessDate = Annotated[
    date,
    BeforeValidator(_read_date),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-03-31"]}),
]
"""A day as businesses write it, ``2026-03-31``; numbers and instants are refused."""

ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=ONE_LINE)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=SEVERAL_LINES)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(examples=["EUR"])]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), Field(examples=["FR"])]
Count = Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)]


class MoneyModel(BaseModel):
    """An amount of one currency: a decimal string with no more decimals than the currency has."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"amount": "240.00", "currency": "EUR"}]}
    )

    amount: Annotated[
        str, Field(max_length=24, json_schema_extra={"pattern": _AMOUNT_PATTERN}, examples=["240.00"])
    ]
    currency: Annotated[
        str, Field(max_length=3, json_schema_extra={"pattern": "^[A-Z]{3}$"}, examples=["EUR"])
    ]
    _minor: int = PrivateAttr(default=0)

    @model_validator(mode="after")
    def _exact(self) -> Self:
        try:
            self._minor = parse_amount(self.amount, self.currency)
        except DomainError as error:
            pointer = error.errors[0].pointer if error.errors else "/amount"
            raise PydanticCustomError(
                "money", "{detail}", {"detail": error.detail, "pointer": pointer}
            ) from None
        self._check_sign()
        return self

    def _check_sign(self) -> None:
        """Any sign is good here."""

    @property
    def minor(self) -> int:
        """Integer minor units (cents)."""
        return self._minor

    @classmethod
    def of(cls, amount_minor: int, currency: str) -> MoneyModel:
        """Minor units as they are answered; no validation, the ledger has done that."""
        made = cls.model_construct(amount=format_amount(amount_minor, currency), currency=currency)
        made._minor = amount_minor
        return made


class PositiveMoney(MoneyModel):
    """An amount above zero."""

    amount: Annotated[
        str, Field(max_length=24, json_schema_extra={"pattern": _UNSIGNED_PATTERN}, examples=["240.00"])
    ]

    def _check_sign(self) -> None:
        if self._minor <= 0:
            raise PydanticCustomError("money", "Write an amount above zero.", {"pointer": "/amount"})


class NonNegativeMoney(MoneyModel):
    """An amount of zero or more."""

    amount: Annotated[
        str, Field(max_length=24, json_schema_extra={"pattern": _UNSIGNED_PATTERN}, examples=["240.00"])
    ]

    def _check_sign(self) -> None:
        if self._minor < 0:
            raise PydanticCustomError("money", "Write an amount of zero or more.", {"pointer": "/amount"})


def money_json(amount_minor: int, currency: str) -> dict[str, str]:
    """Return an amount as :meth:`MoneyModel.of` does, for answers that are built as plain dicts."""
    return {"amount": format_amount(amount_minor, currency), "currency": currency}


def known_money_json(amount_minor: int | None, currency: str) -> dict[str, str] | None:
    """Return an amount as :func:`money_json` does; ``None`` for one that is not known."""
    return None if amount_minor is None else money_json(amount_minor, currency)


class ProblemFault(BaseModel):
    """One fault of a request."""

    pointer: str = Field(
        description="JSON pointer (RFC 6901) into the part of the request named by `in`.",
        examples=["/lines/0/unit_price/amount"],
    )
    detail: str = Field(description="What to change.")
    in_: str | None = Field(default=None, alias="in", description="body, query, path or header.")


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = Field(
        description="Stable; GET it for what it means.", examples=["/problems/invoice-not-open"]
    )
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    request_id: str
    errors: list[ProblemFault] | None = None


class PreviewedEvent(BaseModel):
    """An event that would be appended."""

    type: str
    stream: str
    version: int
    entity: str
    effective_on: date
    data: dict[str, Any]


class DryRun(BaseModel):
    """The answer to `dry_run=true`: nothing was appended."""

    dry_run: bool
    events: list[PreviewedEvent]
