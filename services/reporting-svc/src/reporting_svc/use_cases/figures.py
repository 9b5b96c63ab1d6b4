"""Publication of figures: measure at the ledger's head, or at an earlier position, and record."""

from __future__ import annotations

from encours.kernel.money import require_code
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from reporting_svc.domain import figure
from reporting_svc.read_models.figures.query import LatestFigures

FIGURE: Folder[figure.FigureState] = Folder(figure.FigureState, figure.evolve, figure.FigureNotFound)


async def publish_figure(session: Session, command: figure.PublishFigure, figures: LatestFigures) -> Result:
    """Measure the figure and record it with the position that it was computed at."""
    asked = command.question
    await session.act_for(asked.entity_id)
    if asked.currency is not None:
        # The answer is written after the event: one in no currency would be in the ledger, and refused.
        require_code(asked.currency, "/currency")
    await session.load(FIGURE, command.figure_id)
    measured = await session.ask(figures.of, session.meta.ledger, asked, command.position)
    session.emit(command.figure_id, figure.publish(command, measured), entity=asked.entity_id)
    return session.result(command.figure_id)
