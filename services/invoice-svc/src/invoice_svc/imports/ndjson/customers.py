"""Lines of customers, and of the roles around them."""

from __future__ import annotations

import msgspec

from encours.contracts.common import Address
from encours.kernel import texts
from invoice_svc.domain import identifiers
from invoice_svc.domain.identifiers import contradictions
from invoice_svc.imports import values
from invoice_svc.imports.csv_lines import Defaults, Parsed
from invoice_svc.imports.events import ImportedCustomer, ImportedRoles
from invoice_svc.imports.formats.verdict import Fault
from invoice_svc.imports.ndjson.line import NdjsonLine
from invoice_svc.imports.terms.ndjson import Strict, TermsObject

MAX_ADDRESS_LINES = 5
MAX_TAGS = 50
MAX_FIELDS = 100


class AddressObject(Strict, frozen=True, kw_only=True):
    lines: list[str]
    postal_code: str
    city: str
    country: str | None = None

    def parsed(self, country: str, name: str = "address") -> Address:
        if not 1 <= len(self.lines) <= MAX_ADDRESS_LINES:
            raise Fault(
                "invalid-value",
                f"An address must have 1 to {MAX_ADDRESS_LINES} lines before the city.",
                f"{name}.lines",
            )
        return Address(
            lines=tuple(values.text(line, f"{name}.lines", limit=200) for line in self.lines),
            postal_code=values.text(self.postal_code, f"{name}.postal_code", limit=20),
            city=values.text(self.city, f"{name}.city", limit=200),
            country=values.country(self.country or country, f"{name}.country"),
        )


class CustomerLine(NdjsonLine, frozen=True, kw_only=True, tag="customer"):
    external_ref: str
    name: str | None = None
    country: str | None = None
    language: str | None = None
    email: str | None = None
    phone: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    address: AddressObject | None = None
    segment: str | None = None
    salesperson: str | None = None
    siret: str | None = None
    lei: str | None = None
    iban: str | None = None
    delivery_address: AddressObject | None = None
    tags: list[str] | None = None
    fields: dict[str, str | bool] | None = None
    registered_on: str | None = None
    terms: TermsObject | None = None

    def parsed(self, defaults: Defaults) -> Parsed:
        ref = self.text_of("external_ref", 100)
        country = values.country(self.country or defaults.country, "country")
        terms = None if self.terms is None else self.terms.parsed(defaults.currency, defaults.style)
        plain = terms if terms is not None and terms.has_days_only else None
        event = ImportedCustomer(
            ref=ref,
            name=self.optional_text("name") or ref,
            country=country,
            language=values.language(self.language or values.language_of(country), "language"),
            email=values.email(self.email or "", "email"),
            phone=self.optional_code("phone", texts.PHONE, "+33 1 23 45 67 89"),
            siren=self.identifier("siren", identifiers.checked_siren),
            vat_id=self.identifier("vat_id", identifiers.checked_vat_id),
            address=self.address.parsed(country) if self.address else msgspec.UNSET,
            siret=self.identifier("siret", identifiers.checked_siret) or msgspec.UNSET,
            lei=self.identifier("lei", identifiers.checked_lei) or msgspec.UNSET,
            iban=self.identifier("iban", identifiers.checked_iban) or msgspec.UNSET,
            delivery_address=(
                self.delivery_address.parsed(country, "delivery_address")
                if self.delivery_address
                else msgspec.UNSET
            ),
            tags=self._tags() or msgspec.UNSET,
            fields=fields_of(self.fields) or msgspec.UNSET,
            segment=self.optional_text("segment"),
            salesperson=self.optional_text("salesperson"),
            due_kind=plain.due_kind if plain else None,
            due_days=plain.days if plain else None,
            terms=msgspec.UNSET if terms is None or plain else terms,
            on=self.optional_day("registered_on"),
        )
        for column, reason in contradictions(event.siren, event.siret or None, event.vat_id).items():
            raise Fault("identifiers-contradict", reason, column)
        return Parsed((event,))

    def _tags(self) -> tuple[str, ...]:
        if len(self.tags or ()) > MAX_TAGS:
            raise Fault("invalid-value", f"A customer may have at most {MAX_TAGS} tags.", "tags")
        return tuple(sorted({values.text(tag, "tags", limit=40) for tag in self.tags or ()}))


def fields_of(given: dict[str, str | bool] | None) -> dict[str, str | bool]:
    """Return values of custom fields by code. Raises :class:`Fault`."""
    if len(given or ()) > MAX_FIELDS:
        raise Fault("invalid-value", f"A line may have at most {MAX_FIELDS} custom fields.", "fields")
    return {
        values.code(code, texts.FIELD_CODE, "sales_channel", "fields"): value
        if isinstance(value, bool)
        else values.text(value, f"fields.{code}", limit=200)
        for code, value in (given or {}).items()
    }


class RolesLine(NdjsonLine, frozen=True, kw_only=True, tag="customer_roles"):
    customer: str
    valid_from: str
    payer: str | None = None
    billed: str | None = None
    delivered: str | None = None
    group: str | None = None

    def parsed(self, defaults: Defaults) -> Parsed:
        return Parsed(
            (
                ImportedRoles(
                    customer=self.text_of("customer", 100),
                    valid_from=self.day_of("valid_from"),
                    payer=self.optional_text("payer", 100),
                    billed=self.optional_text("billed", 100),
                    delivered=self.optional_text("delivered", 100),
                    group=self.optional_text("group", 100),
                ),
            )
        )
