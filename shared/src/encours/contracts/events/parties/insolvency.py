"""Insolvency proceedings of a debtor. Stream: the customer id. Appended by invoice-svc.

``contracts/insolvency.py`` says which claims they stay. Events name the proceedings by ``insolvency_id``.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event

InsolvencyKind = Literal["safeguard", "receivership", "liquidation"]
"""C. com. L620-1, L631-1, L640-1: procedures of sauvegarde, redressement and liquidation judiciaire."""

InsolvencyOutcome = Literal[
    "plan_adopted", "liabilities_extinguished", "assets_insufficient", "set_aside", "recorded_in_error"
]
"""End of proceedings. ``plan_adopted``: C. com. L626-1, L631-19. ``liabilities_extinguished`` and
``assets_insufficient``: L643-9. ``set_aside``: the opening judgment was set aside on appeal. After the last two the
proceedings are as if they had never been opened."""


class InsolvencyOpened(Event, frozen=True, kw_only=True):
    """A court opened the proceedings; the business date is the day of the judgment."""

    TYPE: ClassVar[str] = "customer.insolvency_opened"
    customer_id: str
    insolvency_id: str
    kind: InsolvencyKind
    country: str
    """Country of the court."""
    opened_on: date
    court: str | None
    case_number: str | None
    administrator: str | None
    """Person to whom claims are declared: administrator, creditors' representative or liquidator."""


class InsolvencyPublished(Event, frozen=True, kw_only=True):
    """The opening judgment was published, in France in BODACC: the day from which claims have to be declared."""

    TYPE: ClassVar[str] = "customer.insolvency_published"
    customer_id: str
    insolvency_id: str
    published_on: date


class InsolvencyAmended(Event, frozen=True, kw_only=True):
    """Kind and names from now on; all of them. A conversion into another kind stays the same proceedings."""

    TYPE: ClassVar[str] = "customer.insolvency_amended"
    customer_id: str
    insolvency_id: str
    kind: InsolvencyKind
    court: str | None
    case_number: str | None
    administrator: str | None


class InsolvencyClosed(Event, frozen=True, kw_only=True):
    """The proceedings ended; the business date is the day of the decision."""

    TYPE: ClassVar[str] = "customer.insolvency_closed"
    customer_id: str
    insolvency_id: str
    closed_on: date
    outcome: InsolvencyOutcome
    cause: str | None
    """Reason in words of the creditor."""
