"""The typed client, generated from the API documents and installed from its wheel, talks to services that run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import distributions, version
from pathlib import Path
from uuid import uuid4

from packaging.requirements import Requirement

from encours.embedded.secrets import SERVICES
from encours.testing.system import System
from encours.testing.waiting import HANG_S
from tests.client import PACKAGE
from tests.e2e.typed import Typed
from tests.e2e.world import World

PAGE = Path(__file__).parents[2] / "docs/client.md"


def test_the_wheel_holds_the_clients_of_all_services_and_names_what_it_needs(installed_client: Path) -> None:
    home = installed_client / PACKAGE
    assert {each.parent.name for each in home.glob("*/client.py")} == set(SERVICES)
    assert (home / "py.typed").exists()
    (wheel,) = distributions(path=[str(installed_client)])
    needed = [Requirement(each) for each in wheel.requires or ()]
    assert {each.name for each in needed} == {"attrs", "httpx", "python-dateutil"}
    assert all(version(each.name) in each.specifier for each in needed)


def test_the_typed_client_makes_reads_and_deletes_a_webhook(system: System, typed: Typed) -> None:
    world = World(system, f"client-{uuid4().hex[:10]}")
    system.create_ledger(world.ledger, "live")
    client = typed(world, "reporting")
    body = client.models.WebhookBody(url="http://127.0.0.1:9/hook", types=["quote.*"])
    made = client.call("webhooks.create_webhook", body=body)
    assert isinstance(made, client.models.WebhookWithSecretOut)
    assert made.secret.startswith("whsec_")
    shown = client.call("webhooks.get_webhook", made.id)
    assert (shown.types, shown.pending, shown.created_at) == (["quote.*"], 0, made.created_at)
    assert client.call("webhooks.delete_webhook", made.id).id == made.id
    refused = client.call("webhooks.get_webhook", made.id)
    assert (refused.status, refused.type_) == (404, "/problems/webhook-not-found")


def test_the_program_of_the_page_for_integrators_works_as_printed(
    system: System, installed_client: Path, tmp_path: Path
) -> None:
    world = World.make(system)
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    for printed, own in (
        ("http://localhost:8001", system.url("invoice")),
        ("var/admin-key", str(system.layout.admin_key)),
        ('"Encours-Ledger": "main"', f'"Encours-Ledger": "{world.ledger}"'),
    ):
        assert printed in program
        program = program.replace(printed, own)
    (tmp_path / "program.py").write_text(program)
    done = subprocess.run(
        [sys.executable, tmp_path / "program.py", world.entity, world.customer()],
        env=os.environ | {"PYTHONPATH": str(installed_client)},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    paid, *listed, refused = done.stdout.splitlines()
    assert paid.startswith("pay_")
    assert paid.endswith("['120.00']")
    assert sorted(each.split()[1] for each in listed) == ["0.00", *["120.00"] * 4]
    assert refused.startswith("/problems/")
    assert "/amount" in refused
