"""Answers about provision matrices and their overlays."""

from __future__ import annotations

from pydantic import BaseModel, Field

from encours.contracts.events.provision import OverlayAdjustment
from encours.http.answers import Answer
from encours.http.models import BusinessDate, MoneyModel
from encours.http.queries import AsOf
from encours.kernel.bands import STANDARD
from risk_svc.domain.provision.matrix import Cell, ProvisionMatrix
from risk_svc.domain.provision.overlay import ProvisionOverlay
from risk_svc.domain.provision.rates import DEFINITION, BandRates
from risk_svc.use_cases.provisions import OVERLAY


class OverlayAdjustmentOut(BaseModel):
    """Change of loss rates."""

    segment: str | None
    band: str | None
    factor_bps: int | None
    rate_ppm: int | None

    @classmethod
    def of(cls, adjustment: OverlayAdjustment) -> OverlayAdjustmentOut:
        """Return an adjustment."""
        return cls(
            segment=adjustment.segment,
            band=adjustment.band,
            factor_bps=adjustment.factor_bps,
            rate_ppm=adjustment.rate_ppm,
        )


class ProvisionOverlayOut(BaseModel):
    """Overlay of an entity; its version counts its changes."""

    entity_id: str
    version: int
    adjustments: list[OverlayAdjustmentOut]
    text: str

    @classmethod
    def of(cls, state: ProvisionOverlay) -> ProvisionOverlayOut:
        """Return the overlay."""
        return cls(
            entity_id=state.entity_id,
            version=state.version,
            adjustments=[OverlayAdjustmentOut.of(each) for each in state.adjustments],
            text=state.text,
        )


class ProvisionOverlayAsOf(ProvisionOverlayOut, AsOf):
    """An overlay at the requested dates."""


class ProvisionCellOut(BaseModel):
    """Open amounts of a segment in a band of days past due, and their expected loss."""

    segment: str
    band: str
    gross: MoneyModel = Field(description="As in the aged balance.")
    cash: MoneyModel = Field(description="Part for which unapplied cash is there.")
    conceded: MoneyModel = Field(description="Accepted claims whose credit note is to come.")
    vat: MoneyModel = Field(description="VAT of what is left.")
    insured: MoneyModel = Field(description="Part that an insurer pays.")
    guaranteed: MoneyModel
    exposed: MoneyModel = Field(description="Gross less all of these.")
    rate_ppm: int | None = Field(description="Own loss rate in millionths; null without history.")
    adjusted_rate_ppm: int | None = Field(description="The rate with the overlay.")
    expected_loss: MoneyModel | None

    @classmethod
    def of(cls, key: tuple[str, str], cell: Cell, currency: str) -> ProvisionCellOut:
        """Return a cell."""
        return cls(
            segment=key[0],
            band=key[1],
            gross=MoneyModel.of(cell.gross_minor, currency),
            cash=MoneyModel.of(cell.cash_minor, currency),
            conceded=MoneyModel.of(cell.conceded_minor, currency),
            vat=MoneyModel.of(cell.vat_minor, currency),
            insured=MoneyModel.of(cell.insured_minor, currency),
            guaranteed=MoneyModel.of(cell.guaranteed_minor, currency),
            exposed=MoneyModel.of(cell.exposed_minor, currency),
            rate_ppm=cell.rate_ppm,
            adjusted_rate_ppm=cell.adjusted_ppm,
            expected_loss=None if cell.loss_minor is None else MoneyModel.of(cell.loss_minor, currency),
        )


class RollRateOut(BaseModel):
    """Roll and loss rate of a segment in a band, in millionths."""

    segment: str
    band: str
    roll_ppm: int | None = Field(description="Amount unpaid at the end of the band over what had entered it.")
    loss_ppm: int | None
    basis: str = Field(description="`segment`, `all_segments`, or `assumed`: the band has no history.")

    @classmethod
    def listed(cls, segment: str, rates: BandRates) -> list[RollRateOut]:
        """Return the rates of a segment, band by band."""
        bands = zip(STANDARD.names, rates.roll_ppm, rates.loss_ppm, rates.basis, strict=True)
        return [
            cls(segment=segment, band=band, roll_ppm=roll, loss_ppm=loss, basis=basis)
            for band, roll, loss, basis in bands
        ]


class ProvisionMatrixOut(BaseModel):
    """Provision matrix of an entity in one currency."""

    entity_id: str
    currency: str
    cells: list[ProvisionCellOut]
    rates: list[RollRateOut]
    bands: dict[str, MoneyModel] = Field(description="Gross by band, as in the aged balance.")
    unapplied: MoneyModel
    outstanding: MoneyModel = Field(
        description="Bands less unapplied cash of known payers, as in the aged balance."
    )
    first_loss: MoneyModel | None = Field(
        description="Expected claims that the first loss of insurance contracts leaves; null while a rate is not known."
    )
    expected_loss: MoneyModel | None = Field(description="Null while a rate that it needs is not known.")
    overlay: ProvisionOverlayOut | None

    @classmethod
    def of(cls, found: ProvisionMatrix) -> ProvisionMatrixOut:
        """Return a matrix."""
        code = found.currency
        bands = dict.fromkeys(STANDARD.names, 0)
        for (_, band), cell in found.cells.items():
            bands[band] += cell.gross_minor
        ordered = sorted(found.cells.items(), key=lambda each: (each[0][0], STANDARD.names.index(each[0][1])))
        loss = found.loss_minor
        return cls(
            entity_id=found.entity_id,
            currency=code,
            cells=[ProvisionCellOut.of(key, cell, code) for key, cell in ordered],
            rates=[
                rate
                for segment, rates in sorted(found.rates.items())
                for rate in RollRateOut.listed(segment, rates)
            ],
            bands={band: MoneyModel.of(minor, code) for band, minor in bands.items()},
            unapplied=MoneyModel.of(found.unapplied_minor, code),
            outstanding=MoneyModel.of(sum(bands.values()) - found.unapplied_minor, code),
            first_loss=None
            if found.first_loss_minor is None
            else MoneyModel.of(found.first_loss_minor, code),
            expected_loss=None if loss is None else MoneyModel.of(loss, code),
            overlay=ProvisionOverlayOut.of(found.overlay) if found.overlay.version else None,
        )


class ProvisionMatrices(AsOf):
    """Matrices of the caller's entities, by entity and currency."""

    definition: str = DEFINITION
    history_from: BusinessDate = Field(description="First day on which invoices pass the end of a band.")
    history_to: BusinessDate
    matrices: list[ProvisionMatrixOut]


OVERLAY_ANSWER = Answer(OVERLAY, lambda state, *_: ProvisionOverlayOut.of(state))
