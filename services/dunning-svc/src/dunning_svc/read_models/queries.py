"""What the API asks of the read model, at any date and position.

Rows keep the position and date of their one outcome, so an answer for the past shows the row as it was then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol


class Moment(Protocol):
    """The two dates of a question."""

    @property
    def as_of(self) -> date: ...
    @property
    def position(self) -> int: ...


class Paged(Protocol):
    """One page of a list."""

    @property
    def fetch(self) -> int: ...
    def order_by(self) -> str: ...
    def after(self, first_argument: int = 1) -> tuple[str, list[Any]]: ...


class _Where:
    """Conditions with their arguments, numbered as they come. ``$1`` is the position, ``$2`` the business date."""

    def __init__(self, time: Moment) -> None:
        self.arguments: list[Any] = [time.position, time.as_of]
        self.parts: list[str] = []

    def add(self, condition: str, value: Any) -> None:
        """A condition with ``{}`` for its argument; nothing when there is no value."""
        if value is not None:
            self.arguments.append(value)
            self.parts.append(condition.format(f"${len(self.arguments)}"))

    def page(self, sql: str, page: Paged | None) -> tuple[str, list[Any]]:
        """The whole query."""
        if page is None:
            return sql, self.arguments
        after, more = page.after(len(self.arguments) + 1)
        where = " and ".join([*self.parts, after])
        return f"{sql} where {where} {page.order_by()} limit {page.fetch}", [*self.arguments, *more]


_REMINDER = """select * from (
  select reminder_id, decision_id, customer_id, entity_id, day, channel, step, template, language, currency,
         amount_minor, credit_minor, invoice_ids, position,
         case when known then status else 'requested' end as status,
         case when known then cause end as cause, case when known then message_id end as message_id,
         case when known then evidence end as evidence, case when known then outcome_on end as outcome_on,
         case when known and outcome_position > position then 2 else 1 end as version
    from (select *, coalesce(outcome_position <= $1 and outcome_on <= $2, false) as known from {schema}.reminder
           where position <= $1 and day <= $2) r) r"""

_TASK = """select * from (
  select task_id, decision_id, customer_id, entity_id, day, kind, step, currency, amount_minor, invoice_ids, position,
         case when known then 'completed' else 'open' end as status, case when known then outcome end as outcome,
         case when known then text end as text, case when known then completed_on end as completed_on
    from (select *, coalesce(completed_position <= $1 and completed_on <= $2, false) as known from {schema}.task
           where position <= $1 and day <= $2) t) t"""

_RUN = """select * from (
  select day, position, late, case when known then 'completed' else 'open' end as status,
         case when known then requested else 0 end as requested,
         case when known then suppressed else 0 end as suppressed,
         case when known then tasks else 0 end as tasks, case when known then pending else 0 end as pending
    from (select *, coalesce(completed_position <= $1 and completed_on <= $2, false) as known from {schema}.run
           where position <= $1 and day <= $2) u) u"""


def reminders_sql(
    schema: str,
    time: Moment,
    page: Paged | None,
    *,
    entities: Sequence[str] | None,
    customer_id: str | None,
    invoice_id: str | None,
    status: str | None,
) -> tuple[str, list[Any]]:
    """Reminders as they were known; without a page, the bare query."""
    where = _Where(time)
    where.add("entity_id = any({})", None if entities is None else list(entities))
    where.add("customer_id = {}", customer_id)
    where.add("invoice_ids @> array[{}::text]", invoice_id)
    where.add("status = {}", status)
    return where.page(_REMINDER.format(schema=schema), page)


def tasks_sql(
    schema: str,
    time: Moment,
    page: Paged,
    *,
    entities: Sequence[str] | None,
    customer_id: str | None,
    status: str | None,
) -> tuple[str, list[Any]]:
    """Tasks as they were known."""
    where = _Where(time)
    where.add("entity_id = any({})", None if entities is None else list(entities))
    where.add("customer_id = {}", customer_id)
    where.add("status = {}", status)
    return where.page(_TASK.format(schema=schema), page)


def runs_sql(schema: str, time: Moment, page: Paged) -> tuple[str, list[Any]]:
    """Runs as they were known."""
    return _Where(time).page(_RUN.format(schema=schema), page)


def customers_sql(
    schema: str, time: Moment, page: Paged, *, entities: Sequence[str] | None, customer_id: str | None
) -> tuple[str, list[Any]]:
    """Customers that had an invoice by then, each once: the candidates of a list of cases."""
    where = _Where(time)
    where.add("entity_id = any({})", None if entities is None else list(entities))
    where.add("customer_id = {}", customer_id)
    return where.page(
        f"""select * from (select customer_id, entity_id from {schema}.customer c where exists (
              select from {schema}.item i where i.customer_id = c.customer_id and i.issued_on <= $2
                 and split_part(i.events, ' ', 1)::bigint <= $1)) c""",
        page,
    )
