"""The `encours` command: run an installation, look after it, move data in and out.

Exit codes: 0 done · 1 done, and the answer is no (a difference, a failed job) · 2 wrong usage · 3 something does not
answer · 4 a service refused · 5 another `encours up` owns the folder.

Environment: ENCOURS_VAR_DIR (a local installation's files), ENCOURS_DATABASE_URL / ENCOURS_NATS_URL / ENCOURS_SMTP_URL
(servers that exist), ENCOURS_URL_INVOICE … ENCOURS_URL_REPORTING and ENCOURS_API_KEY (an installation elsewhere).
"""

from __future__ import annotations

import sys

import typer

from encours.cli import clock, demo, doctor, events, imports, keys, ledgers, migrate, rebuild, status, up
from encours.cli.common import CliError, Exit, err

app = typer.Typer(
    name="encours",
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.command("up")(up.up)
app.command("down")(up.down)
app.command("status")(status.status)
app.command("doctor")(doctor.doctor)
app.command("rebuild")(rebuild.rebuild)
app.command("verify")(rebuild.verify)
app.command("migrate")(migrate.migrate)
app.command("import")(imports.import_file)
app.command("demo")(demo.demo)
app.add_typer(keys.app, name="keys")
app.add_typer(ledgers.app, name="ledger")
app.add_typer(events.app, name="events")
app.add_typer(clock.app, name="clock")


def main() -> None:
    """Entry point: errors that were foreseen end with one message and their code, never with a traceback."""
    try:
        app()
    except CliError as error:
        err.print(str(error), style="red", markup=False)
        sys.exit(error.code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(Exit.OK)
