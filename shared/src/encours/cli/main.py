"""The `encours` command: run an installation, look after it, move data in and out.

Exit codes: 0 done · 1 done, and the answer is no (a difference, a failed job) · 2 wrong usage · 3 something does not
answer · 4 a service refused · 5 another `encours up` owns the folder.

Environment: ENCOURS_VAR_DIR (a local installation's files), ENCOURS_DATABASE_URL / ENCOURS_NATS_URL / ENCOURS_SMTP_URL
(servers that exist), ENCOURS_URL_INVOICE … ENCOURS_URL_REPORTING and ENCOURS_API_KEY (an installation elsewhere).
"""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from encours.cli.common import CliError, Exit, err
from encours.embedded.process import StartFailed

# Name on the command line: module, and its function or (None) its group of commands.
COMMANDS: dict[str, tuple[str, str | None]] = {
    "up": ("up", "up"),
    "down": ("up", "down"),
    "status": ("status", "status"),
    "doctor": ("doctor", "doctor"),
    "demo": ("demo", "demo"),
    "import": ("imports", "import_file"),
    "clock": ("clock", None),
    "events": ("events", None),
    "ledger": ("ledgers", None),
    "keys": ("keys", None),
    "rebuild": ("rebuild", "rebuild"),
    "replay": ("replay", "replay"),
    "risk": ("risk", None),
    "verify": ("verify", "verify"),
    "audit": ("audit.sql", None),
    "migrate": ("migrate", "migrate"),
    "backup": ("backup", "backup"),
    "restore": ("backup", "restore"),
}


def build(wanted: str | None = None) -> typer.Typer:
    """Return the command line; with `wanted`, import that command alone: imports take most of the time."""
    app = typer.Typer(
        name="encours",
        help=__doc__,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(lambda: None)
    for name, (module, function) in COMMANDS.items():
        if wanted in COMMANDS and name != wanted:
            continue
        found = import_module(f"encours.cli.{module}")
        if function is None:
            app.add_typer(found.app, name=name)
        else:
            app.command(name)(getattr(found, function))
    return app


def main() -> None:
    """Run the command: expected errors end with a message and their exit code, without a traceback."""
    try:
        build(sys.argv[1] if len(sys.argv) > 1 else None)()
    except CliError as error:
        err.print(str(error), style="red", markup=False)
        sys.exit(error.code)
    except StartFailed as failed:
        err.print(str(failed), style="red", markup=False)
        sys.exit(Exit.UNREACHABLE)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(Exit.OK)
