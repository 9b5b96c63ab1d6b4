"""Expected loss of open invoices by segment and band.

Of an open amount first what unapplied cash covers and what was conceded is deducted, then the VAT, which the state
gives back on a bad debt (CGI art. 272), the part that an insurer pays, and guarantees, the oldest debts first. The rate
of segment and band holds for what is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from encours.kernel.bands import STANDARD
from encours.kernel.money import div_half_up, pro_rata
from risk_svc.domain.provision.overlay import ProvisionOverlay
from risk_svc.domain.provision.rates import WHOLE_PPM, BandRates


@dataclass(frozen=True, slots=True)
class OwedPart:
    """An open invoice, or an instalment of it: its due date and open amount in minor units."""

    due_on: date
    open_minor: int


@dataclass(frozen=True, slots=True)
class OwedInvoice:
    """An open invoice of a debtor, minor units."""

    invoice_id: str
    customer_id: str
    segment: str
    parts: tuple[OwedPart, ...]
    conceded_minor: int = 0
    net_minor: int | None = None
    total_minor: int = 0

    @property
    def due_on(self) -> date:
        """Due date of the first open part."""
        return min((each.due_on for each in self.parts if each.open_minor), default=self.parts[-1].due_on)


@dataclass(slots=True)
class Cell:
    """Amounts of a segment and band, minor units: ``gross`` less the others is ``exposed``."""

    gross_minor: int = 0
    cash_minor: int = 0
    conceded_minor: int = 0
    vat_minor: int = 0
    insured_minor: int = 0
    guaranteed_minor: int = 0
    exposed_minor: int = 0
    rate_ppm: int | None = None
    adjusted_ppm: int | None = None
    loss_minor: int | None = None


@dataclass(frozen=True, slots=True)
class ProvisionMatrix:
    """Cells by segment and band of an entity in one currency; ``first_loss_minor`` is borne beside them."""

    entity_id: str
    currency: str
    rates: Mapping[str, BandRates]
    cells: Mapping[tuple[str, str], Cell]
    unapplied_minor: int
    first_loss_minor: int | None
    overlay: ProvisionOverlay

    @property
    def loss_minor(self) -> int | None:
        """Expected loss of all cells with the first loss; ``None`` while a rate that it needs is not known."""
        losses = [each.loss_minor for each in self.cells.values() if each.exposed_minor or each.loss_minor]
        losses.append(self.first_loss_minor)
        return None if None in losses else sum(loss for loss in losses if loss is not None)


@dataclass(frozen=True, slots=True)
class Security:
    """Cash and guarantees by debtor, and insured parts by invoice, of one currency."""

    unapplied: Mapping[str, int] = field(default_factory=dict)
    guaranteed: Mapping[str, int] = field(default_factory=dict)
    insured: Mapping[str, int] = field(default_factory=dict)
    first_loss: Mapping[str, int] = field(default_factory=dict)
    """First loss of a year by insurance contract."""
    contract_of: Mapping[str, str] = field(default_factory=dict)
    """Insurance contract by invoice."""


def matrix(
    entity_id: str,
    currency: str,
    invoices: Sequence[OwedInvoice],
    rates: Mapping[str, BandRates],
    security: Security,
    overlay: ProvisionOverlay,
    on: date,
) -> ProvisionMatrix:
    """Return the matrix on a day. The loss of a cell is rounded half up once."""
    cells: dict[tuple[str, str], Cell] = {}
    cash, guaranteed = Counter(security.unapplied), Counter(security.guaranteed)
    insured_by_contract: Counter[tuple[str, str, str]] = Counter()
    for invoice in sorted(invoices, key=lambda each: (each.due_on, each.invoice_id)):
        for part, cell in _cells(invoice, cash, guaranteed, security, on):
            band = STANDARD.names[STANDARD.index((on - part.due_on).days)]
            _add(cells.setdefault((invoice.segment, band), Cell()), cell)
            if contract := security.contract_of.get(invoice.invoice_id):
                insured_by_contract[contract, invoice.segment, band] += cell.insured_minor
    for (segment, band), cell in cells.items():
        cell.rate_ppm = rates[segment].loss_ppm[STANDARD.names.index(band)]
        cell.adjusted_ppm = overlay.adjusted(cell.rate_ppm, segment, band)
        if cell.adjusted_ppm is not None:
            cell.loss_minor = div_half_up(cell.exposed_minor * cell.adjusted_ppm, WHOLE_PPM)
    return ProvisionMatrix(
        entity_id=entity_id,
        currency=currency,
        rates=rates,
        cells=cells,
        unapplied_minor=sum(security.unapplied.values()),
        first_loss_minor=_first_loss(insured_by_contract, cells, security.first_loss),
        overlay=overlay,
    )


def _cells(
    invoice: OwedInvoice, cash: Counter[str], guaranteed: Counter[str], security: Security, on: date
) -> Iterable[tuple[OwedPart, Cell]]:
    customer, conceded = invoice.customer_id, invoice.conceded_minor
    found: list[tuple[OwedPart, Cell]] = []
    for part in sorted(invoice.parts, key=lambda each: each.due_on, reverse=True):
        given_up = max(0, min(conceded, part.open_minor))
        conceded -= given_up
        found.append((part, Cell(gross_minor=part.open_minor, conceded_minor=given_up)))
    found.reverse()
    nets = []
    for part, cell in found:
        cell.cash_minor = max(0, min(cash[customer], part.open_minor - cell.conceded_minor))
        cash[customer] -= cell.cash_minor
        left = max(0, part.open_minor - cell.conceded_minor - cell.cash_minor)
        net = left
        if invoice.net_minor is not None and invoice.total_minor > 0:
            net = div_half_up(left * invoice.net_minor, invoice.total_minor)
        cell.vat_minor = left - net
        nets.append(net)
    insured = min(security.insured.get(invoice.invoice_id, 0), sum(nets))
    shares = pro_rata(insured, nets) if insured else [0] * len(nets)
    for (_, cell), net, share in zip(found, nets, shares, strict=True):
        cell.insured_minor = share
        cell.guaranteed_minor = max(0, min(guaranteed[customer], net - share))
        guaranteed[customer] -= cell.guaranteed_minor
        cell.exposed_minor = net - share - cell.guaranteed_minor
    return found


def _add(total: Cell, more: Cell) -> None:
    total.gross_minor += more.gross_minor
    total.cash_minor += more.cash_minor
    total.conceded_minor += more.conceded_minor
    total.vat_minor += more.vat_minor
    total.insured_minor += more.insured_minor
    total.guaranteed_minor += more.guaranteed_minor
    total.exposed_minor += more.exposed_minor


def _first_loss(
    insured: Mapping[tuple[str, str, str], int],
    cells: Mapping[tuple[str, str], Cell],
    first_loss: Mapping[str, int],
) -> int | None:
    """Return the expected claims that the first loss of each contract leaves to the insured, minor units.

    ``None`` while a rate of debts is not known that a contract with a first loss insures.
    """
    expected: Counter[str] = Counter()
    for (contract, segment, band), minor in insured.items():
        rate = cells[segment, band].adjusted_ppm
        if rate is None and minor and first_loss.get(contract, 0):
            return None
        expected[contract] += minor * (rate or 0)
    return sum(
        min(first_loss.get(contract, 0), div_half_up(scaled, WHOLE_PPM))
        for contract, scaled in expected.items()
    )
