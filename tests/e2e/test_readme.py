"""The README's calls work as they are printed: only the ports and the place of the key are this test's."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import date
from pathlib import Path

from encours import demo
from encours.testing.system import System

README = Path(__file__).parents[2] / "README.md"
PORTS = {"8001": "invoice", "8002": "dunning", "8003": "risk", "8004": "reporting"}


def blocks(system: System) -> list[str]:
    """The shell blocks, pointed at this installation."""
    text = README.read_text(encoding="utf-8").replace("var/admin-key", str(system.layout.admin_key))
    for port, service in PORTS.items():
        text = text.replace(f"localhost:{port}", system.url(service).removeprefix("http://"))
    found = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    assert len(found) == 2, "a new block of the README wants a test here"
    return found


def answers(script: str) -> list[dict[str, object]]:
    """Run a block as a person would paste it; every answer that it prints."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    decoder, text, found = json.JSONDecoder(), done.stdout.strip(), []
    while text:
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:].lstrip()
    return found


def test_the_first_calls_work_as_printed(system: System) -> None:
    invoice, payment, balance, check = answers(blocks(system)[0])
    assert invoice["outstanding"] == {"amount": "431.52", "currency": "EUR"}
    assert payment["status"] == "allocated"
    assert [row["outstanding"]["amount"] for row in balance["data"]] == ["231.52"]  # type: ignore[attr-defined]
    assert balance["tie_out"]["equal"] is True  # type: ignore[index]
    assert check["decision"] == "refer"


def test_the_demo_is_asked_about_the_past_as_printed(system: System) -> None:
    demo.load(system.url("invoice"), system.key, until=date(2011, 1, 2))
    (balance,) = answers(blocks(system)[1])
    assert balance["as_of"] == "2010-12-31"
    assert len(balance["data"]) == 3  # type: ignore[arg-type]
    assert balance["tie_out"]["equal"] is True  # type: ignore[index]
