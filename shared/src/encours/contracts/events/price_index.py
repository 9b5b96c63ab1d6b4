"""Indices of prices, which recurring invoices follow. Stream: the index id. Appended by invoice-svc. No money moves."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value

Frequency = Literal["monthly", "quarterly", "yearly"]


class IndexValue(Value, frozen=True, kw_only=True):
    """Value for a month, a quarter or a year, which is named by its first day. A decimal string."""

    period: date
    value: str


class IndexPublished(Event, frozen=True, kw_only=True):
    """Values of the index, new or corrected. They count for invoices that are made from then on."""

    TYPE: ClassVar[str] = "index.published"
    index_id: str
    entity_id: str
    code: str
    name: str
    frequency: Frequency
    source: str
    values: tuple[IndexValue, ...]
