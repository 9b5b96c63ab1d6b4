"""Entries of a customer in the order of their numbers, from 1 without gaps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from encours.kernel.errors import NotFound

E = TypeVar("E")


def entry(entries: Sequence[E], number: int, missing: type[NotFound]) -> E:
    """Return the entry of a number. Raises ``missing``."""
    if not 1 <= number <= len(entries):
        raise missing(str(number))
    return entries[number - 1]


def with_entry(entries: Sequence[E], number: int, changed: Callable[[E], E]) -> tuple[E, ...]:
    """Return the entries with another one under a number."""
    return tuple(changed(each) if n == number else each for n, each in enumerate(entries, 1))
