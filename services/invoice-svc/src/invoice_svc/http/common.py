"""Parts that bodies and answers of several resources share: ids, decimals, addresses."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from encours.contracts import common
from encours.http.answers import Json
from encours.http.models import (
    Body,
    Country,
    Id,
    MoneyModel,
    ShortText,
)
from encours.kernel import texts
from encours.kernel.email import MAX_LENGTH, ascii_address
from invoice_svc.domain import identifiers
from invoice_svc.domain.identifiers import InvalidIdentifier

EntityId = Annotated[str, Id("ent"), Field(examples=["ent_0195e0a4c1187ebc837d95283b6791e9"])]
CustomerId = Annotated[str, Id("cus"), Field(examples=["cus_0195e0a4c1187ebc837d95283b6791e9"])]
InvoiceId = Annotated[str, Id("inv"), Field(examples=["inv_0195e0a4c1187ebc837d95283b6791e9"])]
PaymentId = Annotated[str, Id("pay"), Field(examples=["pay_0195e0a4c1187ebc837d95283b6791e9"])]
AllocationId = Annotated[str, Id("alo"), Field(examples=["alo_0195e0a4c1187ebc837d95283b6791e9"])]
ReversalId = Annotated[str, Id("rvl"), Field(examples=["rvl_0195e0a4c1187ebc837d95283b6791e9"])]
RefundId = Annotated[str, Id("rfd"), Field(examples=["rfd_0195e0a4c1187ebc837d95283b6791e9"])]
CreditNoteId = Annotated[str, Id("cre"), Field(examples=["cre_0195e0a4c1187ebc837d95283b6791e9"])]
DisputeId = Annotated[str, Id("dis"), Field(examples=["dis_0195e0a4c1187ebc837d95283b6791e9"])]
PlanId = Annotated[str, Id("pln"), Field(examples=["pln_0195e0a4c1187ebc837d95283b6791e9"])]
InstrumentId = Annotated[str, Id("ins"), Field(examples=["ins_0195e0a4c1187ebc837d95283b6791e9"])]
QuoteId = Annotated[str, Id("quo"), Field(examples=["quo_0195e0a4c1187ebc837d95283b6791e9"])]
OrderId = Annotated[str, Id("ord"), Field(examples=["ord_0195e0a4c1187ebc837d95283b6791e9"])]
DeliveryId = Annotated[str, Id("dlv"), Field(examples=["dlv_0195e0a4c1187ebc837d95283b6791e9"])]
RecurringId = Annotated[str, Id("rec"), Field(examples=["rec_0195e0a4c1187ebc837d95283b6791e9"])]
FindingId = Annotated[str, Id("fnd"), Field(examples=["fnd_0195e0a4c1187ebc837d95283b6791e9"])]
SeriesCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9_-]{0,19}$")]
Phone = Annotated[str, StringConstraints(pattern=texts.PHONE)]
FieldCode = Annotated[str, StringConstraints(pattern=texts.FIELD_CODE), Field(examples=["sales_channel"])]
FieldValueText = Annotated[
    str,
    StringConstraints(max_length=260, pattern=r"^[a-z][a-z0-9_]{0,39}:.+$"),
    Field(examples=["channel:web"]),
]
"""Value of a custom field that a list is filtered by."""
Tag = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=texts.ONE_LINE)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]

DECIMAL_PATTERN = r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise PydanticCustomError("time_zone", "Name an IANA time zone such as Europe/Paris.")
    return name


def _email(text: str) -> str:
    address = ascii_address(text)
    if address is None:
        raise PydanticCustomError("email", "Write an e-mail address such as compta@example.com.")
    return address


def _checked(check: Callable[[str], str]) -> AfterValidator:
    """Return the validator of an identifier, which is kept in its compact form and refused with the reason."""

    def checked(text: str) -> str:
        try:
            return check(text)
        except InvalidIdentifier as error:
            raise PydanticCustomError("identifier", "{reason}", {"reason": str(error)}) from None

    return AfterValidator(checked)


def _written(example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "maxLength": _WRITTEN_MAX, "examples": [example]})


_WRITTEN_MAX = 60
_Written = Annotated[str, StringConstraints(max_length=_WRITTEN_MAX)]
Siren = Annotated[_Written, _checked(identifiers.checked_siren), _written("552100554")]
Siret = Annotated[_Written, _checked(identifiers.checked_siret), _written("55210055400013")]
Lei = Annotated[_Written, _checked(identifiers.checked_lei), _written("969500KCGF3SUYJHPV70")]
VatId = Annotated[_Written, _checked(identifiers.checked_vat_id), _written("FR96552100554")]
Iban = Annotated[_Written, _checked(identifiers.checked_iban), _written("FR7630006000011234567890189")]

Email = Annotated[
    str,
    StringConstraints(max_length=MAX_LENGTH),
    AfterValidator(_email),
    WithJsonSchema({"type": "string", "maxLength": MAX_LENGTH, "examples": ["compta@example.com"]}),
]
"""An address that mail can be sent to; its domain is kept in ASCII form."""

TimeZone = Annotated[
    str, StringConstraints(max_length=60), AfterValidator(_zone), Field(examples=["Europe/Paris"])
]


def _decimal(value: Any) -> str:
    """Return a decimal string; a JSON number by its shortest form, so 19.99 stays 19.99."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, float) and math.isfinite(value):
        text = repr(value).removesuffix(".0")
    else:
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
    if _DECIMAL.fullmatch(text):
        return text
    raise PydanticCustomError(
        "decimal", "Write a decimal number such as 12.5, with up to 12 digits and 6 decimals."
    )


def _price(value: Any) -> str | MoneyModel:
    """Return a decimal string or money; errors of money keep their own pointers."""
    if not isinstance(value, dict):
        return _decimal(value)
    try:
        return MoneyModel.model_validate(value)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        pointer = "".join(f"/{part}" for part in fault["loc"]) + str(fault.get("ctx", {}).get("pointer", ""))
        known = {"pointer": pointer, "detail": _MONEY_ADVICE.get(fault["type"], fault["msg"])}
        raise PydanticCustomError("money", "{detail}", known) from None


_DECIMAL = re.compile(DECIMAL_PATTERN, re.ASCII)
_MONEY_ADVICE = {
    "missing": "This field is required.",
    "extra_forbidden": "There is no such field; remove it.",
}
_DECIMAL_SCHEMA: list[dict[str, Any]] = [
    {"type": "string", "pattern": DECIMAL_PATTERN},
    {"type": "integer", "minimum": -999_999_999_999, "maximum": 999_999_999_999},
]

DecimalText = Annotated[
    str, PlainValidator(_decimal), WithJsonSchema({"anyOf": _DECIMAL_SCHEMA, "examples": ["12.5"]})
]
"""A decimal number as a string; whole and short decimal JSON numbers are read too."""

RATE_PATTERN = r"^[0-9]{1,9}(\.[0-9]{1,12})?$"
_RATE = re.compile(RATE_PATTERN, re.ASCII)


def _rate(value: Any) -> str:
    """Return a rate as a decimal string; a JSON number by its shortest form, without an exponent."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        value = f"{Decimal(repr(value)):f}"
    if isinstance(value, str) and _RATE.fullmatch(value):
        return value
    raise PydanticCustomError(
        "rate", "Write a rate above 0 such as 0.9213, with up to 9 digits and 12 decimals."
    )


RateText = Annotated[
    str,
    PlainValidator(_rate),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string", "pattern": RATE_PATTERN}, {"type": "number", "minimum": 0}],
            "examples": ["0.9213"],
        }
    ),
]
"""An exchange rate: small units, such as those of VND, need more decimals than a price."""

UnitPrice = Annotated[
    str | MoneyModel,
    PlainValidator(_price),
    WithJsonSchema({"anyOf": [*_DECIMAL_SCHEMA, MoneyModel.model_json_schema()], "examples": ["89.90"]}),
]
"""A price in the invoice's currency, or money that names it."""


class AddressBody(Body):
    """A postal address."""

    lines: list[ShortText] = Field(min_length=1, max_length=5, examples=[["12 rue de la Paix"]])
    postal_code: Annotated[str, StringConstraints(min_length=1, max_length=20, pattern=texts.ONE_LINE)] = (
        Field(examples=["75002"])
    )
    city: ShortText = Field(examples=["Paris"])
    country: Country = "FR"

    def to_contract(self) -> common.Address:
        """Return the address in the form of the events."""
        return common.Address(
            lines=tuple(self.lines), postal_code=self.postal_code, city=self.city, country=self.country
        )


class AddressOut(BaseModel):
    """A postal address."""

    lines: list[str]
    postal_code: str
    city: str
    country: str

    @classmethod
    def of(cls, address: common.Address | None) -> Json | None:
        """Return an address as JSON."""
        if address is None:
            return None
        return {
            "lines": list(address.lines),
            "postal_code": address.postal_code,
            "city": address.city,
            "country": address.country,
        }


def iso(day: date | None) -> str | None:
    """Return a business date in ISO 8601."""
    return None if day is None else day.isoformat()


def named_fields(body: Body, *, keep: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields of a PATCH for a command; null leaves a field of ``keep`` unchanged."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    given |= {name: value.to_contract() for name, value in given.items() if isinstance(value, AddressBody)}
    return {name: value for name, value in given.items() if value is not None or name not in keep}
