"""Columns of a CSV line beside those of the invoice itself: its instalments, roles of its customer, custom fields.

Columns of custom fields are named by the code of the field: ``field.<code>`` is one of the invoice,
``customer_field.<code>`` one of the customer. A field of yes or no is ``true`` or ``false``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date

from encours.kernel import texts
from invoice_svc.imports import values
from invoice_svc.imports.events import ImportedRoles
from invoice_svc.imports.formats.verdict import Fault

MAX_INSTALMENTS = 36
_IN_COLUMNS = 12
INSTALMENTS = tuple(
    f"instalment_{n}_{part}" for n in range(1, _IN_COLUMNS + 1) for part in ("due_on", "amount")
)
ROLES = ("customer_payer", "customer_billed", "customer_delivered", "customer_group")
INVOICE_FIELD, CUSTOMER_FIELD = "field.", "customer_field."
_CODE = re.compile(texts.FIELD_CODE)


def is_field(target: str) -> bool:
    """Return True for the target of a custom field."""
    owner, _, code = target.partition(".")
    return f"{owner}." in (INVOICE_FIELD, CUSTOMER_FIELD) and _CODE.fullmatch(code) is not None


def fields_of(
    prefix: str, targets: Iterable[str], raw: Callable[[str], str], column: Callable[[str], str]
) -> dict[str, str | bool]:
    """Return the values of custom fields that a line has, by their code."""
    found: dict[str, str | bool] = {}
    for target in targets:
        if target.startswith(prefix) and (written := raw(target)):
            known = {"true": True, "false": False}.get(written.lower())
            value = values.text(written, column(target), limit=200) if known is None else known
            found[target.removeprefix(prefix)] = value
    return found


def roles_of(
    ref: str, valid_from: date, raw: Callable[[str], str], column: Callable[[str], str]
) -> ImportedRoles | None:
    """Return the roles around the customer from the day of the invoice on; none if the line names none."""
    if not any(raw(target) for target in ROLES):
        return None
    payer, billed, delivered, group = (
        values.text(raw(target), column(target), limit=100) if raw(target) else None for target in ROLES
    )
    return ImportedRoles(
        customer=ref, valid_from=valid_from, payer=payer, billed=billed, delivered=delivered, group=group
    )


def instalments_of(
    raw: Callable[[str], str],
    column: Callable[[str], str],
    day: Callable[[str], date],
    amount: Callable[[str], int],
) -> tuple[tuple[date, int], ...]:
    """Return the instalments of a line, in the order of their columns. Raises :class:`Fault`."""
    found = []
    for due_on, part in zip(INSTALMENTS[::2], INSTALMENTS[1::2], strict=True):
        if raw(due_on) and raw(part):
            found.append((day(due_on), amount(part)))
        elif raw(due_on) or raw(part):
            missing = part if raw(due_on) else due_on
            raise Fault("missing-value", "An instalment has a day and an amount.", column(missing))
    return tuple(found)
