"""The process of one back-test: ``python -m risk_svc limit-backtest ID``, started by the worker.

It reads the orders from the ledger, page by page, and the figures of each from the rows of ``credit`` as they were just
before it. It ends when the back-test is cancelled, or when its worker has ended.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence

from encours.contracts import Recorded
from encours.contracts.parties import Merge
from encours.reading.merges import merges
from encours.service.long_work_process import LongWorkProcess, LongWorkRun
from encours.service.memory import peak_mib
from risk_svc.backtest.history import FOLLOWED, LINKING, OrderLinks, PastLedger, orders_in
from risk_svc.backtest.replay import PicturesThen, PolicyReplay, pictures_then
from risk_svc.backtest.results import BacktestWork, OrderSumming
from risk_svc.backtest.store import LimitBacktest, LimitBacktestStore
from risk_svc.domain.backtest.effect import OrderLine
from risk_svc.domain.backtest.judge import PastOrder
from risk_svc.domain.backtest.losses import InvoiceLoss, OrderOutcome, Secured, outcome
from risk_svc.domain.exposure import ExposureItem
from risk_svc.models import CREDIT, MODELS, NAME
from risk_svc.read_models.credit.past import net_amounts
from risk_svc.read_models.credit.query import pictures

EVENTS_AT_ONCE = 500
CUSTOMERS_AT_ONCE = 200
READERS = 3
"""Connections that read figures at the same time."""
BUILT_WITHIN_S = 60.0


class FiguresBehind(LookupError):
    """The read model has not reached the position of the back-test."""


class LimitBacktestRun(LongWorkRun[LimitBacktestStore, LimitBacktest]):
    """One run of a back-test, from its beginning to its result."""

    _events = _orders = _left_out = 0

    async def run(self) -> None:
        """Judge all orders, then look what became of each. Raises :class:`Abandoned`."""
        backtest = self._work
        if not await self._db.wait_for(CREDIT, backtest.ledger, backtest.position, timeout=BUILT_WITHIN_S):
            raise FiguresBehind(f"The figures have not reached position {backtest.position}.")
        links = OrderLinks()
        async for events in self._pages(LINKING):
            for e in events:
                links.add(e.data)
        async with self._db.snapshot(CREDIT, backtest.ledger) as (conn, schema, _):
            known = await merges(conn, schema)
        past = PastLedger(links)
        await self._judge(past, links, known)
        summing = OrderSumming(
            backtest.policy, backtest.first_on, backtest.last_on, backtest.position, backtest.asked_on
        )
        await self._settle(past, summing)
        measured = BacktestWork(
            events=self._events,
            orders=self._orders,
            seconds=round(time.monotonic() - self._started, 3),
            peak_mib=round(peak_mib(), 1),
        )
        self._go_on(await self._store.complete(backtest, summing.result(self._left_out, measured)))

    async def _pages(self, types: Iterable[str]) -> AsyncIterator[list[Recorded]]:
        """Yield the events of some types up to the position, page by page, the next page being read meanwhile."""
        backtest, wanted = self._work, frozenset(types)

        async def read(after: int) -> list[Recorded]:
            found = await self._ledger.read_types(backtest.ledger, wanted, after, EVENTS_AT_ONCE)
            return [e for e in found if e.position <= backtest.position]

        page = await read(0)
        while page:
            ahead = asyncio.create_task(read(page[-1].position))
            yield page
            page = await ahead

    async def _judge(self, past: PastLedger, links: OrderLinks, known: Sequence[Merge]) -> None:
        backtest = self._work
        replay = PolicyReplay(past, backtest.policy, known)
        async for events in self._pages(FOLLOWED):
            begun = list(orders_in(events, links, backtest.first_on, backtest.last_on))
            figures = await self._figures([order for _, order in begun if order is not None])
            lines: list[OrderLine] = []
            for e, order in begun:
                then = None if order is None else figures.get(order.order_id)
                lines += replay.apply(e, order, then)
            self._events += len(events)
            self._orders += len(lines)
            self._left_out += sum(order is not None for _, order in begun) - len(lines)
            self._go_on(await self._store.keep(backtest, lines, events[-1].position))

    async def _figures(self, orders: Sequence[PastOrder]) -> dict[str, PicturesThen]:
        holds = self._work.policy.holds
        promises = holds is not None and holds.broken_promises is not None
        found: dict[str, PicturesThen] = {}

        async def read(some: Sequence[PastOrder]) -> None:
            async with self._db.snapshot(CREDIT, self._work.ledger, generic_plans=True) as (
                conn,
                schema,
                _,
            ):
                for order in some:
                    then = await pictures_then(conn, schema, order, promises=promises)
                    if then is not None:
                        found[order.order_id] = then

        await asyncio.gather(*(read(orders[n::READERS]) for n in range(READERS) if orders[n::READERS]))
        return found

    async def _settle(self, past: PastLedger, summing: OrderSumming) -> None:
        backtest, after = self._work, ""
        while customers := await self._store.customers_after(backtest.id, after, CUSTOMERS_AT_ONCE):
            after = customers[-1]
            lines = await self._store.take(backtest.id, customers)
            await self._outcomes(past, lines)
            effects = summing.add(lines)
            self._go_on(await self._store.settle(backtest, customers, lines, effects))

    async def _outcomes(self, past: PastLedger, lines: Sequence[OrderLine]) -> None:
        """Set the outcome of each order; the guarantees of a customer cover its losses in the order of their days."""
        backtest = self._work
        customers = sorted({line.customer_id for line in lines})
        invoices = {line.order_id: _invoices(past, line) for line in lines}
        every = [each for own in invoices.values() for each in own]
        async with self._db.snapshot(CREDIT, backtest.ledger) as (conn, schema, _):
            now = await pictures(conn, schema, customers, as_of=backtest.asked_on, position=backtest.position)
            net = await net_amounts(conn, schema, every)
        items: dict[str, ExposureItem] = {
            item.invoice_id: item for picture in now.values() for item in picture.all_items()
        }
        secured = await self._secured(past, lines, invoices, net)
        for line in lines:
            own = [items[each] for each in invoices[line.order_id] if each in items]
            losses = [secured[each] for each in invoices[line.order_id] if each in secured]
            _set(line, outcome(own, losses, backtest.asked_on))
            if line.kind == "reservation":
                line.accepted = line.order_id in past.accepted

    async def _secured(
        self,
        past: PastLedger,
        lines: Sequence[OrderLine],
        invoices: dict[str, list[str]],
        net: dict[str, tuple[int | None, int]],
    ) -> dict[str, tuple[InvoiceLoss, Secured]]:
        losses = [
            (past.losses[each], line)
            for line in lines
            for each in invoices[line.order_id]
            if each in past.losses and past.losses[each].is_lost
        ]
        used: Counter[tuple[str, str]] = Counter()
        found: dict[str, tuple[InvoiceLoss, Secured]] = {}
        for loss, line in sorted(losses, key=lambda each: each[0].position):
            async with self._db.snapshot(CREDIT, self._work.ledger) as (conn, schema, _):
                seen = await pictures(
                    conn, schema, [line.customer_id], as_of=loss.day, position=loss.position - 1
                )
            picture = seen[line.customer_id]
            opened = next(
                (item.open_minor for _, item in picture.items if item.invoice_id == loss.invoice_id), 0
            )
            insured = sum(each.by_invoice.get(loss.invoice_id, 0) for each in picture.insured)
            key = picture.customer_id, line.currency
            guaranteed = picture.guaranteed.get(line.currency, 0) - used[key]
            net_minor, total_minor = net[loss.invoice_id]
            secured = Secured(net_minor, total_minor, opened, insured, max(0, guaranteed))
            used[key] += outcome((), [(loss, secured)], loss.day).guaranteed_minor
            found[loss.invoice_id] = loss, secured
        return found


PROCESS = LongWorkProcess(
    service=NAME,
    job="limit-backtest",
    models=MODELS,
    store=LimitBacktestStore,
    run=LimitBacktestRun,
    readers=READERS,
)


def _invoices(past: PastLedger, line: OrderLine) -> list[str]:
    own = [line.order_id] if line.kind == "invoice" else []
    return [*own, *past.invoices.get(line.order_id, ())]


def _set(line: OrderLine, found: OrderOutcome) -> None:
    line.outcome = found.kind
    line.days_late = found.days_late
    line.open_minor = found.open_minor
    line.written_off_minor = found.written_off_minor
    line.provisioned_minor = found.provisioned_minor
    line.vat_minor = found.vat_minor
    line.insured_minor = found.insured_minor
    line.guaranteed_minor = found.guaranteed_minor
    line.loss_minor = found.loss_minor
