"""Random questions about random histories, and the groups that customers are in by what the events assign."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from encours.ledger.stored import StoredEvent
from encours.reading.moment import TimeTravel, View
from reporting_svc.read_models.receivables.groups import with_collectors
from reporting_svc.read_models.receivables.scope import Scope
from tests.integration import naive_money, naive_owners, naive_portfolios
from tests.integration.insurance_acts import insure
from tests.integration.money_acts import EVERY_ACT, lose
from tests.integration.receivable_histories import (
    CUSTOMERS,
    DAY_0,
    ENTITY,
    NEWER,
    Books,
    Expected,
    customer_of,
    history,
    issue,
    pay,
    replay,
)
from tests.integration.store import Store

FILTERS = ("entity_id", "customer_id", "salesperson", "segment", "collector")


@dataclass(frozen=True)
class Question:
    """Dates and filter. ``known_to`` None asks for all that is known."""

    as_of: date
    known_to: int | None
    scope: Scope
    customers: frozenset[str]

    def view(self, store: Store, head: int) -> View:
        time = TimeTravel(self.as_of, self.known_to or head, None, self.known_to is None)
        return View(store.conn, "live", time, granted=None)

    def has(self, customer: str, log: list[StoredEvent]) -> dict[str, str | None]:
        """Segment, salesperson and collector of a customer on the day, as it was known."""
        dates = self.as_of, self.known(log)
        owned = {"customer_id": customer, "collector": naive_owners.owner(customer, log, *dates)}
        return naive_portfolios.portfolio(customer, log, *dates) | owned

    def known(self, log: list[StoredEvent]) -> int:
        return len(log) if self.known_to is None else self.known_to

    def sold(self, log: list[StoredEvent]) -> Iterator[tuple[date, int]]:
        return naive_money.sold(log[: self.known(log)], self.as_of, self.scope.currency, self.customers)

    def expected(self, log: list[StoredEvent], day: date) -> dict[str, Expected]:
        found = replay(log, day, self.known(log))
        return {c: e for (c, of), e in found.items() if of == self.scope.currency and c in self.customers}


def settle(b: Books, n: int, day: date, amount: int) -> None:
    """A payment of what is open of a customer's oldest invoice, or of half of it."""
    customer = customer_of(n)
    owed = (left for each, left in b.open.items() if left > 0 and b.owner[each] == (customer, "EUR"))
    if left := next(owed, 0):
        known_and_put_on_it = dict(zip(CUSTOMERS, (2, 1, NEWER + 2, NEWER + 5), strict=True))
        pay(b, known_and_put_on_it[customer], day, left if n % 3 else (left + 1) // 2)


def random_history(chance: random.Random, neat: int = 0) -> Books:
    """``neat``: acts before the others by customers that nearly always pay what they owe, or never will. Others come
    only after these.
    """
    tidy = [
        (
            chance.choice([*[issue, settle] * 3, lose]),
            chance.randrange(NEWER),
            n - 40,
            chance.randrange(1, 50) * 1000,
        )
        for n in range(neat)
    ]
    acts = [
        (
            chance.choice([*EVERY_ACT, *[naive_owners.employ, insure, naive_portfolios.amend] * 2]),
            chance.randrange(1000),
            chance.randrange(-40, 60),
            chance.randrange(1, 50) * 1000,
        )
        for _ in range(chance.randrange(10, 90))
    ]
    return history([*tidy, *acts])


def ask(store: Store, chance: random.Random, books: Books, filters: tuple[str, ...] = FILTERS) -> Question:
    known_to = chance.choice([None, chance.choice(books.ends), chance.choice(books.ends)])
    day = DAY_0 + timedelta(days=chance.randrange(-60, 400))
    wanted = {
        "entity_id": ENTITY, "customer_id": chance.choice(CUSTOMERS), "salesperson": f"sales-{chance.choice('1234')}",
        "segment": chance.choice("AB"), "collector": "ann",
    }  # fmt: skip
    chosen = {name: wanted[name] for name in chance.sample(filters, chance.randrange(3))}
    scope = Scope(currency=chance.choice(["EUR", "EUR", "USD"]), **chosen)  # type: ignore[arg-type]
    asked = Question(day, known_to, scope, frozenset({"", *CUSTOMERS}))
    for name in chosen.keys() - {"entity_id"}:
        mine = (each for each in asked.customers - {""} if asked.has(each, books.log)[name] == chosen[name])
        asked = replace(asked, customers=frozenset(mine))
    view = asked.view(store, len(books.log))
    return replace(asked, scope=store.run(with_collectors(view, scope, None)))


def group_of(by: str, customer: str, asked: Question, log: list[StoredEvent]) -> str | None:
    """The group of a customer by what was assigned to it until the day."""
    if by == "entity" or not customer:
        return ENTITY if by == "entity" else None
    if by in ("collector", "segment", "salesperson"):
        return asked.has(customer, log)[by]
    if by == "customer":
        return customer
    if by.startswith("field:"):
        return naive_portfolios.channel(customer, log, asked.as_of, asked.known(log))
    dated: list[tuple[date, int, str | None]] = []
    for event in log[: asked.known(log)]:
        data: Any = event.recorded().data
        if event.stream == customer and event.type == "customer.roles_assigned":
            dated.append((data.valid_from, event.position, getattr(data, f"{by}_id")))
    begun = [each for each in dated if each[0] <= asked.as_of]
    return max(begun, key=lambda each: each[:2], default=(None, 0, None))[2] or customer
