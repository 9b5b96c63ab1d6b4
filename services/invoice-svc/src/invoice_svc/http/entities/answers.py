"""Answers of /v1/entities."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from encours.contracts.events.parties.entity import AccountUse, BankAccountSet, Letterhead, VatRegime
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from encours.legal.invoicing import Gaps, NumberRule
from invoice_svc.domain.entity.closing import closed_until
from invoice_svc.domain.entity.state import Document, Entity, Series
from invoice_svc.http.approval import CircuitOut
from invoice_svc.http.common import AddressOut
from invoice_svc.read_models.numbers.query import Completeness
from invoice_svc.read_models.numbers.verdicts import RuleName, verdicts
from invoice_svc.use_cases.folds import ENTITY


class SeriesOut(BaseModel):
    """A number series."""

    code: str
    document: Document
    prefix: str
    width: int
    begins_at: dict[str, int] = Field(
        description="First running number by year, where it was set with `next_number`.",
        examples=[{"2026": 101}],
    )
    display: str | None = Field(
        description="Text in which numbers are shown that are given on the day; null for the number alone.",
        examples=["{customer_ref}/{number}"],
    )


class LetterheadOut(BaseModel):
    """Details that letters and invoices show beside name, address and legal form."""

    registration: str | None
    share_capital: MoneyModel | None
    phone: str | None
    email: str | None
    website: str | None
    logo: str | None

    @classmethod
    def of(cls, letterhead: Letterhead | None) -> Json | None:
        """Show the letterhead; null without one."""
        if letterhead is None:
            return None
        capital, currency = letterhead.share_capital_minor, letterhead.share_capital_currency
        return {
            "registration": letterhead.registration,
            "share_capital": None if capital is None or currency is None else money_json(capital, currency),
            "phone": letterhead.phone,
            "email": letterhead.email,
            "website": letterhead.website,
            "logo": letterhead.logo,
        }


class BankAccountOut(BaseModel):
    """The bank account of a currency and use from a day on."""

    currency: str
    use: AccountUse
    valid_from: date
    in_force: bool = Field(description="True if it is the one of its currency and use on the day.")
    iban: str | None
    bic: str | None
    holder: str | None
    bank: str | None

    @classmethod
    def of(cls, account: BankAccountSet, in_force: Collection[BankAccountSet]) -> Json:
        """Show an account."""
        return {
            "currency": account.currency,
            "use": account.use,
            "valid_from": account.valid_from.isoformat(),
            "in_force": account in in_force,
            "iban": account.iban,
            "bic": account.bic,
            "holder": account.holder,
            "bank": account.bank,
        }


class EntityOut(AsOf):
    """A legal entity that issues invoices."""

    id: str
    name: str
    country: str
    currency: str
    time_zone: str
    legal_form: str | None
    siren: str | None
    vat_id: str | None
    address: AddressOut | None
    iban: str | None
    letterhead: LetterheadOut | None
    bank_accounts: list[BankAccountOut] = Field(description="By currency, use and first day.")
    vat_regime: VatRegime = Field(description="Period of the VAT returns on the day.")
    closed_until: date = Field(
        description="Last day of the closed periods; by default of the last VAT period that ended over a month ago."
    )
    series: list[SeriesOut]
    approval: CircuitOut
    version: int

    @classmethod
    def of(cls, state: Entity, version: int, as_of: date) -> Json:
        """Show an entity with its series."""
        accounts = state.accounts_on(as_of)
        return {
            "id": state.entity_id,
            "name": state.name,
            "country": state.country,
            "currency": state.currency,
            "time_zone": state.time_zone,
            "legal_form": state.legal_form,
            "siren": state.siren,
            "vat_id": state.vat_id,
            "address": AddressOut.of(state.address),
            "iban": state.iban,
            "letterhead": LetterheadOut.of(state.letterhead),
            "bank_accounts": [BankAccountOut.of(each, accounts) for each in state.accounts],
            "vat_regime": state.vat_regime(as_of),
            "closed_until": closed_until(state, as_of).isoformat(),
            "series": [
                {
                    "code": s.code,
                    "document": s.document,
                    "prefix": s.prefix,
                    "width": s.width,
                    "begins_at": {str(year): n for year, n in state.first_numbers.get(s.code, {}).items()},
                    "display": state.display_on(s.code, as_of),
                }
                for _, s in sorted(state.series.items())
            ],
            "approval": CircuitOut.of(state),
            "version": version,
        }


class NumberRuleOut(BaseModel):
    """A rule on numbers, judged on those of a year."""

    rule: RuleName
    required: bool = Field(description="The law of the entity's country requires it.")
    kept: bool


class CertificateOut(AsOf):
    """Certificate that the numbers of a series in a year follow each other without a gap, in date order."""

    entity_id: str
    series: str
    year: int
    first: str | None
    last: str | None
    count: int = Field(description="Numbers of the year, those taken over from another system among them.")
    taken_over: int
    elsewhere_count: int = Field(
        description="Numbers below `begins_at` that another system gave and that were not taken over."
    )
    elsewhere: list[str] = Field(description="The first 100 of them.")
    begins_at: str = Field(description="Number from which on the series gives them.")
    missing: list[str]
    missing_count: int
    out_of_date_order: list[str]
    ill_formed: list[str] = Field(
        description="Numbers with characters or a length that the law of the country does not allow: the first 100."
    )
    verdict: Literal["complete", "incomplete"]
    gaps: Gaps = Field(description="Gaps by the law of the entity's country.")
    rules: list[NumberRuleOut]
    source: str = Field(description="Source of the rules.")
    next_number: str
    would_break: list[str] = Field(description="Acts that would break a rule with the next document.")

    @classmethod
    def of(cls, entity_id: str, series: Series, year: int, found: Completeness, rule: NumberRule) -> Json:
        """Show the numbers that a year lacks, as they would read."""
        sound = found.missing_count == 0 and not found.out_of_date_order
        following = series.number_of(year, found.following)
        return {
            "entity_id": entity_id,
            "series": series.code,
            "year": year,
            "first": found.first,
            "last": found.last,
            "count": found.count,
            "taken_over": found.taken_over,
            "elsewhere_count": found.elsewhere_count,
            "elsewhere": [series.number_of(year, running) for running in found.elsewhere],
            "begins_at": series.number_of(year, found.begins_at),
            "missing": [series.number_of(year, running) for running in found.missing],
            "missing_count": found.missing_count,
            "out_of_date_order": list(found.out_of_date_order),
            "ill_formed": list(found.ill_formed),
            "verdict": "complete" if sound else "incomplete",
            "gaps": rule.gaps,
            "rules": [
                {"rule": each.name, "required": each.required, "kept": each.kept}
                for each in verdicts(found, rule)
            ],
            "source": rule.source,
            "next_number": following,
            "would_break": _would_break(found, following),
        }


def _would_break(found: Completeness, following: str) -> list[str]:
    acts = [f"A document with another number than {following}."]
    if found.last_on is not None:
        acts.append(f"A document dated before {found.last_on}, the last date of the series.")
    if found.elsewhere_count:
        acts.append(
            f"A second document with a number that another system gave: {found.elsewhere_count} of them, below "
            "begins_at, were not taken over."
        )
    return acts


class EntityListing(AsOf, Listing[EntityOut]):
    """A page of entities."""


ENTITY_ANSWER = Answer(ENTITY, EntityOut.of)
