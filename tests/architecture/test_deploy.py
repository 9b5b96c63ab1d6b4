"""What `deploy/` says agrees with the code: variables, roles, permissions, keys of values."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from dunning_svc.outbox.settings import DunningSettings
from encours.cli.settings import CliSettings
from encours.embedded.machine import RELAYING
from encours.embedded.nats import configuration, permissions
from encours.embedded.postgres import SETTINGS as POSTGRES_SETTINGS
from encours.embedded.postgres import Postgres, write_settings
from encours.embedded.secrets import AUDITOR, NATS_ADMIN, RELAY, ROLES, SERVICES
from encours.service.settings import PREFIX, ServiceSettings
from reporting_svc.webhooks.settings import ReportingSettings

DEPLOY = Path(__file__).parents[2] / "deploy"
NATS_SERVER = Path(sys.executable).with_name("nats-server")


SETTINGS = dict.fromkeys(SERVICES, ServiceSettings) | {
    "dunning": DunningSettings,
    "reporting": ReportingSettings,
}


def _names(settings: type[Any]) -> set[str]:
    return {f"{PREFIX}{name.upper()}" for name in settings.model_fields}


def test_env_samples_name_only_variables_that_exist() -> None:
    for service in SERVICES:
        text = (DEPLOY / "env" / f"{service}-svc.env").read_text()
        named = set(re.findall(r"^([A-Z_]+)=", text, re.MULTILINE))
        assert named <= _names(SETTINGS[service])
        assert {"ENCOURS_LEDGER_URL", "ENCOURS_STORE_URL", "ENCOURS_NATS_URL"} <= named


def test_the_auditors_sample_names_the_variable_and_the_role_of_the_command() -> None:
    text = (DEPLOY / "env" / "auditor.env").read_text()
    assert set(re.findall(r"^([A-Z_]+)=", text, re.MULTILINE)) <= CliSettings.foreign()
    assert f"postgresql://{AUDITOR}:" in text


def test_compose_starts_every_process_with_known_variables_and_samples_every_password() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    services = yaml.safe_load(text)["services"]
    for service in SERVICES:
        for role in ("api", "worker"):
            started = services[f"{service}-{role}"]
            assert started["command"] == [role]
            assert set(started["environment"]) <= _names(SETTINGS[service])
            relays = (service, role) == (RELAYING, "worker")
            assert ("ENCOURS_RELAY_URL" in started["environment"]) == relays
    assert set(services["migrate"]["environment"]) <= _names(CliSettings)
    sample = (DEPLOY / "env" / "compose.env.sample").read_text()
    assert set(re.findall(r"\$\{(\w+):\?\}", text)) == set(re.findall(r"^(\w+)=", sample, re.MULTILINE))


def test_compose_gives_postgresql_settings_of_the_embedded_server(tmp_path: Path) -> None:
    server = Postgres(tmp_path, tmp_path, tmp_path, 5432, "", None, tmp_path / "log")
    write_settings(server)
    own = dict(re.findall(r"^(\w+) = '(.*)'$", (tmp_path / POSTGRES_SETTINGS).read_text(), re.MULTILINE))
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    command = services["postgres"]["command"]
    given = dict(each.split("=") for each in command[2::2])
    assert set(command[1::2]) == {"-c"}
    assert given.pop("shared_buffers") == "512MB"  # as the embedded server's on a machine of 8 GB or more
    assert given == {name: own[name] for name in given}
    assert {"fsync", "synchronous_commit", "max_wal_size", "checkpoint_timeout"} < set(given)


@pytest.mark.parametrize("name", ["nats-server.conf", "single.conf"])
def test_nats_configuration_is_valid_and_gives_the_same_rights_as_the_embedded_one(name: str) -> None:
    path = DEPLOY / "nats" / name
    text = path.read_text()
    variables = set(re.findall(r"\$([A-Z_]{3,}[A-Z])\b", text))
    checked = subprocess.run(
        (NATS_SERVER, "-t", "-c", path),
        env=dict.fromkeys(variables, "x"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert "sync_interval: always" in text
    for role in (*ROLES, RELAY):
        given = re.search(rf"user: {role},(.*?)\n    \}} \}}", text, re.DOTALL)
        assert given is not None
        rights: Any = permissions(role)
        wanted = [*rights["publish"]["allow"], *rights["subscribe"]["allow"]]
        assert re.findall(r'^ +"([^"]+)"$', given.group(1), re.MULTILINE) == wanted


def test_embedded_nats_configuration_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "nats.conf"
    path.write_text(
        configuration(dict.fromkeys((*ROLES, RELAY, NATS_ADMIN), 'pa"ss\\word'), port=4222, store=tmp_path)
    )
    subprocess.run((NATS_SERVER, "-t", "-c", path), check=True, capture_output=True)


def test_helm_templates_use_only_values_that_exist() -> None:
    chart = DEPLOY / "helm" / "encours"
    values = yaml.safe_load((chart / "values.yaml").read_text())
    assert yaml.safe_load((chart / "Chart.yaml").read_text())["name"] == "encours"
    assert {name: entry["port"] for name, entry in values["services"].items()} == {
        "invoice": 8001,
        "dunning": 8002,
        "risk": 8003,
        "reporting": 8004,
    }
    for template in (chart / "templates").iterdir():
        text = template.read_text()
        assert text.count("{{") == text.count("}}")
        for path in re.findall(r"\.Values((?:\.\w+)+)", text):
            found: Any = values
            for part in path.strip(".").split("."):
                found = found[part]


def test_receivers_that_are_not_public_can_be_allowed_wherever_it_is_deployed() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    for role in ("api", "worker"):
        assert services[f"reporting-{role}"]["environment"]["ENCOURS_WEBHOOK_ALLOW"] == "${WEBHOOK_ALLOW:-}"
    pod = (DEPLOY / "helm" / "encours" / "templates" / "_pod.tpl").read_text()
    assert "name: ENCOURS_WEBHOOK_ALLOW, value: {{ .root.Values.webhookAllow | quote }}" in pod


def test_images_install_only_hash_pinned_packages_and_do_not_run_as_root() -> None:
    root = DEPLOY.parent
    for path in (
        root / "shared/Dockerfile",
        *(root / f"services/{name}-svc/Dockerfile" for name in SERVICES),
    ):
        text = path.read_text()
        assert text.count("--require-hashes") == 2, path
        assert re.search(r"^USER 10001$", text, re.MULTILINE)
        copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
        assert all((root / name).exists() for line in copied for name in line.split())
