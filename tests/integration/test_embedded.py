"""The servers that come from wheels: durable, private, and up again after a kill without anyone's help."""

from __future__ import annotations

import os
import shutil
import smtplib
import stat
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import asyncpg
import nats
import nats.errors
import pytest

from encours.embedded import postgres
from encours.embedded.layout import Layout
from encours.embedded.mailbox import file_stem, store
from encours.embedded.process import Program, StartFailed, await_ready, free_port, spawn, started_at, stop
from encours.embedded.runstate import RunState, read_state, write_state
from encours.embedded.secrets import load_secrets
from encours.embedded.shelter import remove_shelter
from encours.testing.servers import Cluster, Installation, private_layout
from encours.testing.waiting import HANG_S


async def _settings(dsn: str) -> dict[str, str]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("select name, setting from pg_settings")
        return {row["name"]: row["setting"] for row in rows}
    finally:
        await connection.close()


async def test_postgres_is_durable_and_listens_on_loopback_alone(cluster: Cluster) -> None:
    settings = await _settings(cluster.postgres.dsn())
    durable = {
        name: settings[name] for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums")
    }
    assert set(durable.values()) == {"on"}
    assert settings["listen_addresses"] == "127.0.0.1"
    assert settings["password_encryption"] == "scram-sha-256"


async def test_a_wrong_password_is_refused_even_on_the_socket(cluster: Cluster) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(cluster.postgres.dsn(user="encours_invoice", password="wrong"))


async def test_postgres_starts_again_after_kill_9_without_repair(own_cluster: Cluster) -> None:
    server = own_cluster.postgres
    pid = server.running_pid()
    assert pid is not None
    os.kill(pid, 9)
    process = server.start()
    try:
        assert (await _settings(server.dsn()))["fsync"] == "on"
    finally:
        server.stop(process)


@pytest.mark.real
def test_a_stale_pid_file_that_names_a_living_stranger_does_not_stop_it() -> None:
    with private_layout() as layout:
        secrets = load_secrets(layout)
        server = postgres.prepare(layout, password=secrets.postgres, port=free_port())
        (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n")
        server.stop(server.start())


@pytest.mark.real
def test_a_folder_that_the_servers_account_cannot_reach_gets_a_shelter_of_its_own(tmp_path: Path) -> None:
    """As root the data goes where `nobody` can pass, with a link; as anyone else it stays."""
    tmp_path.chmod(0o700)
    layout = Layout(tmp_path / "var")
    layout.create()
    server = postgres.prepare(layout, password=load_secrets(layout).postgres, port=free_port())
    try:
        server.stop(server.start())
        assert layout.pg.is_symlink() == (os.geteuid() == 0)
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    finally:
        remove_shelter(layout.root)
    assert not layout.pg.exists() or os.geteuid() != 0


def test_secrets_are_private_and_stay_the_same() -> None:
    with private_layout() as layout:
        first = load_secrets(layout)
        assert load_secrets(layout) == first
        assert stat.S_IMODE(layout.secrets_json.stat().st_mode) == 0o600
        assert len({first.postgres, *first.roles.values(), *first.nats.values()}) == 1 + 5 + 6


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"postgres":"x"}', '{"postgres":"","roles":{},"nats":{}}', "\0\0"]
)
def test_a_damaged_file_of_passwords_is_kept_and_said(content: str) -> None:
    with private_layout() as layout:
        load_secrets(layout)
        layout.secrets_json.write_text(content)
        with pytest.raises(StartFailed, match="damaged"):
            load_secrets(layout)
        assert layout.secrets_json.read_text() == content


def test_passwords_are_not_made_anew_for_a_database_that_exists() -> None:
    with private_layout() as layout:
        (layout.pg / "data").mkdir(parents=True)
        with pytest.raises(StartFailed, match="missing"):
            load_secrets(layout)
        assert not layout.secrets_json.exists()


@pytest.mark.parametrize(("version", "said"), [(None, "PG_VERSION is missing"), ("17", "of PostgreSQL 17")])
def test_data_that_is_not_this_servers_is_left_alone(version: str | None, said: str) -> None:
    with private_layout() as layout:
        server = postgres.locate(layout, password="x", port=free_port())
        (server.data / "base").mkdir(parents=True)
        if version:
            (server.data / "PG_VERSION").write_text(f"{version}\n")
        with pytest.raises(StartFailed, match=said):
            postgres.prepare(layout, password="x", port=free_port())
        assert (server.data / "base").is_dir()


@pytest.mark.real
def test_a_settings_file_that_a_power_cut_emptied_does_not_stop_it() -> None:
    with private_layout() as layout:
        secrets = load_secrets(layout)
        server = postgres.prepare(layout, password=secrets.postgres, port=free_port())
        for name in ("postgresql.conf", postgres.SETTINGS):
            (server.data / name).write_bytes(b"\0" * 4096)
        server = postgres.prepare(layout, password=secrets.postgres, port=free_port())
        server.stop(server.start())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another account")
def test_a_copy_of_a_folder_does_not_get_the_database_of_the_original_and_a_moved_folder_does(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o700)
    original, copy, moved = (Layout(tmp_path / name) for name in ("var", "copy", "moved"))
    original.create()
    postgres.locate(original, password="x", port=free_port())
    try:
        shutil.copytree(original.root, copy.root, symlinks=True)
        with pytest.raises(StartFailed, match=r"is a copy of .*encours backup"):
            postgres.locate(copy, password="x", port=free_port())
        original.root.rename(moved.root)
        shelter = moved.pg.readlink()
        assert postgres.locate(moved, password="x", port=free_port()).data.parent == shelter
        with pytest.raises(StartFailed, match="is a copy of"):
            postgres.locate(copy, password="x", port=free_port())
    finally:
        remove_shelter(original.root)


def test_the_state_of_a_run_holds_for_its_own_folder_alone(tmp_path: Path) -> None:
    original, copy, moved = (Layout(tmp_path / name) for name in ("var", "copy", "moved"))
    original.create()
    state = RunState(
        os.getpid(), started_at(os.getpid()) or 0, "2026-01-01T00:00:00+00:00", original.identity
    )
    write_state(original, state)
    shutil.copytree(original.root, copy.root)
    assert read_state(copy) is None
    original.root.rename(moved.root)
    assert read_state(moved) == state


async def test_nats_keeps_its_streams_over_kill_9(installation: Installation) -> None:
    client = await nats.connect(installation.nats_url("relay"), inbox_prefix=b"_INBOX.encours_relay")
    await client.jetstream().add_stream(name="LEDGER_demo", subjects=["ledger.demo.>"])
    for _ in range(20):
        await client.jetstream().publish("ledger.demo.ent.invoice.issued", b"{}")
    await client.close()
    installation.nats.kill()
    installation.nats.start()
    client = await nats.connect(installation.nats_url("relay"), inbox_prefix=b"_INBOX.encours_relay")
    try:
        assert (await client.jetstream().stream_info("LEDGER_demo")).state.last_seq == 20
    finally:
        await client.close()


@pytest.fixture
def mailbox_port(tmp_path: Path) -> Iterator[int]:
    port = free_port()
    argv = (
        sys.executable,
        "-m",
        "encours.embedded.mailbox",
        "--port",
        str(port),
        "--folder",
        str(tmp_path / "mail"),
    )
    program = Program("mailbox", argv, tmp_path / "mailbox.log", env=dict(os.environ))
    process = spawn(program)

    def ready() -> bool:
        try:
            smtplib.SMTP("127.0.0.1", port, timeout=1).quit()
        except OSError:
            return False
        return True

    assert await_ready(process, ready)
    yield port
    stop(process, program)


@pytest.mark.slow
def test_the_mailbox_keeps_one_file_a_message_and_refuses_as_asked(mailbox_port: int, tmp_path: Path) -> None:
    message = EmailMessage()
    message["Message-ID"], message["From"], message["Subject"] = (
        "<rem_1@encours>",
        "a@example.org",
        "Rappel: 1 240,00 €",
    )
    message.set_content("Bonjour")
    with smtplib.SMTP("127.0.0.1", mailbox_port, timeout=HANG_S) as client:
        client.send_message(message, to_addrs=["b@example.org"])
        client.send_message(message, to_addrs=["b@example.org"])
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.send_message(message, to_addrs=["bounce@example.org"])
    assert sorted(path.name for path in (tmp_path / "mail").iterdir()) == [
        "rem_1@encours-2.eml",
        "rem_1@encours.eml",
    ]


@pytest.mark.parametrize(
    ("header", "stem"),
    [("<a@b>", "a@b"), ("<../../etc/passwd>", "_.._etc_passwd"), ("", "no-message-id"), ("<x/y>", "x_y")],
)
def test_a_message_id_can_name_no_file_outside_the_folder(header: str, stem: str, tmp_path: Path) -> None:
    message = f"Message-ID: {header}\r\n\r\nbody".encode()
    assert file_stem(message) == stem
    assert (tmp_path / store(tmp_path, message, "a@example.org", ["b@example.org"])).exists()
