"""Forward-looking overlay of the provision matrix of an entity. Stream: the overlay. Appended by risk-svc."""

from __future__ import annotations

from typing import ClassVar

from encours.contracts.base import Event, Value


class OverlayAdjustment(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Change of loss rates; without a segment or a band it holds for all of them. The most specific one counts."""

    segment: str | None = None
    band: str | None = None
    """``not_due``, ``1-30`` … ``121+``."""
    factor_bps: int | None = None
    """The rate is multiplied by it, in basis points."""
    rate_ppm: int | None = None
    """The rate in its place, in millionths."""


class ProvisionOverlaySet(Event, frozen=True, kw_only=True):
    """The overlay from now on; all of it (IFRS 9 B5.5.35, B5.5.52: historical rates are adjusted for what is ahead)."""

    TYPE: ClassVar[str] = "provision_overlay.set"
    provision_overlay_id: str
    entity_id: str
    version: int
    adjustments: tuple[OverlayAdjustment, ...]
    text: str
