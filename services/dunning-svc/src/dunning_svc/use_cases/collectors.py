"""Commands on collectors, and the assignment of tasks and customers to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import date

from msgspec import field

from dunning_svc.domain.collector import decide
from dunning_svc.domain.collector.commands import (
    AssignTask,
    DefineCollector,
    Rebalance,
    SetTarget,
    collector_id,
)
from dunning_svc.domain.collector.rebalance import Burden, Load, loads, moves
from dunning_svc.domain.collector.state import COLLECTOR
from dunning_svc.domain.task.state import TASK
from dunning_svc.read_models.collectors.burdens import Burdens
from dunning_svc.use_cases.templates import LEDGER_WIDE
from encours.contracts.events.dunning.collectors import CustomersAssigned
from encours.ledger.command import Result
from encours.ledger.session import Session

_CUSTOMERS_MAX = 1_000
"""Most customers in one event."""
BurdensOn = Callable[[Rebalance, date], Awaitable[Burdens]]


class RebalanceResult(Result, frozen=True, kw_only=True):
    """Customers that moved, as they were before (customer, collector, size), with their new collectors.

    ``held``: what each collector looked after. Results that were stored before it was kept have all customers in
    ``burdens`` instead.
    """

    valid_from: date
    burdens: tuple[tuple[str, str, int], ...]
    moved: dict[str, str]
    held: dict[str, Load] = field(default_factory=dict)

    def before(self, collectors: Iterable[str]) -> dict[str, Load]:
        """Return what each of the collectors looked after."""
        return self.held or loads([Burden(*each) for each in self.burdens], dict.fromkeys(collectors))


async def define_collector(session: Session, command: DefineCollector) -> Result:
    """Put a collector's record in force from a day on."""
    for code in command.others:
        if code != command.code:
            await session.get(COLLECTOR, collector_id(code))
    stream = collector_id(command.code)
    state = await session.load(COLLECTOR, stream)
    for event in decide.define(state, command, session.today):
        session.emit(stream, event, entity=LEDGER_WIDE)
    return session.result(stream)


async def set_target(session: Session, command: SetTarget) -> Result:
    """Set a cash target of a collector for a month."""
    stream = collector_id(command.code)
    state = await session.get(COLLECTOR, stream)
    for event in decide.set_target(state, command, session.today):
        session.emit(stream, event, entity=LEDGER_WIDE)
    return session.result(stream)


async def assign_task(session: Session, command: AssignTask) -> Result:
    """Give a task to a collector, or back to the customer's."""
    state = await session.get(TASK, command.task_id)
    if command.owner is not None:
        await session.get(COLLECTOR, collector_id(command.owner))
    for event in decide.assign(state, command):
        session.emit(command.task_id, event, entity=state.entity_id)
    return session.result(command.task_id)


async def rebalance(session: Session, command: Rebalance, burdens_on: BurdensOn) -> RebalanceResult:
    """Move customers between collectors until each has its share."""
    result = await session.ask(preview_rebalance, command, burdens_on, session.today)
    for code in sorted(set(result.moved.values())):
        stream = collector_id(code)
        await session.get(COLLECTOR, stream)
        customers = sorted(customer_id for customer_id, to in result.moved.items() if to == code)
        for start in range(0, len(customers), _CUSTOMERS_MAX):
            event = CustomersAssigned(
                collector_id=stream,
                collector_code=code,
                valid_from=result.valid_from,
                customer_ids=tuple(customers[start : start + _CUSTOMERS_MAX]),
                cause=command.cause,
            )
            session.emit(stream, event, entity=LEDGER_WIDE)
    return result


async def preview_rebalance(command: Rebalance, burdens_on: BurdensOn, today: date) -> RebalanceResult:
    """Return what a rebalancing would move. Records nothing."""
    valid_from = command.valid_from or today
    decide.require_coming(valid_from, today)
    found = await burdens_on(command, valid_from)
    moved = moves(found.burdens, found.weights)
    return RebalanceResult(
        id=collector_id(command.collectors[0]),
        as_of=today,
        valid_from=valid_from,
        burdens=tuple(
            (each.customer_id, each.collector, each.size)
            for each in found.burdens
            if each.customer_id in moved
        ),
        moved=moved,
        held=loads(found.burdens, found.weights),
    )
