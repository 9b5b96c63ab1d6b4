"""The choices of one act of a random firm."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

import msgspec.inspect as mi

from encours.contracts import Event
from encours.contracts.common import Instalment
from encours.testing.events import USUAL, event

Fields = dict[str, Any]


@cache
def _fields(cls: type[Event]) -> tuple[mi.Field, ...]:
    info = mi.type_info(cls)
    assert isinstance(info, mi.StructType)
    return info.fields


class Draw:
    """One act's choices, all made by its number."""

    def __init__(self, n: int, on: date, amount_minor: int) -> None:
        self.n, self.on, self.amount_minor = n, on, amount_minor

    def one(self, known: dict[str, Fields]) -> Fields | None:
        found = list(known.values())
        return dict(found[self.n % len(found)]) if found else None

    def fields(self, cls: type[Event]) -> Fields:
        usual = event(cls)
        drawn = {each.name: self._value(each, getattr(usual, each.name)) for each in _fields(cls)}
        if "issued_on" in drawn:  # a legal number: series, year, digits
            drawn["number"] = f"FAC-{drawn['issued_on'].year}-{self.n:06d}"
        return drawn

    def _value(self, field: mi.Field, usual: Any) -> Any:
        kinds = field.type.types if isinstance(field.type, mi.UnionType) else (field.type,)
        for kind in kinds:
            match kind:
                case mi.LiteralType():
                    return kind.values[self.n % len(kind.values)]
                case mi.BoolType():
                    return self.n % 2 == 0
                case mi.DateType():
                    return self.on + timedelta(days=self.n % 61)
                case mi.StrType() if usual is None and field.name in USUAL:
                    return USUAL[field.name] if self.n % 3 else None
                case mi.StrType() if usual is None or (len(kinds) == 1 and field.name not in USUAL):
                    return None if len(kinds) > 1 and self.n % 3 == 0 else f"{field.name} {self.n % 11}"
        return usual


def instalments_of(total_minor: int, draw: Draw) -> tuple[Instalment, ...]:
    """Return one to three instalments of an amount, the first of them before or after the day of the act."""
    count = min(total_minor, 1 + draw.n % 3)
    share = total_minor // count
    return tuple(
        Instalment(
            due_on=draw.on + timedelta(days=30 * at + draw.n % 90 - 60),
            amount_minor=share if at < count - 1 else total_minor - share * (count - 1),
        )
        for at in range(count)
    )
