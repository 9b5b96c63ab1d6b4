"""Bodies of account openings and of their checklist."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from encours.contracts.events.account_opening import ChecklistItem
from encours.http.models import Body, Currency, LongText, NonNegativeMoney, ShortText
from encours.kernel.errors import Invalid
from encours.kernel.money import exponent
from risk_svc.domain.file.opening import AskForAccount, DecideOpening, SetAccountChecklist, SettleItem
from risk_svc.http.facts.bodies import EvidenceHash

ItemCode = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$"), Field(examples=["register_extract"])
]


class ChecklistItemBody(Body):
    """Item that an account needs."""

    code: ItemCode
    label: ShortText = Field(examples=["Extract of the register, at most three months old"])
    segments: Annotated[list[ShortText], Field(max_length=50)] = Field(
        default_factory=list, description="Segments that need it; all if empty."
    )
    from_: NonNegativeMoney | None = Field(
        default=None, alias="from", description="Credit asked for from which it is needed."
    )

    def to_item(self, number: int, currency: str) -> ChecklistItem:
        """Return the item as the event holds it. Raises :class:`Invalid` for another currency."""
        if self.from_ is not None and self.from_.currency != currency:
            raise Invalid(
                f"The checklist is in {currency}; use that currency.", f"/items/{number}/from/currency"
            )
        return ChecklistItem(
            item_code=self.code,
            label=self.label,
            segments=tuple(self.segments),
            from_minor=self.from_.minor if self.from_ else None,
        )


class AccountChecklistBody(Body):
    """Checklist of an entity: all of it."""

    currency: Currency
    items: Annotated[list[ChecklistItemBody], Field(max_length=50)]
    refers: bool = Field(
        default=False,
        description="Refer orders of customers registered after the first checklist until their account is open.",
    )

    def to_command(self, entity_id: str) -> SetAccountChecklist:
        """Return the command. Raises :class:`Invalid` for a currency that is none."""
        exponent(self.currency)
        items = tuple(each.to_item(number, self.currency) for number, each in enumerate(self.items))
        return SetAccountChecklist(entity_id, self.currency, items, self.refers)


class AccountBody(Body):
    """Request for an account."""

    amount: NonNegativeMoney = Field(description="Credit that is asked for.")
    text: LongText = Field(examples=["New dealer in Lyon"])

    def to_command(self, customer_id: str) -> AskForAccount:
        """Return the command."""
        return AskForAccount(customer_id, self.amount.minor, self.amount.currency, self.text)


class ItemDoneBody(Body):
    """An item that is done."""

    text: LongText = Field(examples=["Extract of 3 March, active"])
    evidence_sha256: Annotated[list[EvidenceHash], Field(max_length=20)] = Field(
        default_factory=list, description="Hashes of the documents that show it."
    )

    def to_command(self, customer_id: str, code: str) -> SettleItem:
        """Return the command."""
        return SettleItem(customer_id, code, self.text, tuple(self.evidence_sha256))


class OpeningReasonBody(Body):
    """Reason of a decision on an account or an item."""

    text: LongText = Field(examples=["Subsidiary of a customer whose terms are signed"])

    def to_waive(self, customer_id: str, code: str) -> SettleItem:
        """Return the command that waives an item."""
        return SettleItem(customer_id, code, self.text, waived=True)

    def to_decide(self, customer_id: str, *, opened: bool) -> DecideOpening:
        """Return the command that decides on the account."""
        return DecideOpening(customer_id, opened, self.text)
