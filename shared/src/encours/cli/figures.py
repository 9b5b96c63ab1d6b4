"""Figures of a ledger from the services' APIs, as `encours demo` prints them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from encours.cli.api import Api
from encours.cli.common import out, table
from encours.kernel.money import format_amount, parse_amount

_MAX_PAGES = 200
_SCORE_STEP = 20


def figures(api: Api) -> dict[str, Any]:
    """Return ageing, DSO, reminders by step and outcome, risk by score, and orders on credit, at the ledger's date.

    The decisions on credit of the whole history are taken again, and those that differ are counted.
    """
    aged = api.get("reporting", "/v1/aged-balance", limit=1)
    dso = api.get("reporting", "/v1/dso")
    reminders = list(_all(api, "dunning", "/v1/reminders"))
    tasks = list(_all(api, "dunning", "/v1/tasks"))
    customers = [entry for entry in _all(api, "risk", "/v1/customers") if entry["components"]]
    return {
        "as_of": aged["as_of"],
        "position": aged["position"],
        "currency": aged["currency"],
        "ageing": {
            "customers": aged["totals"]["customers"],
            "bands": {band: money["amount"] for band, money in aged["totals"]["bands"].items()},
            **{
                name: aged["totals"][name]["amount"]
                for name in ("outstanding", "overdue", "disputed", "unapplied")
            },
            "tie_out": aged["tie_out"]["equal"],
        },
        "dso": {
            "simple_days": dso["simple"]["days"],
            "countback_days": dso["countback"]["days"],
            "best_possible_days": dso["best_possible"]["days"],
        },
        "reminders": _reminders(reminders, tasks),
        "risk": _risk(customers),
        "credit": _credit(
            list(_all(api, "risk", "/v1/reservations")),
            api.work("risk", "/v1/decisions/reperform", {"from": "1970-01-01", "to": aged["as_of"]}),
        ),
    }


def show(found: dict[str, Any]) -> None:
    """Print the figures as tables."""
    ageing, dso, risk = found["ageing"], found["dso"], found["risk"]
    currency = found["currency"]
    out.print(f"\n[bold]Demo on {found['as_of']}[/bold], {found['position']} events, amounts in {currency}\n")
    bands = list(ageing["bands"])
    totals = ("outstanding", "overdue", "disputed", "unapplied")
    cells = [*(ageing["bands"][band] for band in bands), *(ageing[name] for name in totals)]
    title = f"Aged balance of {ageing['customers']} customers"
    table(title, (*bands, *totals), [cells], right=(*bands, *totals))
    out.print(f"sum of bands = open items = ledger: {'yes' if ageing['tie_out'] else 'NO'}\n")
    days = ("simple", "countback", "best possible")
    values = (dso["simple_days"], dso["countback_days"], dso["best_possible_days"])
    table("DSO in days", days, [values], right=days)
    columns: tuple[str, ...] = ("step", "channel", "status", "count")
    table(
        "\nReminders and calls",
        columns,
        ([row[name] for name in columns] for row in found["reminders"]),
        right=("count",),
    )
    columns = ("score", "customers", "exposure")
    rows = ([row[name] for name in columns] for row in risk["by_score"])
    table("\nRisk: payment behaviour (100 pays on time)", columns, rows, right=columns)
    columns = ("customer", "score", "exposure", "overdue", "oldest_days_past_due")
    rows = ([row[name] for name in columns] for row in risk["largest_overdue"])
    table("\nLargest overdue", columns, rows, right=columns[1:])
    columns = ("decision", "status", "orders", "amount")
    credit = found["credit"]
    rows = ([row[name] for name in columns] for row in credit["orders"])
    table("\nOrders on credit", columns, rows, right=columns[2:])
    out.print(f"decisions on credit taken again: {credit['decisions']}, equal: {credit['equal']}")
    out.print()


def _all(api: Api, service: str, path: str) -> Iterator[dict[str, Any]]:
    """Iterate over all entries of a list, page by page."""
    cursor: str | None = None
    for _ in range(_MAX_PAGES):
        page = api.get(service, path, limit=500, cursor=cursor)
        yield from page["data"]
        cursor = page.get("next_cursor")
        if cursor is None:
            return


def _reminders(reminders: list[dict[str, Any]], tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    counts = Counter((entry["step"], entry["channel"], entry["status"]) for entry in reminders)
    counts.update((entry["step"], entry["kind"], entry["status"]) for entry in tasks)
    return [
        {"step": step, "channel": channel, "status": status, "count": count}
        for (step, channel, status), count in sorted(
            counts.items(), key=lambda item: (_days(item[0][0]), item[0])
        )
    ]


def _days(step: str) -> int:
    """Return the days of a step, 15 for `J+15`: the order of the ladder."""
    digits = step.removeprefix("J")
    return int(digits) if digits.lstrip("+-").isdigit() else 0


def _risk(customers: list[dict[str, Any]]) -> dict[str, Any]:
    """Return customers and exposure by score, and the customers with most overdue. Amounts are in minor units."""
    bands: dict[str, list[int]] = {}
    for customer in sorted(customers, key=lambda entry: -1 if entry["score"] is None else entry["score"]):
        band = bands.setdefault(_band(customer["score"]), [0, 0])
        band[0] += 1
        band[1] += _minor(customer["components"]["total"])
    worst = sorted(customers, key=lambda entry: -_minor(entry["components"]["overdue"]))[:5]
    currency = customers[0]["currency"] if customers else "EUR"
    return {
        "by_score": [
            {"score": label, "customers": count, "exposure": format_amount(minor, currency)}
            for label, (count, minor) in bands.items()
        ],
        "largest_overdue": [
            {
                "customer": entry["name"],
                "score": entry["score"],
                "exposure": entry["components"]["total"]["amount"],
                "overdue": entry["components"]["overdue"]["amount"],
                "oldest_days_past_due": entry["components"]["oldest_days_past_due"],
            }
            for entry in worst
        ],
    }


def _credit(orders: list[dict[str, Any]], again: dict[str, Any]) -> dict[str, Any]:
    """Return orders by decision and what became of them, and how many decisions the ledger yields again."""
    sums: dict[tuple[str, str], list[int]] = {}
    for order in orders:
        found = sums.setdefault((order["decision"], order["status"]), [0, 0])
        found[0] += 1
        found[1] += _minor(order["amount"])
    currency = orders[0]["amount"]["currency"] if orders else "EUR"
    return {
        "orders": [
            {
                "decision": decision,
                "status": status,
                "orders": count,
                "amount": format_amount(minor, currency),
            }
            for (decision, status), (count, minor) in sorted(sums.items())
        ],
        "decisions": again["decisions"],
        "equal": again["equal"],
    }


def _band(score: int | None) -> str:
    if score is None:
        return "no history"
    low = min(score // _SCORE_STEP * _SCORE_STEP, 100 - _SCORE_STEP)
    return f"{low}-{low + _SCORE_STEP - (low + _SCORE_STEP < 100)}"


def _minor(money: dict[str, str]) -> int:
    return parse_amount(money["amount"], money["currency"])
