"""Bodies of provision overlays."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from encours.contracts.events.provision import OverlayAdjustment
from encours.http.models import Body, LongText, ShortText
from risk_svc.domain.provision.overlay import SetProvisionOverlay


class OverlayAdjustmentBody(Body):
    """Change of loss rates; the most specific one counts."""

    segment: ShortText | None = Field(default=None, description="All segments if not given.")
    band: Annotated[str, StringConstraints(max_length=10)] | None = Field(
        default=None, description="All bands if not given.", examples=["31-60"]
    )
    factor_bps: Annotated[int, Field(ge=0, le=1_000_000, strict=True)] | None = Field(
        default=None, description="The rate is multiplied by it, in hundredths of a percent."
    )
    rate_ppm: Annotated[int, Field(ge=0, le=1_000_000, strict=True)] | None = Field(
        default=None, description="The rate in its place, in millionths."
    )

    def to_adjustment(self) -> OverlayAdjustment:
        """Return the adjustment as the event holds it."""
        return OverlayAdjustment(
            segment=self.segment, band=self.band, factor_bps=self.factor_bps, rate_ppm=self.rate_ppm
        )


class ProvisionOverlayBody(Body):
    """Overlay of an entity: all of it, with the reason."""

    adjustments: Annotated[list[OverlayAdjustmentBody], Field(max_length=200)]
    text: LongText = Field(examples=["Insolvencies in construction rise by a fifth (Banque de France, June)"])

    def to_command(self, entity_id: str) -> SetProvisionOverlay:
        """Return the command."""
        return SetProvisionOverlay(
            entity_id, tuple(each.to_adjustment() for each in self.adjustments), self.text
        )
