"""The four services have the same three processes, put together from what their ``__main__`` says."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pkgutil import resolve_name

import pytest

from encours.embedded.secrets import SERVICES
from encours.service.process import Service


def _service(name: str) -> Service:
    service: Service = import_module(f"{name}_svc.__main__").SERVICE
    return service


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_process_imports_when_it_starts_is_there(name: str) -> None:
    service = _service(name)
    assert service.name == f"{name}-svc"
    assert callable(resolve_name(service.api))
    assert service.worker_tasks is None or callable(resolve_name(service.worker_tasks))
    assert all(callable(resolve_name(job)) for job in service.jobs.values())
    assert set(service.reactors) <= {model.name for model in service.models}


@pytest.mark.parametrize("name", SERVICES)
def test_a_rebuild_does_not_wait_for_the_web_framework(name: str) -> None:
    program = f"import sys, {name}_svc.__main__; print(*{{'fastapi', 'uvicorn'}} & set(sys.modules))"
    found = subprocess.run((sys.executable, "-c", program), check=True, capture_output=True, text=True)
    assert found.stdout == "\n"


@pytest.mark.parametrize("arguments", [[], ["apis"], ["api", "--port"], ["worker", "x"]])
def test_another_word_is_answered_with_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _service("risk").main(arguments) == 2
    assert "python -m risk_svc api|worker|rebuild" in capsys.readouterr().err
