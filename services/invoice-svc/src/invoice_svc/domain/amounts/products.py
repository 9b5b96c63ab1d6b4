"""Net, VAT and cost of a document by product: what turnover and margin by product rest on.

Discounts and charges on the document and the deposits that a final invoice deducts lower or raise all lines of their
VAT category and rate, pro rata to the lines' nets. A cost belongs to its line: a discount leaves it as it is, but a
final invoice has the part of it that the deposits leave of the net. So the parts add up to the document, by the cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from encours.contracts.common import Line, ProductShare, VatShare
from encours.kernel.money import div_half_up, exponent, pro_rata
from invoice_svc.domain.amounts.decimals import decimal_parts

_Sums = dict[str | None, list[int]]
"""Net, VAT, net with a known cost, and cost, by product."""


def product_shares(
    lines: Sequence[Line], vat: Iterable[VatShare], currency: str, whole_minor: int
) -> tuple[ProductShare, ...]:
    """Return the parts of a document by product; none where no line states a product or a cost.

    ``vat`` is that of the document, ``whole_minor`` its net before deposits. Where the lines at a rate add up to 0 or
    less, its amounts belong to no product.
    """
    if all(line.product is None and line.unit_cost is None for line in lines):
        return ()
    sums: _Sums = {}
    document = list(vat)
    net_minor = sum([share.net_minor for share in document])
    for share in document:
        own = [
            line
            for line in lines
            if (line.vat_category, line.vat_rate_bps) == (share.category, share.rate_bps)
        ]
        weights = [line.net_minor for line in own]
        if sum(weights) <= 0:
            _add(sums, None, share.net_minor, share.vat_minor)
            continue
        parts = zip(own, pro_rata(share.net_minor, weights), pro_rata(share.vat_minor, weights), strict=True)
        for line, net, vat_minor in parts:
            _add(sums, line.product, net, vat_minor)
            if line.unit_cost is not None:
                cost = _cost(line, currency)
                if net_minor != whole_minor and whole_minor > 0:
                    cost = div_half_up(cost * net_minor, whole_minor)
                _add(sums, line.product, 0, 0, net, cost)
    return _shares(sums)


def credited_products(
    left: Sequence[ProductShare],
    net_minor: int,
    vat_minor: int,
    lines: Iterable[Line] | None = None,
    *,
    whole: bool = False,
) -> tuple[ProductShare, ...]:
    """Return the parts of a credit note by product, out of what credit notes have ``left`` of the invoice.

    The last credit note takes all that is left. One over lines that name products of the invoice takes from these, pro
    rata to their nets, any other from all. Costs are taken back in the proportion of the net.
    """
    if not left or whole:
        return tuple(left)
    known = {each.product: each for each in left}
    weights: dict[str | None, int] = {}
    for line in lines or ():
        if line.product in known:
            weights[line.product] = weights.get(line.product, 0) + line.net_minor
    if not any(weights.values()):
        weights = {each.product: each.net_minor for each in left}
    sums: _Sums = {}
    if sum(weights.values()) <= 0:
        _add(sums, None, net_minor, vat_minor)
        return _shares(sums)
    shares = list(weights.values())
    parts = zip(weights, pro_rata(net_minor, shares), pro_rata(vat_minor, shares), strict=True)
    for product, net, vat in parts:
        of = known[product]
        costed, cost = (
            div_half_up(minor * net, of.net_minor) if of.net_minor > 0 else 0
            for minor in (of.costed_minor, of.cost_minor)
        )
        _add(sums, product, net, vat, costed, cost)
    return _shares(sums)


def less_products(left: Sequence[ProductShare], credited: Sequence[ProductShare]) -> tuple[ProductShare, ...]:
    """Return what a credit note leaves of an invoice by product, without parts of which nothing is left."""
    sums: _Sums = {}
    for sign, shares in ((1, left), (-1, credited)):
        for each in shares:
            amounts = (each.net_minor, each.vat_minor, each.costed_minor, each.cost_minor)
            _add(sums, each.product, *(sign * minor for minor in amounts))
    return _shares(sums)


def _cost(line: Line, currency: str) -> int:
    quantity, quantity_scale, _ = decimal_parts(line.quantity, "/quantity")
    cost, cost_scale, _ = decimal_parts(line.unit_cost or "0", "/unit_cost")
    return div_half_up(quantity * cost * 10 ** exponent(currency), 10 ** (quantity_scale + cost_scale))


def _add(sums: _Sums, product: str | None, *minors: int) -> None:
    found = sums.setdefault(product, [0, 0, 0, 0])
    for n, minor in enumerate(minors):
        found[n] += minor


def _shares(sums: _Sums) -> tuple[ProductShare, ...]:
    return tuple(
        ProductShare(product=product, net_minor=net, vat_minor=vat, costed_minor=costed, cost_minor=cost)
        for product, (net, vat, costed, cost) in sorted(sums.items(), key=lambda each: each[0] or "")
        if net or vat or costed or cost
    )
