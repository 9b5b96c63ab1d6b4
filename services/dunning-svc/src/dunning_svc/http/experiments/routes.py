"""Routes of experiments. They show all entities, so a key that is limited to some neither makes nor sees them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from starlette.responses import Response

from dunning_svc.backtest.requests import BacktestOfAllEntities
from dunning_svc.domain.experiment.effect import Window, outcome_of
from dunning_svc.domain.experiment.state import EXPERIMENT, ExperimentNotFound
from dunning_svc.http.experiments.answers import (
    EXPERIMENT_ANSWER,
    ExperimentAsOf,
    ExperimentList,
    ExperimentOut,
    ExperimentResultOut,
    ExperimentWithResult,
)
from dunning_svc.http.experiments.bodies import ExperimentBody, StopExperimentBody
from dunning_svc.http.identifiers import ExperimentPath
from dunning_svc.read_models.cases.fold.experiments import experiment_rows
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.trials import trial_customers
from dunning_svc.use_cases import experiments
from encours.http.commands import Command, command
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.service.long_work_request import require_all_entities

router = Router(tags=["Experiments"])
Reading = Annotated[Query, reading("dunning:read")]
Writing = Annotated[Command, command("dunning:write")]


@router.post("/v1/experiments", response_model=ExperimentAsOf, status_code=201)
async def start_experiment(body: ExperimentBody, cmd: Writing) -> Response:
    """Compare a version of a policy with the one in force, on customers that are assigned by chance.

    The answer says how many customers are needed; `dry_run=true` says so without a start.
    """
    return await cmd.run(
        experiments.start_experiment,
        body.to_command(),
        cmd.ledger,
        cmd.services.db,
        answer=EXPERIMENT_ANSWER,
        status=201,
        at="/v1/experiments",
    )


@router.post("/v1/experiments/{id}/stop", response_model=ExperimentAsOf)
async def stop_experiment(experiment_id: ExperimentPath, body: StopExperimentBody, cmd: Writing) -> Response:
    """End an experiment: from the next run on its customers get the policy in force. It does not start again."""
    wanted = body.to_command(experiment_id)
    return await cmd.run(experiments.stop_experiment, wanted, answer=EXPERIMENT_ANSWER, on=experiment_id)


@router.get("/v1/experiments", response_model=ExperimentList)
async def list_experiments(q: Reading) -> Response:
    """List the experiments of the ledger, newest first."""
    require_all_entities(q.caller.entities, BacktestOfAllEntities)
    async with q.view(MODEL) as view:
        ids = [row.experiment_id for row in await experiment_rows(view.conn, view.schema)]
        time = view.time
    streams = await q.ledger.read_streams(q.caller.ledger, ids, upto=time.position)
    states = [EXPERIMENT.fold_as_of(streams.get(each, ()), time.as_of) for each in reversed(ids)]
    shown = [ExperimentOut.of(state).model_dump(mode="json") for state in states if state.started is not None]
    return q.respond({"data": shown, "next_cursor": None} | time.echo())


@router.get("/v1/experiments/{id}", response_model=ExperimentWithResult)
async def get_experiment(experiment_id: ExperimentPath, q: Reading) -> Response:
    """Get an experiment with its effect: what the customers of both arms did, and how sure the difference is."""
    require_all_entities(q.caller.entities, BacktestOfAllEntities)
    async with q.view(MODEL) as view:
        events = await q.ledger.read_stream(q.caller.ledger, experiment_id, upto=view.time.position)
        state = EXPERIMENT.fold_as_of(events, view.time.as_of)
        if state.started is None:
            raise ExperimentNotFound(experiment_id)
        customers = await trial_customers(view, q.ledger, q.caller.ledger, experiment_id)
        window = Window(state.started_on, state.stopped_on or date.max, view.time.as_of)
        result = ExperimentResultOut.of(outcome_of(customers, window, state.started.sample))
        shown: dict[str, Any] = ExperimentOut.of(state).model_dump(mode="json")
        return q.respond(shown | {"result": result.model_dump(mode="json")} | view.echo())
