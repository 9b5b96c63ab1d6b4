"""Commands on experiments, and what the run of a day does for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import structlog

from dunning_svc.domain.experiment import decide
from dunning_svc.domain.experiment.commands import StartExperiment, StopExperiment
from dunning_svc.domain.experiment.decide import DisputeCounts
from dunning_svc.domain.experiment.state import ASSIGNMENT, EXPERIMENT
from dunning_svc.domain.ladder.state import Case
from dunning_svc.domain.policy.arms import assignment_id
from dunning_svc.domain.policy.choice import Policies
from dunning_svc.domain.policy.decide import require_backtest, require_version
from dunning_svc.domain.policy.policy import Policy, ladder_of
from dunning_svc.domain.policy.shipped import DEFAULT_ID, DEFAULT_POLICY
from dunning_svc.domain.policy.state import POLICY
from dunning_svc.read_models.cases.fold.experiments import experiment_rows
from dunning_svc.read_models.cases.trials import baseline_of, disputes_in, other_experiments
from dunning_svc.use_cases.policies import load_policy
from dunning_svc.use_cases.templates import LEDGER_WIDE
from encours.contracts import Recorded
from encours.contracts.actors import DUNNING
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.dunning.experiment import ExperimentCustomerAssigned
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import Result, derived
from encours.ledger.execute import execute
from encours.ledger.session import Session
from encours.projection.read_model import Conn
from encours.reading.read_db import ReadDb

log = structlog.get_logger()


async def start_experiment(session: Session, command: StartExperiment, ledger: Ledger, db: ReadDb) -> Result:
    """Start an experiment."""
    state = await load_policy(session, command.challenger_id)
    require_version(state, command.challenger_version, "/challenger_version")
    version = command.challenger_version
    require_backtest(state, version, command.backtest_id, command.without_backtest, session.today)
    challenger = ladder_of(command.challenger_id, version, state.versions[version - 1].document)
    name = session.meta.ledger
    both = [command.champion_id, command.challenger_id]
    others = await session.ask(other_experiments, ledger, db, name, both)
    past = await session.ask(baseline_of, db, name, command.measure, command.horizon_days, session.today)
    champion = await _in_force(session, command.champion_id)
    event = decide.start(command, champion, challenger, others, past)
    session.begin(event.experiment_id)
    session.emit(event.experiment_id, event, entity=LEDGER_WIDE)
    return session.result(event.experiment_id)


async def _in_force(session: Session, policy_id: str) -> Policy | None:
    """Return the version of a policy that is in force."""
    if policy_id == DEFAULT_ID:
        return DEFAULT_POLICY
    state = await session.get(POLICY, policy_id)
    document = state.in_force()
    if document is None or state.activation is None:
        return None
    return ladder_of(policy_id, state.activation.version, document)


async def stop_experiment(session: Session, command: StopExperiment) -> Result:
    """End an experiment."""
    state = await session.get(EXPERIMENT, command.experiment_id)
    for event in decide.stop(state, command):
        session.emit(command.experiment_id, event, entity=LEDGER_WIDE)
    return session.result(command.experiment_id)


async def _watch(session: Session, experiment_id: str, seen: DisputeCounts) -> None:
    state = await session.get(EXPERIMENT, experiment_id)
    for event in decide.watch(state, seen):
        session.emit(experiment_id, event, entity=LEDGER_WIDE)


async def _assign(session: Session, event: ExperimentCustomerAssigned, entity_id: str) -> None:
    stream = assignment_id(event.experiment_id, event.customer_id)
    if (await session.load(ASSIGNMENT, stream)).assigned is None:
        session.emit(stream, event, entity=entity_id)


async def watch_experiments(ledger: Ledger, e: Recorded, conn: Conn, schema: str) -> None:
    """End experiments whose challenger brings too many disputes, as a day is opened: from the next run on."""
    assert isinstance(e.data, DayOpened)
    for row in await experiment_rows(conn, schema):
        if row.stopped_on is None:
            seen = await disputes_in(conn, schema, row.experiment_id, e.data.day)
            key = derived_uuid("dunning experiment watched", e.ledger, e.event_id, row.experiment_id)
            meta = derived(e.ledger, key, actor=DUNNING, today=e.data.day, because_of=e)
            await execute(ledger, meta, _watch, row.experiment_id, seen)


async def assign_customers(ledger: Ledger, e: Recorded, cases: Iterable[Case], policies: Policies) -> None:
    """Record the arms of customers that come under an experiment on a day, before anything is decided."""
    assert isinstance(e.data, DayOpened)
    for event, entity_id in new_assignments(cases, policies, e.data.day):
        key = derived_uuid("dunning assignment", e.ledger, event.experiment_id, event.customer_id)
        meta = derived(e.ledger, key, actor=DUNNING, today=e.data.day, because_of=e)
        await execute(ledger, meta, _assign, event, entity_id)


def new_assignments(
    cases: Iterable[Case], policies: Policies, day: date
) -> list[tuple[ExperimentCustomerAssigned, str]]:
    """Return the assignments of customers with a case under an experiment who have none of it, with the creditor.

    Every case that the run looks at counts, whether it is decided or not: so entering an experiment does not depend on
    the arm. A customer about whom nothing can be decided is left out: the run raises a task about it.
    """
    found: dict[tuple[str, str], tuple[ExperimentCustomerAssigned, str]] = {}
    for case in cases if policies.experiments else ():
        try:
            event = _new_assignment(case, policies, day)
        except Exception:  # whatever the fault is, the other customers are served
            log.exception("experiment.customer_left_out", customer_id=case.customer_id)
            continue
        if event is not None:
            found[event.experiment_id, case.customer_id] = event, case.entity_id
    return list(found.values())


def _new_assignment(case: Case, policies: Policies, day: date) -> ExperimentCustomerAssigned | None:
    assert case.standing is not None
    profile = case.standing.profile
    chosen = policies.apply(profile, day)
    if chosen.experiment_id is None or chosen.arm is None:
        return None
    if any(each.experiment_id == chosen.experiment_id for each in profile.assigned):
        return None
    return ExperimentCustomerAssigned(
        experiment_id=chosen.experiment_id, customer_id=case.customer_id, arm=chosen.arm, day=day
    )
