"""Roll rates, the matrix to the cent, and the overlay."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.contracts.events.parties.entity import EntityRegistered
from encours.contracts.events.provision import OverlayAdjustment
from encours.kernel.bands import STANDARD
from encours.kernel.errors import Invalid
from encours.testing.events import event
from risk_svc.domain.provision.matrix import OwedInvoice, OwedPart, ProvisionMatrix, Security, matrix
from risk_svc.domain.provision.overlay import ProvisionOverlay, SetProvisionOverlay, overlay_of
from risk_svc.domain.provision.rates import BandRates, Rolled, loss_rates
from risk_svc.use_cases import provisions
from tests.histories.credit import CreditDesk

ON = date(2026, 6, 30)
NONE = (0, 0, 0, 0, 0, 0)


def test_the_loss_of_a_band_is_the_product_of_the_roll_rates_from_it_on() -> None:
    rolled = Rolled("trade", (1000, 500, 400, 200, 100, 80), (500, 250, 200, 100, 80, 60))
    rates = loss_rates([rolled])["trade"]
    assert rates.roll_ppm == (500_000, 500_000, 500_000, 500_000, 800_000, 750_000)
    assert rates.loss_ppm == (37_500, 75_000, 150_000, 300_000, 600_000, 750_000)
    assert set(rates.basis) == {"segment"}


def test_a_segment_without_history_has_the_rates_of_all_and_a_late_band_without_any_keeps_the_whole() -> None:
    rolled = Rolled("trade", (1000, 100, 0, 0, 0, 0), (100, 50, 0, 0, 0, 0))
    rates = loss_rates([rolled, Rolled("retail", NONE, NONE)])["retail"]
    assert rates.basis == ("all_segments", "all_segments", *("assumed",) * 4)
    assert rates.loss_ppm == (50_000, 500_000, *(1_000_000,) * 4)
    assert loss_rates([Rolled("retail", NONE, NONE)])["retail"].loss_ppm == (None, *(1_000_000,) * 5)


RATES = {
    "trade": BandRates((0,) * 6, (10_000, 50_000, 100_000, 200_000, 500_000, 1_000_000), ("segment",) * 6)
}


def owed(number: int, late: int, open_minor: int, **fields: Any) -> OwedInvoice:
    usual: dict[str, Any] = {
        "invoice_id": f"inv_{number}", "customer_id": "cus_1", "segment": "trade",
        "parts": (OwedPart(ON - timedelta(days=late), open_minor),),
    }  # fmt: skip
    return OwedInvoice(**(usual | fields))


def made(
    *invoices: OwedInvoice, overlay: ProvisionOverlay = ProvisionOverlay(), **beside: Any
) -> ProvisionMatrix:
    return matrix("ent_1", "EUR", invoices, RATES, Security(**beside), overlay, ON)


def test_what_is_lost_is_net_of_cash_claims_vat_cover_and_guarantees() -> None:
    found = made(
        owed(1, 40, 1_200_00, conceded_minor=120_00, net_minor=1_000_00, total_minor=1_200_00),
        unapplied={"cus_1": 240_00},
        insured={"inv_1": 300_00},
        guaranteed={"cus_1": 100_00},
    )
    cell = found.cells["trade", "31-60"]
    assert (cell.gross_minor, cell.conceded_minor, cell.cash_minor) == (1_200_00, 120_00, 240_00)
    assert (cell.vat_minor, cell.insured_minor, cell.guaranteed_minor) == (140_00, 300_00, 100_00)
    assert (cell.exposed_minor, cell.loss_minor, found.loss_minor) == (300_00, 30_00, 30_00)


def test_cash_and_guarantees_cover_the_oldest_debts_first() -> None:
    found = made(
        owed(1, 5, 100_00), owed(2, 200, 100_00), unapplied={"cus_1": 60_00}, guaranteed={"cus_1": 50_00}
    )
    assert found.cells["trade", "121+"].exposed_minor == 0
    assert found.cells["trade", "1-30"].guaranteed_minor == 10_00


def test_instalments_lie_in_the_bands_of_their_own_dates() -> None:
    parts = (OwedPart(ON - timedelta(days=95), 30_00), OwedPart(ON + timedelta(days=1), 70_00))
    found = made(owed(1, 0, 0, parts=parts))
    assert {band: cell.gross_minor for (_, band), cell in found.cells.items()} == {
        "91-120": 30_00,
        "not_due": 70_00,
    }


def test_the_first_loss_of_a_contract_is_borne_as_far_as_claims_are_expected() -> None:
    invoice = owed(1, 40, 1_000_00)
    insured: dict[str, Any] = {"insured": {"inv_1": 900_00}, "contract_of": {"inv_1": "C26"}}
    assert made(invoice, **insured, first_loss={"C26": 50_00}).first_loss_minor == 50_00
    found = made(invoice, **insured, first_loss={"C26": 5_000_00})
    assert (found.first_loss_minor, found.loss_minor) == (90_00, 100_00)


@pytest.mark.parametrize(("first_loss", "wanted"), [(50_00, None), (0, 0)])
def test_the_first_loss_of_insured_debts_without_a_rate_is_not_known(
    first_loss: int, wanted: int | None
) -> None:
    unknown = {"trade": BandRates((0,) * 6, (None,) * 6, ("assumed",) * 6)}
    insured = Security(
        insured={"inv_1": 100_00}, contract_of={"inv_1": "C26"}, first_loss={"C26": first_loss}
    )
    found = matrix("ent_1", "EUR", [owed(1, -5, 100_00)], unknown, insured, ProvisionOverlay(), ON)
    assert (found.first_loss_minor, found.loss_minor) == (wanted, wanted)


def test_the_most_specific_adjustment_counts_and_no_rate_is_above_the_whole() -> None:
    overlay = ProvisionOverlay(
        "ent_1",
        1,
        (
            OverlayAdjustment(factor_bps=12_000),
            OverlayAdjustment(band="91-120", factor_bps=30_000),
            OverlayAdjustment(segment="trade", factor_bps=11_000),
            OverlayAdjustment(segment="trade", band="1-30", rate_ppm=7),
        ),
        "Outlook",
    )
    bands = {"not_due": 11_000, "1-30": 7, "31-60": 110_000, "91-120": 550_000}
    assert {band: overlay.adjusted(dict(zip(STANDARD.names, RATES["trade"].loss_ppm, strict=True))[band], "trade", band)
            for band in bands} == bands  # fmt: skip
    assert overlay.adjusted(500_000, "retail", "91-120") == 1_000_000
    assert overlay.adjusted(None, "retail", "not_due") is None
    assert made(owed(1, 40, 100_00), overlay=overlay).loss_minor == 11_00


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.integers(-40, 200), st.integers(0, 500_00), st.integers(0, 600_00), st.integers(0, 400_00)
        ),
        max_size=6,
    ),
    st.integers(0, 900_00),
    st.integers(0, 900_00),
)
def test_the_parts_of_a_cell_add_up_to_its_gross_and_none_is_below_zero(
    debts: list[tuple[int, int, int, int]], cash: int, guaranteed: int
) -> None:
    invoices = [
        owed(n, late, minor, conceded_minor=min(minor, conceded), net_minor=5, total_minor=6)
        for n, (late, minor, conceded, _) in enumerate(debts)
    ]
    insured = {f"inv_{n}": each[3] for n, each in enumerate(debts)}
    found = made(*invoices, unapplied={"cus_1": cash}, guaranteed={"cus_1": guaranteed}, insured=insured)
    for cell in found.cells.values():
        parts = (
            cell.cash_minor, cell.conceded_minor, cell.vat_minor, cell.insured_minor, cell.guaranteed_minor,
            cell.exposed_minor,
        )  # fmt: skip
        assert sum(parts) == cell.gross_minor
        assert min(parts) >= 0
        assert cell.adjusted_ppm is not None
        exact = Fraction(cell.exposed_minor * cell.adjusted_ppm, 1_000_000)
        assert cell.loss_minor is not None
        assert abs(cell.loss_minor - exact) <= Fraction(1, 2)
    assert sum(each.gross_minor for each in found.cells.values()) == sum(each[1] for each in debts)


def test_an_overlay_is_set_once_counted_and_refused_as_written() -> None:
    desk = CreditDesk()
    desk.happen(event(EntityRegistered, entity_id="ent_1"))
    wanted = SetProvisionOverlay("ent_1", (OverlayAdjustment(factor_bps=12_000),), "Outlook")
    assert desk.do(provisions.set_overlay, wanted) == ["provision_overlay.set"]
    assert desk.do(provisions.set_overlay, wanted) == []
    assert desk.books.state(provisions.OVERLAY, overlay_of("ent_1")).version == 1
    for adjustments, said in (
        ((OverlayAdjustment(),), "not both"),
        ((OverlayAdjustment(factor_bps=1, rate_ppm=1),), "not both"),
        ((OverlayAdjustment(band="0-30", factor_bps=1),), "Use one of"),
        ((OverlayAdjustment(factor_bps=1), OverlayAdjustment(rate_ppm=1)), "leave one out"),
    ):
        with pytest.raises(Invalid, match=said):
            desk.do(provisions.set_overlay, SetProvisionOverlay("ent_1", adjustments, "Outlook"))
