"""Lines, discounts, charges and particulars in the bodies and answers of every document: quotes, orders, invoices."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from encours.contracts.common import (
    Adjustment,
    CitedInvoice,
    DocumentAdjustment,
    DocumentContent,
    Exemption,
    Line,
    Nature,
    Particulars,
    VatCategory,
    VatShare,
)
from encours.http.answers import Json
from encours.http.models import (
    Body,
    BusinessDate,
    LongText,
    MoneyModel,
    ShortText,
    known_money_json,
    money_json,
)
from invoice_svc.domain.amounts.adjustments import AdjustmentInput
from invoice_svc.domain.amounts.decimals import percent
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.invoice.totals import RULE, Totals
from invoice_svc.http.common import AddressBody, AddressOut, DecimalText, UnitPrice, iso
from invoice_svc.http.terms import TermsOut

MAX_LINES = 1_000
MAX_ADJUSTMENTS = 100
AdjustmentKind = Literal["allowance", "charge"]


class AdjustmentBody(Body):
    """A discount or a charge, net of VAT: an `amount`, or a `percent` of `base`."""

    reason: ShortText = Field(examples=["Volume discount"])
    amount: UnitPrice | None = Field(
        default=None, description="A decimal string, or money with its currency."
    )
    percent: DecimalText | None = Field(default=None, examples=["5"])
    base: DecimalText | None = Field(
        default=None,
        description="Base of the percentage; if not given, price times quantity, or the sum of the lines.",
    )

    def to_input(self, kind: AdjustmentKind) -> AdjustmentInput:
        """Return the adjustment as the rules take it."""
        amount, currency = _amount_of(self.amount)
        return AdjustmentInput(kind, self.reason, amount, self.percent, self.base, currency)


class DocumentAdjustmentBody(AdjustmentBody):
    """A discount or a charge on the whole document, with its VAT."""

    vat_rate: DecimalText = Field(description="Percent.", examples=["20"])
    vat_category: VatCategory | None = Field(default=None, description="As on a line.")

    def to_input(self, kind: AdjustmentKind) -> AdjustmentInput:
        """Return the adjustment as the rules take it."""
        amount, currency = _amount_of(self.amount)
        return AdjustmentInput(
            kind, self.reason, amount, self.percent, self.base, currency, self.vat_rate, self.vat_category
        )


class LineBody(Body):
    """An invoice line. `unit_price` is net of VAT: a decimal string, or money with its currency."""

    description: LongText = Field(examples=["Pneu hiver 205/55 R16"])
    quantity: DecimalText = Field(examples=["4"])
    unit_price: UnitPrice = Field(examples=["89.90"])
    vat_rate: DecimalText = Field(description="Percent.", examples=["20"])
    vat_category: VatCategory | None = Field(
        default=None,
        description="S standard or reduced rate, Z zero rate, E exempt, AE reverse charge, K intra-Community supply, "
        "G export, O outside the scope of VAT. If not given, S for a rate above 0, else Z.",
    )
    product: ShortText | None = Field(default=None, description="Code of the product in your catalogue.")
    unit_cost: DecimalText | None = Field(
        default=None,
        description="Cost of one unit to you, net of VAT, in the currency of the document, for margins. It is on no "
        "document that the customer receives.",
        examples=["61.20"],
    )
    allowances: list[AdjustmentBody] = Field(default_factory=list, max_length=MAX_ADJUSTMENTS)
    charges: list[AdjustmentBody] = Field(default_factory=list, max_length=MAX_ADJUSTMENTS)

    def to_input(self) -> LineInput:
        """Return the line as the rules take it."""
        amount, currency = _amount_of(self.unit_price)
        assert amount is not None, "the field is required"
        return LineInput(
            self.description,
            self.quantity,
            amount,
            self.vat_rate,
            self.product,
            currency,
            self.vat_category,
            adjustments_of(self.allowances, self.charges),
            self.unit_cost,
        )


Lines = Annotated[list[LineBody], Field(min_length=1, max_length=MAX_LINES)]


class DeliveryBody(Body):
    """Place of delivery, where it is not the customer's address."""

    name: ShortText | None = None
    address: AddressBody | None = None


class ExemptionBody(Body):
    """Reason for which a category bears no VAT."""

    category: Literal["E", "AE", "K", "G", "O"]
    text: ShortText | None = Field(default=None, examples=["Exonération de TVA, article 261-4-4° du CGI"])
    code: Annotated[str, Field(pattern=r"^VATEX-[A-Z0-9-]{1,40}$")] | None = Field(
        default=None, examples=["VATEX-EU-132"]
    )


class ParticularsBody(Body):
    """Statements of a document beside its lines."""

    nature: Nature | None = Field(default=None, description="Nature of the operation.")
    vat_on_debits: bool | None = Field(
        default=None, description="The seller has opted for VAT on debits.", strict=True
    )
    buyer_reference: ShortText | None = Field(
        default=None, description="Reference that the buyer asked for, such as a service code."
    )
    contract: ShortText | None = Field(default=None, description="Number of the contract.")
    delivery: DeliveryBody | None = None
    supply_from: BusinessDate | None = Field(
        default=None, description="First day of the period that is invoiced."
    )
    supply_until: BusinessDate | None = Field(default=None, description="Its last day.")
    exemptions: list[ExemptionBody] | None = Field(
        default=None,
        max_length=10,
        description="Reasons for no VAT by category. E needs one; the others have a usual one.",
    )

    def stated(self) -> dict[str, Any]:
        """Return the given particulars by the names that events use; null clears one."""
        found: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set & _PARTICULARS}
        if "delivery" in found:
            place: DeliveryBody | None = found.pop("delivery")
            address = place.address if place else None
            found["delivered_to"] = place.name if place else None
            found["delivery_address"] = address.to_contract() if address else None
        if "exemptions" in found:
            reasons: list[ExemptionBody] = found["exemptions"] or []
            found["exemptions"] = tuple(
                Exemption(category=each.category, text=each.text, code=each.code) for each in reasons
            )
        if "vat_on_debits" in found:
            found["vat_on_debits"] = bool(found["vat_on_debits"])
        return found


_PARTICULARS = frozenset(ParticularsBody.model_fields)


def lines_of(lines: list[LineBody]) -> tuple[LineInput, ...]:
    """Return lines as the rules take them."""
    return tuple([line.to_input() for line in lines])


def adjustments_of(
    allowances: list[AdjustmentBody] | list[DocumentAdjustmentBody],
    charges: list[AdjustmentBody] | list[DocumentAdjustmentBody],
) -> tuple[AdjustmentInput, ...]:
    """Return discounts and charges as the rules take them."""
    if not allowances and not charges:
        return ()
    return (
        *(each.to_input("allowance") for each in allowances),
        *(each.to_input("charge") for each in charges),
    )


def _amount_of(value: str | MoneyModel | None) -> tuple[str | None, str | None]:
    return (value.amount, value.currency) if isinstance(value, MoneyModel) else (value, None)


class AdjustmentOut(BaseModel):
    """A discount or a charge."""

    reason: str
    amount: MoneyModel
    percent: str | None
    base: MoneyModel | None

    @classmethod
    def of(cls, adjustment: Adjustment, currency: str) -> Json:
        """Show a discount or a charge, with its VAT if it is on the document."""
        bps = adjustment.percent_bps
        shown = {
            "reason": adjustment.reason,
            "amount": money_json(adjustment.amount_minor, currency),
            "percent": None if bps is None else percent(bps),
            "base": known_money_json(adjustment.base_minor, currency),
        }
        if isinstance(adjustment, DocumentAdjustment):
            shown |= {
                "vat_rate": percent(adjustment.vat_rate_bps),
                "vat_category": adjustment.vat_category,
            }
        return shown


class DocumentAdjustmentOut(AdjustmentOut):
    """A discount or a charge on the document."""

    vat_rate: str
    vat_category: VatCategory


class LineOut(BaseModel):
    """A line of a document."""

    description: str
    quantity: str
    unit_price: str
    vat_rate: str
    vat_category: VatCategory
    net: MoneyModel
    product: str | None
    unit_cost: str | None
    allowances: list[AdjustmentOut]
    charges: list[AdjustmentOut]

    @classmethod
    def of(cls, line: Line, currency: str) -> Json:
        """Show a line."""
        return {
            "description": line.description,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "vat_rate": percent(line.vat_rate_bps),
            "vat_category": line.vat_category,
            "net": money_json(line.net_minor, currency),
            "product": line.product,
            "unit_cost": line.unit_cost,
        } | adjustments_json(line.adjustments, currency)


class VatOut(BaseModel):
    """VAT in one category at one rate."""

    category: VatCategory
    rate: str = Field(description="Percent.")
    net: MoneyModel
    vat: MoneyModel
    exemption: str | None = Field(description="Reason for which the category bears no VAT.")

    @classmethod
    def of(cls, share: VatShare, currency: str, exemptions: tuple[Exemption, ...] = ()) -> Json:
        """Show the VAT in one category at one rate."""
        reasons = (each.text or each.code for each in exemptions if each.category == share.category)
        return {
            "category": share.category,
            "rate": percent(share.rate_bps),
            "net": money_json(share.net_minor, currency),
            "vat": money_json(share.vat_minor, currency),
            "exemption": next(reasons, None),
        }


class TotalsOut(BaseModel):
    """Totals as EN 16931 states them (BG-22), and the rule by which they are rounded."""

    lines: MoneyModel | None = Field(description="Sum of the lines, BT-106.")
    allowances: MoneyModel = Field(description="Discounts on the document, BT-107.")
    charges: MoneyModel = Field(description="Charges on the document, BT-108.")
    net: MoneyModel | None = Field(description="BT-109.")
    vat: MoneyModel | None = Field(description="BT-110.")
    total: MoneyModel = Field(description="With VAT, BT-112.")
    prepaid: MoneyModel = Field(description="Deposits that were invoiced before, BT-113.")
    payable: MoneyModel = Field(description="BT-115.")
    rule: str = Field(examples=[RULE])

    @classmethod
    def of(cls, totals: Totals, currency: str) -> Json:
        """Show totals."""
        return {
            "lines": known_money_json(totals.lines_minor, currency),
            "allowances": money_json(totals.allowances_minor, currency),
            "charges": money_json(totals.charges_minor, currency),
            "net": known_money_json(totals.net_minor, currency),
            "vat": known_money_json(totals.vat_minor, currency),
            "total": money_json(totals.total_minor, currency),
            "prepaid": money_json(totals.prepaid_minor, currency),
            "payable": money_json(totals.payable_minor, currency),
            "rule": RULE,
        }


class CitedOut(BaseModel):
    """An invoice that a document cites."""

    invoice_id: str
    number: str
    issued_on: date

    @classmethod
    def of(cls, cited: CitedInvoice) -> Json:
        """Show a citation."""
        return {
            "invoice_id": cited.invoice_id,
            "number": cited.invoice_number,
            "issued_on": iso(cited.issued_on),
        }


class DeliveryOut(BaseModel):
    """Place of delivery."""

    name: str | None
    address: AddressOut | None


class ParticularsOut(BaseModel):
    """Statements of a document beside its lines."""

    nature: Nature | None
    vat_on_debits: bool
    buyer_reference: str | None
    contract: str | None
    delivery: DeliveryOut | None
    supply_from: date | None
    supply_until: date | None


def particulars_json(particulars: Particulars) -> Json:
    """Show the particulars."""
    place = {
        "name": particulars.delivered_to,
        "address": AddressOut.of(particulars.delivery_address),
    }
    return {
        "nature": particulars.nature,
        "vat_on_debits": particulars.vat_on_debits,
        "buyer_reference": particulars.buyer_reference,
        "contract": particulars.contract,
        "delivery": place if any(place.values()) else None,
        "supply_from": iso(particulars.supply_from),
        "supply_until": iso(particulars.supply_until),
    }


def adjustments_json(adjustments: tuple[Adjustment, ...], currency: str) -> Json:
    """Show discounts and charges, each under its name."""
    return {
        f"{kind}s": [AdjustmentOut.of(each, currency) for each in adjustments if each.kind == kind]
        for kind in ("allowance", "charge")
    }


def content_json(content: DocumentContent, currency: str) -> Json:
    """Show the lines and the statements of a document that is no invoice yet."""
    particulars = content.particulars or Particulars()
    return {
        "vat_breakdown": [VatOut.of(share, currency, particulars.exemptions) for share in content.vat],
        "lines": [LineOut.of(line, currency) for line in content.lines],
        **adjustments_json(content.adjustments, currency),
        **particulars_json(particulars),
        "terms": TermsOut.of(content.terms),
        "reference": content.reference,
        "salesperson": content.salesperson,
    }
