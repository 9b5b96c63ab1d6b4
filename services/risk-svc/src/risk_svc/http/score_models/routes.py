"""Versions of the payment model: fit, list, activate."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.queries import Query, reading
from encours.http.routing import Router
from risk_svc.http.score_models.answers import (
    SCORE_MODELS_ANSWER,
    ScoreModelList,
    ScoreModelOut,
    ScoreModelsOut,
)
from risk_svc.http.score_models.asked import score_models_at
from risk_svc.http.score_models.bodies import ActivateModelBody, FitModelBody
from risk_svc.use_cases import score_models
from risk_svc.use_cases.fitting import FitsApart

router = Router(tags=["Payment model"])
Approving = Annotated[Command, command("risk:approve")]
Reading = Annotated[Query, reading("risk:read")]
VersionPath = Annotated[str, Path(pattern="^[a-z]{1,20}-[0-9]{1,9}$", examples=["own-1"])]


@router.post("/v1/score-models", response_model=ScoreModelsOut, status_code=201)
async def fit_score_model(cmd: Approving, body: FitModelBody | None = None) -> Response:
    """Fit a version of the payment model to the whole history of the ledger. It is not in use before it is activated.

    Refused while the history is too short, and for a boosted model where its library is not installed; the active
    model stays in use then.
    """
    cmd.context.without_deadline()
    fits: FitsApart = cmd.services.extras["fits"]
    wanted = (body or FitModelBody()).to_command()
    return await cmd.run(score_models.fit_model, wanted, fits, answer=SCORE_MODELS_ANSWER, status=201)


@router.post("/v1/score-models/{version}/activate", response_model=ScoreModelsOut)
async def activate_score_model(version: VersionPath, body: ActivateModelBody, cmd: Approving) -> Response:
    """Use a version for grades and forecasts from now on; `default-1` is the one that Encours ships."""
    return await cmd.run(score_models.activate_model, body.to_command(version), answer=SCORE_MODELS_ANSWER)


@router.get("/v1/score-models", response_model=ScoreModelsOut)
async def list_score_models(q: Reading) -> Response:
    """List the versions of the payment model with their calibration reports, and the one in use."""
    state, time = await score_models_at(q)
    return q.respond(ScoreModelList.of(state).model_dump(mode="json") | time.echo())


@router.get("/v1/score-models/{version}", response_model=ScoreModelOut)
async def get_score_model(version: VersionPath, q: Reading) -> Response:
    """Get a version of the payment model with its parameters."""
    state, time = await score_models_at(q)
    return q.respond(ScoreModelOut.shown(state, version, time.echo()))
