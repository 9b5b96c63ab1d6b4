"""Claims to declare in insolvency proceedings, as JSON and CSV."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel, Field
from starlette.responses import Response

from encours.contracts.insolvency import Insolvency
from encours.http.answers import Json
from encours.http.models import MoneyModel, known_money_json, money_json
from encours.http.queries import AsOf
from encours.kernel.texts import harmless
from encours.legal.insolvency import claim_deadline_rule
from invoice_svc.domain.interest.declaration import ClaimPart, DeclaredClaim
from invoice_svc.http.common import iso
from invoice_svc.http.csv_pages import csv_page
from invoice_svc.http.customers.answers import InsolvencyOut

_CSV_HEAD = (
    "part", "customer_id", "invoice_id", "number", "arose_on", "issued_on", "due_on", "currency", "invoiced",
    "principal", "vat", "interest", "indemnity", "total", "outstanding", "disputed",
)  # fmt: skip


class ClaimDeadlineOut(BaseModel):
    """Last day of the declaration; `last_day` is null before the publication is known."""

    last_day: date | None
    published_on: date | None
    source: str

    @classmethod
    def of(cls, proceedings: Insolvency, creditor_country: str) -> Json | None:
        """Return the deadline for a creditor; ``None`` without a rule on file."""
        rule = claim_deadline_rule(proceedings.country, proceedings.opened_on)
        if rule is None:
            return None
        published = proceedings.published_on
        last_day = None if published is None else rule.last_day(published, creditor_country)
        return {"last_day": iso(last_day), "published_on": iso(published), "source": rule.source}


class DeclaredClaimOut(BaseModel):
    """An invoice as a claim."""

    part: ClaimPart
    customer_id: str
    invoice_id: str
    number: str
    arose_on: date = Field(description="Day of supply, which divides earlier claims from later ones.")
    issued_on: date
    due_on: date
    invoiced: MoneyModel
    principal: MoneyModel = Field(
        description="VAT included. Of an earlier claim what was owed at the judgment, of a later one what is owed now."
    )
    vat: MoneyModel | None = Field(
        description="VAT in the principal, in proportion; null if it is not known."
    )
    interest: MoneyModel = Field(
        description="Due and claimed by no penalty document, which is listed itself."
    )
    indemnity: MoneyModel
    total: MoneyModel
    outstanding: MoneyModel = Field(
        description="Less than the principal of an earlier claim that was paid since."
    )
    disputed: MoneyModel = Field(description="Part of what is outstanding that is in dispute.")

    @classmethod
    def of(cls, claim: DeclaredClaim) -> Json:
        """Show a claim."""
        state, currency = claim.state, claim.state.currency
        return {
            "part": claim.part,
            "customer_id": state.customer_id,
            "invoice_id": state.invoice_id,
            "number": state.number or "",
            "arose_on": iso(claim.arose_on),
            "issued_on": iso(state.issued_on),
            "due_on": iso(state.due_on),
            "invoiced": money_json(state.total_minor, currency),
            "principal": money_json(claim.principal_minor, currency),
            "vat": known_money_json(claim.vat_minor, currency),
            "interest": money_json(claim.interest_minor, currency),
            "indemnity": money_json(claim.indemnity_minor, currency),
            "total": money_json(claim.total_minor, currency),
            "outstanding": money_json(state.outstanding_minor, currency),
            "disputed": money_json(state.disputed_minor, currency),
        }


class ClaimTotalOut(BaseModel):
    """Sums of the claims of one part in one currency."""

    part: ClaimPart
    currency: str
    claims: int
    principal: MoneyModel
    interest: MoneyModel
    indemnity: MoneyModel
    total: MoneyModel

    @classmethod
    def of(cls, part: ClaimPart, currency: str, claims: Sequence[DeclaredClaim]) -> Json:
        """Show the sums of claims in one currency."""
        return {
            "part": part,
            "currency": currency,
            "claims": len(claims),
            "principal": money_json(sum(each.principal_minor for each in claims), currency),
            "interest": money_json(sum(each.interest_minor for each in claims), currency),
            "indemnity": money_json(sum(each.indemnity_minor for each in claims), currency),
            "total": money_json(sum(each.total_minor for each in claims), currency),
        }


class InsolvencyClaimOut(AsOf):
    """Claims on a debtor by invoice, those `before` the judgment, to be declared, and those `after` it."""

    customer_id: str
    on: date
    proceedings: InsolvencyOut
    deadline: ClaimDeadlineOut | None = Field(
        description="Null if the law of the court's country is not on file: ask the administrator."
    )
    security: None = Field(description="Privilege or security of the claims: none is kept on file.")
    totals: list[ClaimTotalOut]
    claims: list[DeclaredClaimOut]

    @classmethod
    def of(
        cls,
        customer_id: str,
        on: date,
        proceedings: Insolvency,
        creditor_country: str,
        claims: Sequence[DeclaredClaim],
    ) -> Json:
        """Show the claims."""
        groups: dict[tuple[ClaimPart, str], list[DeclaredClaim]] = {}
        for each in claims:
            groups.setdefault((each.part, each.state.currency), []).append(each)
        return {
            "customer_id": customer_id,
            "on": iso(on),
            "proceedings": InsolvencyOut.of(proceedings),
            "deadline": ClaimDeadlineOut.of(proceedings, creditor_country),
            "security": None,
            "totals": [
                ClaimTotalOut.of(part, currency, own)
                for (part, currency), own in sorted(
                    groups.items(), key=lambda group: (group[0][0] != "before", group[0][1])
                )
            ],
            "claims": [DeclaredClaimOut.of(each) for each in claims],
        }


def claims_csv(claims: Sequence[DeclaredClaim]) -> Response:
    """Return the claims as CSV."""
    return csv_page(_CSV_HEAD, [_csv_line(DeclaredClaimOut.of(each)) for each in claims], None)


def _csv_line(shown: Json) -> Sequence[object]:
    amounts = ("invoiced", "principal", "vat", "interest", "indemnity", "total", "outstanding", "disputed")
    return (
        shown["part"],
        shown["customer_id"],
        shown["invoice_id"],
        harmless(shown["number"]),
        shown["arose_on"],
        shown["issued_on"],
        shown["due_on"],
        shown["invoiced"]["currency"],
        *("" if shown[name] is None else shown[name]["amount"] for name in amounts),
    )
