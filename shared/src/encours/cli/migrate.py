"""`encours migrate`: databases, roles, first ledgers and the admin key on a server that exists."""

from __future__ import annotations

from encours.cli.common import AsJson, CliError, Exit, LocalInstallation, installation, out, print_json
from encours.cli.database import run_with_database
from encours.embedded.secrets import SERVICES, load_secrets
from encours.embedded.setup import prepare_databases


def migrate(as_json: AsJson = False) -> None:
    """Bring the server of ENCOURS_DATABASE_URL to the state that this version needs. Idempotent.

    Passwords of the services' roles come from ENCOURS_PASSWORD_INVOICE … ENCOURS_PASSWORD_REPORTING, else from
    var/secrets.json. With ENCOURS_PASSWORD_AUDITOR too, an auditor can log in as encours_auditor. Services may continue
    to run.
    """
    here = installation()
    here.create_files()
    passwords = _passwords(here)
    new_key = run_with_database(
        here, here.admin_url, lambda url: prepare_databases(url, passwords, here.layout)
    )
    if as_json:
        print_json({"migrated": True, "admin_key": new_key})
    elif new_key:
        out.print(f"admin key {new_key}\nshown this once; kept in {here.layout.admin_key}")


def _passwords(here: LocalInstallation) -> dict[str, str]:
    given = {service: getattr(here.settings, f"password_{service}") for service in SERVICES}
    if not any(given.values()):
        return load_secrets(here.layout).roles
    if missing := [service for service, value in given.items() if value is None]:
        raise CliError(f"ENCOURS_PASSWORD_{missing[0].upper()} is missing: give all four or none", Exit.USAGE)
    if here.settings.password_auditor is not None:
        given["auditor"] = here.settings.password_auditor
    return {f"encours_{name}": value.get_secret_value() for name, value in given.items()}
