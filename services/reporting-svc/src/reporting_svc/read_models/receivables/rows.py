"""The tables. Amounts are signed minor units, VAT included; ``customer_id`` is ``''`` while a payer is unknown."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from encours.contracts import Recorded
from encours.contracts.books import INVOICED, OWING
from encours.contracts.books.entries import PENALISED
from encours.contracts.events.parties.field import FieldDefined
from encours.projection.rows import Id, Row

ENTITY_ID, CUSTOMER_ID, INVOICE_ID, PAYMENT_ID = Id("ent"), Id("cus"), Id("inv"), Id("pay")
ADJUSTS = f"kind in {tuple(kind for kind in OWING if kind not in (*INVOICED, PENALISED))}"
"""SQL: movements that change what is owed of an invoice after its issue."""
APART = f"(contested_minor <> 0 or planned_minor <> 0 or kind = '{PENALISED}')"
"""SQL: movements of invoices whose open amounts are needed one by one, as are those of invoices in instalments."""


def apart_sql(schema: str, invoice_id: str, upto: str) -> str:
    """SQL: true of an invoice that was apart by a position: disputed, planned, in instalments, or of penalties."""
    return " or ".join(
        f"exists (select from {schema}.{each} and a.invoice_id = {invoice_id} and a.position <= {upto})"
        for each in (f"movement a where {APART}", "item_instalment a where true")
    )


WITH_PARTS = "disputed_minor <> 0 or planned_minor <> 0"
"""SQL: items of which a part is contested, or on a payment plan."""
ROW_KEY = "case when customer_id <> '' then customer_id else entity end"
"""The customer, or the entity for money of an unknown payer: ends every order of balances, and is unique."""


class ReportingEntity(Row, kw_only=True):
    """A creditor by name, with the currency of its books."""

    TABLE: ClassVar[str] = "entity"
    KEY: ClassVar[tuple[str, ...]] = ("entity",)
    entity: str
    name: str
    currency: str


class ReportedCustomer(Row, kw_only=True):
    """The customer's name as it is now, and what lists are filtered by."""

    TABLE: ClassVar[str] = "customer"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id",)
    customer_id: str
    entity: str
    name: str
    name_key: str
    """Case-folded: the database has no ICU collation to sort people's names by."""
    external_ref: str | None
    country: str
    segment: str | None
    salesperson: str | None
    tags: list[str]
    portfolio_from: date
    """First day of country, segment, salesperson and tags, which are those in force last."""
    portfolio_position: int
    """Position of their event."""


class RoleRow(Row, kw_only=True):
    """Payer and group of a customer from a day on, as an event assigned them; never changed again."""

    TABLE: ClassVar[str] = "role"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "position")
    customer_id: str
    position: int
    valid_from: date
    payer_id: str | None
    """``None`` is the customer itself, as it is for the group."""
    group_id: str | None


class FieldsRow(Row, kw_only=True):
    """Custom fields of a customer from an event on, all of them; never changed again."""

    TABLE: ClassVar[str] = "fields"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "position")
    customer_id: str
    position: int
    effective_on: date
    field_codes: list[str]
    field_values: list[str]
    """In the order of their codes."""


class DefinedField(Row, kw_only=True):
    """A custom field of an entity's customers or invoices, as an event defines it; never changed again."""

    TABLE: ClassVar[str] = "defined_field"
    KEY: ClassVar[tuple[str, ...]] = ("field_id", "position")
    field_id: str
    position: int
    entity: str
    object: str
    code: str

    @classmethod
    def of(cls, e: Recorded, data: FieldDefined) -> DefinedField:
        """Return the row of an event."""
        return cls(
            field_id=data.field_id,
            position=e.position,
            entity=data.entity_id,
            object=data.object,
            code=data.code,
        )


class ReportedInvoiceFields(Row, kw_only=True):
    """Custom fields of an invoice from an event on, all of them; never changed again."""

    TABLE: ClassVar[str] = "invoice_fields"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id", "position")
    invoice_id: str
    position: int
    effective_on: date
    field_codes: list[str]
    field_values: list[str]
    """In the order of their codes."""


class Item(Row, kw_only=True):
    """An issued invoice as it is now."""

    TABLE: ClassVar[str] = "item"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(due_on) where open_minor <> 0",
        "(customer_id, due_on) where open_minor <> 0",
        "(customer_id) where is_penalty",
        "(customer_id) where schedule is not null",
        "(entity, currency) include (customer_id, open_minor, disputed_minor, conceded_minor, planned_minor) "
        f"where {WITH_PARTS}",
    )
    invoice_id: Annotated[str, INVOICE_ID]
    number: str
    entity: str
    customer_id: str
    currency: str
    issued_on: date
    due_on: date
    total_minor: int
    open_minor: int
    disputed_minor: int
    """Contested, whether it is open or not; ``conceded_minor`` of it was accepted and is still to be credited."""
    conceded_minor: int
    planned_minor: int
    """On a payment plan in force, whether it is open or not."""
    settled_minor: int
    """By payments and write-offs."""
    schedule: str | None
    """Instalments that were agreed last, as ``<date> <sum up to it>``, with a comma between them."""
    salesperson: str | None
    is_penalty: bool
    """A penalty document: a receivable that is no turnover."""
    vat_on_receipt: bool
    """Each payment makes its part of the VAT due (:func:`encours.contracts.vat_due.vat_due`)."""


class ItemInstalment(Row, kw_only=True):
    """An instalment from an event on, never changed again; ``upto_minor`` is the sum of those up to it."""

    TABLE: ClassVar[str] = "item_instalment"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id", "position", "due_on")
    INDEXES: ClassVar[tuple[str, ...]] = ("(effective_on)",)
    invoice_id: Annotated[str, INVOICE_ID]
    position: int
    due_on: date
    effective_on: date
    upto_minor: int


class MovementRow(Row, kw_only=True):
    """Entry that an event makes in the books: :class:`encours.contracts.books.Movement`, never changed again.

    ``line`` counts the entries of an event from 0. Of an invoice only the id is kept: its dates are in :class:`Item`.
    """

    TABLE: ClassVar[str] = "movement"
    KEY: ClassVar[tuple[str, ...]] = ("position", "line")
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(customer_id)",
        "(effective_on, position)",
        "(invoice_id)",
        f"(invoice_id) where {ADJUSTS}",
        f"(invoice_id, position) where {APART}",
        "(payment_id) where payment_id is not null",
    )
    position: int
    line: int
    item_minor: int
    """Change of the invoice's open amount."""
    contested_minor: int
    """Change of the invoice's contested amount."""
    conceded_minor: int
    """Change of its accepted part that awaits a credit note."""
    planned_minor: int
    """Change of its part that is on a payment plan in force."""
    cash_minor: int
    """Change of the payer's cash that no invoice has taken."""
    account_minor: int
    """Change of the customer's account (411)."""
    net_minor: int
    """Turnover without VAT; 0 for everything but invoices, penalty documents excepted, and their credit notes."""
    effective_on: date
    entity: Annotated[str, ENTITY_ID]
    customer_id: Annotated[str, CUSTOMER_ID]
    invoice_id: Annotated[str | None, INVOICE_ID]
    payment_id: Annotated[str | None, PAYMENT_ID]
    currency: str
    kind: str
    available_on: date | None
    """Day on which the funds of the entry were available to the creditor."""


class Balance(Row, kw_only=True):
    """Now, per entity, customer and currency. The bands are those of the day in :class:`AgingDay`."""

    TABLE: ClassVar[str] = "balance"
    KEY: ClassVar[tuple[str, ...]] = ("entity", "customer_id", "currency")
    INDEXES: ClassVar[tuple[str, ...]] = (f"((open_minor - unapplied_minor), ({ROW_KEY}))",)
    """The order of an aged balance unless asked otherwise: its first page costs the same for any number of rows."""
    entity: str
    customer_id: str
    currency: str
    band_0_minor: int = 0
    """Not due; then one band a threshold of :data:`encours.kernel.bands.STANDARD`."""
    band_1_minor: int = 0
    band_2_minor: int = 0
    band_3_minor: int = 0
    band_4_minor: int = 0
    band_5_minor: int = 0
    open_minor: int = 0
    disputed_minor: int = 0
    conceded_minor: int = 0
    late_conceded_minor: int = 0
    """The conceded part of the bands past due."""
    planned_minor: int = 0
    unapplied_minor: int = 0
    account_minor: int = 0


class DaySum(Row, kw_only=True):
    """Sums of the movements of an entity in a currency, by the day they count from and by kind.

    They answer for any day without reading the movements, as long as all that is known counts and no customer is named.
    """

    TABLE: ClassVar[str] = "day_sum"
    KEY: ClassVar[tuple[str, ...]] = ("entity", "currency", "effective_on", "kind", "is_sale", "is_debit")
    entity: Annotated[str, ENTITY_ID]
    currency: str
    effective_on: date
    kind: str
    is_sale: bool
    """Carries turnover."""
    is_debit: bool
    """Raises the customers' account."""
    account_minor: int = 0
    net_minor: int = 0
    penalty_minor: int = 0
    """Change of the open amount of penalty documents."""


class ReportedFigure(Row, kw_only=True):
    """A published figure as lists find it; never changed again."""

    TABLE: ClassVar[str] = "figure"
    KEY: ClassVar[tuple[str, ...]] = ("figure_id",)
    figure_id: str
    position: int
    effective_on: date
    entity: str
    customer_id: str | None
    figure: str
    figure_as_of: date


class AgingDay(Row, kw_only=True):
    """Day for which the bands of every :class:`Balance` are computed; one row."""

    TABLE: ClassVar[str] = "aging_day"
    KEY: ClassVar[tuple[str, ...]] = ("id",)
    id: int
    day: date


AGING_DAY_ID = 1
NO_DAY_YET = date(1, 1, 1)
"""The day of a model that has seen none: everything is not yet due."""
