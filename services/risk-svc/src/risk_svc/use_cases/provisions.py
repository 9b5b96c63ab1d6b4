"""Command on the overlay of a provision matrix."""

from __future__ import annotations

from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from risk_svc.domain.provision import overlay
from risk_svc.use_cases.standing import ENTITY

OVERLAY: Folder[overlay.ProvisionOverlay] = Folder(
    overlay.ProvisionOverlay, overlay.evolve, overlay.ProvisionOverlayNotFound
)


async def set_overlay(session: Session, command: overlay.SetProvisionOverlay) -> Result:
    """Set the overlay of an entity."""
    await session.get(ENTITY, command.entity_id)
    stream = overlay.overlay_of(command.entity_id)
    for event in overlay.set_overlay(await session.load(OVERLAY, stream), command):
        session.emit(stream, event, entity=command.entity_id)
    return session.result(stream)
