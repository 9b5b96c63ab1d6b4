"""`make client`: the typed Python client of the four services, generated from their API documents.

It is not kept in the repository: 1,700 files that follow from the code. The package `encours_client` has a subpackage
for each service; `pip install var/client` installs it elsewhere.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser.errors import GeneratorError
from pydantic import SecretStr
from uv import find_uv_bin

from encours.embedded.secrets import SERVICES
from encours.http.app import VERSION
from encours.service.settings import ServiceSettings

PACKAGE = "encours_client"
_JSON = "application/json"
_OWN_TYPES = (_JSON, "application/octet-stream", "application/problem+json")
_PROJECT = f"""[project]
name = "encours-client"
version = "{VERSION}"
description = "Typed client of Encours, generated from its API documents"
requires-python = ">=3.11"
dependencies = ["attrs>=22.2", "httpx>=0.28,<0.29", "python-dateutil>=2.8"]

[build-system]
requires = ["uv_build>=0.13,<0.14"]
build-backend = "uv_build"

[tool.uv.build-backend]
module-name = "{PACKAGE}"
module-root = ""
"""


def document(service: str) -> dict[str, Any]:
    """Return the API document of a service, without starting it."""
    nowhere = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
    settings = ServiceSettings(ledger_url=nowhere, store_url=nowhere)
    found: dict[str, Any] = import_module(f"{service}_svc.app").create_app(settings).openapi()
    return found


def make(service: str, folder: Path) -> list[GeneratorError]:
    """Generate the package of a service in ``folder / PACKAGE``; return what the generator could not read."""
    home = folder / PACKAGE
    home.mkdir(parents=True, exist_ok=True)
    (home / "__init__.py").write_text('"""Typed client of Encours."""\n', encoding="utf-8")
    source = folder / f"{service}.json"
    found = document(service)
    _drop_other_texts(found)
    source.write_text(json.dumps(found), encoding="utf-8")
    # Files and other texts are bytes for a client.
    others = {kind: "application/octet-stream" for kind in _content_types(found) if kind not in _OWN_TYPES}
    config = Config.from_sources(
        ConfigFile(content_type_overrides=others, post_hooks=[]),
        MetaType.NONE,
        source,
        "utf-8",
        overwrite=True,
        output_path=home / service,
    )
    return list(generate(config=config))


def _drop_other_texts(found: dict[str, Any]) -> None:
    """Leave JSON alone where a body may be YAML too: the client would take the class of the body for a file."""
    for path in found["paths"].values():
        for operation in path.values():
            content = operation.get("requestBody", {}).get("content", {})
            if _JSON in content:
                operation["requestBody"]["content"] = {_JSON: content[_JSON]}


def _content_types(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        content = value.get("content")
        yield from content if isinstance(content, dict) else ()
        for each in value.values():
            yield from _content_types(each)
    elif isinstance(value, list):
        for each in value:
            yield from _content_types(each)


def make_all(folder: Path) -> list[str]:
    """Generate the distribution of all four; return what the generator could not read."""
    shutil.rmtree(folder, ignore_errors=True)
    wrong = [
        f"{service}: {error.header} {error.detail}" for service in SERVICES for error in make(service, folder)
    ]
    (folder / PACKAGE / "py.typed").touch()  # type checkers read it (PEP 561)
    (folder / "pyproject.toml").write_text(_PROJECT, encoding="utf-8")
    return wrong


def install(folder: Path, target: Path) -> None:
    """Build the wheel of a generated distribution and install it, without a network and without what it needs."""
    offline = ("--quiet", "--offline", "--python", sys.executable)
    wheels = folder / "dist"
    uv = find_uv_bin()
    subprocess.run(
        [uv, "build", "--wheel", *offline, "--no-build-isolation", "--out-dir", wheels, folder], check=True
    )
    (wheel,) = wheels.glob("*.whl")
    subprocess.run([uv, "pip", "install", *offline, "--no-deps", "--target", target, wheel], check=True)


def main(folder: Path) -> int:
    """Generate all four; return 1 if the generator could not read a part of a document."""
    wrong = make_all(folder)
    print("\n".join(wrong) or f"{PACKAGE} {VERSION} is in {folder}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
