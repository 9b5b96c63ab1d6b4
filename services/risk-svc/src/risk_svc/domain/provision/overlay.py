"""Overlay of an entity's provision matrix. Stream: the overlay."""

from __future__ import annotations

from dataclasses import dataclass

from encours.contracts import Recorded
from encours.contracts.events.provision import OverlayAdjustment, ProvisionOverlaySet
from encours.kernel.bands import STANDARD
from encours.kernel.errors import Invalid, NotFound
from encours.kernel.ids import with_prefix
from encours.kernel.money import div_half_up

WHOLE_PPM = 1_000_000
FULL_BPS = 10_000


class ProvisionOverlayNotFound(NotFound):
    """The entity has no overlay (404)."""

    code = "provision-overlay-not-found"
    title = "Entity has no provision overlay"
    remedy = "PUT /v1/entities/{entity_id}/provision-overlay sets one."


@dataclass(frozen=True, slots=True)
class SetProvisionOverlay:
    """Set the overlay of an entity; all of it, with its reason."""

    entity_id: str
    adjustments: tuple[OverlayAdjustment, ...]
    text: str


@dataclass(frozen=True, slots=True)
class ProvisionOverlay:
    """The overlay in force; version 0 changes nothing."""

    entity_id: str = ""
    version: int = 0
    adjustments: tuple[OverlayAdjustment, ...] = ()
    text: str = ""

    def adjusted(self, rate_ppm: int | None, segment: str, band: str) -> int | None:
        """Return the rate of a segment and band with the overlay, at most the whole; ``None`` if it is unknown."""
        found = [
            each for each in self.adjustments if each.segment in {None, segment} and each.band in {None, band}
        ]
        if not found:
            return rate_ppm
        best = max(found, key=lambda each: (each.segment is not None, each.band is not None))
        if best.rate_ppm is not None:
            return best.rate_ppm
        if rate_ppm is None or best.factor_bps is None:
            return rate_ppm
        return min(WHOLE_PPM, div_half_up(rate_ppm * best.factor_bps, FULL_BPS))


def overlay_of(entity_id: str) -> str:
    """Return the stream of the overlay of an entity."""
    return with_prefix(entity_id, "pvo")


def evolve(state: ProvisionOverlay, recorded: Recorded) -> ProvisionOverlay:
    """Return the state after one more event."""
    event = recorded.data
    assert isinstance(event, ProvisionOverlaySet)
    return ProvisionOverlay(event.entity_id, event.version, event.adjustments, event.text)


def set_overlay(state: ProvisionOverlay, command: SetProvisionOverlay) -> list[ProvisionOverlaySet]:
    """Set the overlay; no event if it is the same.

    Raises :class:`Invalid` for an adjustment without or with both of factor and rate, for an unknown band, and for two
    of the same segment and band.
    """
    seen = set()
    for n, each in enumerate(command.adjustments):
        if (each.factor_bps is None) == (each.rate_ppm is None):
            raise Invalid("Give a factor or a rate, not both.", f"/adjustments/{n}")
        if each.band is not None and each.band not in STANDARD.names:
            raise Invalid(f"Use one of {', '.join(STANDARD.names)}.", f"/adjustments/{n}/band")
        if (each.segment, each.band) in seen:
            raise Invalid(
                "Another adjustment has the same segment and band: leave one out.", f"/adjustments/{n}"
            )
        seen.add((each.segment, each.band))
    if state.version and (state.adjustments, state.text) == (command.adjustments, command.text):
        return []
    return [
        ProvisionOverlaySet(
            provision_overlay_id=overlay_of(command.entity_id),
            entity_id=command.entity_id,
            version=state.version + 1,
            adjustments=command.adjustments,
            text=command.text,
        )
    ]
