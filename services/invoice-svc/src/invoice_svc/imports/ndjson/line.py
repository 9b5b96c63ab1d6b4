"""Members of NDJSON lines, read by name, so that a fault names them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from invoice_svc.imports import values
from invoice_svc.imports.csv_lines import Defaults
from invoice_svc.imports.terms.ndjson import Strict


class NdjsonLine(Strict, frozen=True, kw_only=True, tag_field="kind"):
    """A line of one kind, which ``parsed`` makes the event of. Members are read by name, for a fault to name them."""

    def text_of(self, name: str, limit: int = 200) -> str:
        return values.text(getattr(self, name), name, limit=limit)

    def optional_text(self, name: str, limit: int = 200) -> str | None:
        value = getattr(self, name)
        return None if value is None or not value.strip() else values.text(value, name, limit=limit)

    def optional_long(self, name: str, limit: int) -> str | None:
        value = getattr(self, name)
        return None if value is None or not value.strip() else values.long_text(value, name, limit=limit)

    def optional_code(self, name: str, pattern: str, example: str) -> str | None:
        value = getattr(self, name)
        return None if value is None or not value.strip() else values.code(value, pattern, example, name)

    def identifier(self, name: str, check: Callable[[str], str]) -> str | None:
        value = getattr(self, name)
        return None if value is None or not value.strip() else values.identifier(value, check, name)

    def day_of(self, name: str) -> date:
        return values.day(getattr(self, name), None, name)

    def optional_day(self, name: str) -> date | None:
        return self.day_of(name) if getattr(self, name) else None


class ValuedLine(NdjsonLine, frozen=True, kw_only=True):
    """A line with amounts, which are all in its currency."""

    currency: str | None = None

    def code(self, defaults: Defaults) -> str:
        return defaults.currency if self.currency is None else values.currency(self.currency, "currency")
