"""Parts of random documents by product."""

from __future__ import annotations

from encours.contracts.common import ProductShare


def products(n: int, amount: int) -> tuple[ProductShare, ...]:
    """Parts of a document of an amount without VAT: none, of one product, or of two, of which one has a cost."""
    if n % 3 == 0:
        return ()
    share = amount // (n % 3)
    parts = [
        ProductShare(product="A", net_minor=share, vat_minor=0, costed_minor=share, cost_minor=share // 4)
    ]
    if share < amount:
        parts.append(ProductShare(product=None if n % 4 else "B", net_minor=amount - share, vat_minor=0))
    return tuple(parts)
