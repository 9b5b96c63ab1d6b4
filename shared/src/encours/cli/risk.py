"""`encours risk`: the payment model of a ledger, fitted to its own history."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from encours.cli.api import Api
from encours.cli.common import AsJson, installation, out, print_json, table

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)

Ledger = Annotated[str | None, typer.Option("--ledger", help="A ledger; the key's default one if not given.")]
_PATH = "/v1/score-models"


Model = Annotated[
    Literal["plain", "boosted"],
    typer.Option("--model", help="boosted: with trees; to fit it, risk-svc needs scikit-learn."),
]


@app.command("fit")
def fit(model: Model = "plain", ledger: Ledger = None, as_json: AsJson = False) -> None:
    """Fit a version of the payment model to the whole history. It is not in use before it is activated.

    Refused while the history is too short: the active model stays in use.
    """
    with Api(installation(), ledger) as api:
        answer = api.work("risk", _PATH, {"kind": model})
    if as_json:
        print_json(answer)
        return
    fitted = answer["data"][-1]
    out.print(
        f"Version {fitted['version']}, {fitted['kind']}, fitted to {_history(fitted['calibration'])}",
        markup=False,
    )
    _report(fitted["calibration"])
    out.print(
        f"In use: {answer['active']}. POST {_PATH}/{fitted['version']}/activate with a reason puts this one in use.",
        markup=False,
    )


@app.command("models")
def models(ledger: Ledger = None, as_json: AsJson = False) -> None:
    """List the versions of the payment model."""
    with Api(installation(), ledger) as api:
        answer = api.get("risk", _PATH)
    if as_json:
        print_json(answer)
        return
    rows = [
        (
            each["version"],
            each["kind"],
            "in use" if each["active"] else "",
            _history(each["calibration"]) if each["calibration"] else "shipped with Encours",
        )
        for each in answer["data"]
    ]
    table("Payment models", ("version", "kind", "state", "history"), rows)


def _history(calibration: dict[str, Any]) -> str:
    return (
        f"{calibration['invoices']:,} invoices of {calibration['customers']:,} customers, "
        f"issued {calibration['first_issued_on']} to {calibration['last_issued_on']}, "
        f"as known on {calibration['on']} at position {calibration['position']}"
    )


def _report(calibration: dict[str, Any]) -> None:
    columns = ("forecast", "AUC", "Brier", "mean error, days", "coverage of 80 %", "width, days")
    rows = [
        (
            each["forecast"],
            f"{each['auc']:.3f}",
            f"{each['brier']:.3f}",
            f"{each['mean_error_days']:.2f}",
            f"{100 * each['coverage']:.1f} %",
            f"{each['width_days']:.1f}",
        )
        for each in calibration["quality"]
    ]
    title = f"{calibration['held_out']:,} invoices held out, issued from {calibration['held_out_from']}"
    table(title, columns, rows, right=columns[1:])
    bins = ("invoices", "forecast", "late", "95 of 100 samples")
    of_bins = [
        (
            f"{each['invoices']:,}",
            f"{100 * each['forecast']:.1f} %",
            f"{100 * each['late']:.1f} %",
            f"{100 * each['low']:.1f} to {100 * each['high']:.1f} %",
        )
        for each in calibration["bins"]
    ]
    table("Forecast and observed share of late invoices", bins, of_bins, right=bins)
