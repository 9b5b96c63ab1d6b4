"""Names of payers as banks pass them on: in capitals, without accents or legal form, cut off, or in another order."""

from __future__ import annotations

from functools import lru_cache

from invoice_svc.domain.customer.likeness import plain_name

LEAST_PREFIX = 8
"""Fewest characters of a name that a bank cut off."""


@lru_cache(maxsize=65_536)
def key_of(name: str) -> str:
    """Return a name without accents, signs and legal form."""
    return plain_name(name)


def is_same(stated: str, known: str) -> bool:
    """Return True for names of the same words in any order, or for one that the bank cut off."""
    one, other = key_of(stated), key_of(known)
    if one == other or sorted(one.split()) == sorted(other.split()):
        return True
    return len(one) >= LEAST_PREFIX and other.startswith(one)
