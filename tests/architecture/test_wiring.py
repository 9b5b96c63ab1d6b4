"""Nothing of a service is written and not wired: read models, their parts, reactors, routers, use cases."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from encours import contracts
from encours.contracts import events
from encours.contracts.families import FAMILIES
from encours.embedded.secrets import SERVICES
from encours.http.routing import Router
from encours.projection.parts import ComposedModel, Part
from encours.projection.read_model import Reactor, ReadModel
from encours.service.process import Service
from encours.service.settings import ServiceSettings
from reporting_svc.read_models.timeline.model import CAUSES
from tests.architecture.sources import parsed


def _own(service: str) -> Iterator[tuple[str, Any]]:
    """Everything that modules of a service name, by its module."""
    package = import_module(f"{service}_svc")
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        for value in vars(import_module(module.name)).values():
            yield module.name, value


def _classes(service: str, base: type) -> set[type]:
    return {
        value
        for module, value in _own(service)
        if isinstance(value, type) and issubclass(value, base) and value.__module__ == module
    }


def _declared(service: str) -> Service:
    declared: Service = import_module(f"{service}_svc.__main__").SERVICE
    return declared


@pytest.mark.parametrize("service", SERVICES)
def test_every_read_model_and_part_is_followed(service: str) -> None:
    models = _declared(service).models
    parts = {type(part) for model in models if isinstance(model, ComposedModel) for part in model.parts}
    assert _classes(service, ReadModel) == {type(model) for model in models}, "name it in MODELS of models.py"
    assert _classes(service, Part) == parts, "name it in `parts` of the composed model"


@pytest.mark.parametrize("service", SERVICES)
def test_every_reactor_is_declared_and_opened(service: str) -> None:
    reactors: set[type[Reactor]] = _classes(service, Reactor)
    assert reactors == set(_declared(service).reactors.values()), "name it in SERVICE of __main__.py"
    if reactors:
        source = inspect.getsource(import_module(f"{service}_svc.worker"))
        assert {r.__name__ for r in reactors if f"{r.__name__}(" not in source} == set(), (
            "open it in worker.py"
        )
    assert {name for each in reactors for name in each.types} <= CAUSES, (
        "name its types in the timeline's CAUSES"
    )


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_is_served(service: str) -> None:
    url = SecretStr("postgresql://none@127.0.0.1:1/none")
    settings = ServiceSettings(ledger_url=url, store_url=url, nats_url=SecretStr("nats://127.0.0.1:1"))
    served = import_module(f"{service}_svc.app").create_app(settings).routes
    written = [route for _, value in _own(service) if isinstance(value, Router) for route in value.routes]
    assert written
    assert [route for route in written if route not in served] == [], "name its router in app.py"


def _use_cases(service: str) -> set[tuple[str, str]]:
    """Module and name of each function that carries out a command."""
    return {
        (module, value.__name__)
        for module, value in _own(service)
        if inspect.iscoroutinefunction(value)
        and value.__module__ == module
        and ".use_cases." in module
        and not value.__name__.startswith("_")
        and "session" in inspect.signature(value).parameters
    }


def _named(module: str) -> set[str]:
    """Names that the module's code uses, with or without the module that they come from."""
    file = import_module(module).__file__
    assert file is not None
    nodes = ast.walk(parsed(Path(file)))
    return {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in nodes
        if isinstance(node, ast.Name | ast.Attribute)
    }


@pytest.mark.parametrize("service", ["invoice", "dunning", "risk", "reporting"])
def test_every_use_case_has_a_caller(service: str) -> None:
    outside = {module for module, _ in _own(service) if ".domain." not in module}
    names = {module: _named(module) for module in outside}
    use_cases = _use_cases(service)
    assert use_cases
    unused = {
        f"{home}.{name}"
        for home, name in use_cases
        if not any(name in used for module, used in names.items() if module != home)
    }
    assert unused == set(), "give it a route, a reaction or a job"


def test_every_family_of_events_has_writers_and_streams() -> None:
    families = {name.partition(".")[0] for name in contracts.types()}
    families.remove(
        events.aside.EventSetAside.TYPE.partition(".")[0]
    )  # an operator's, as the installing user
    assert families == {family.name for family in FAMILIES}, "name it in encours/contracts/families.py"
    assert {writer for family in FAMILIES for writer in family.writers} <= {*SERVICES}


@pytest.mark.parametrize("service", ["invoice", "dunning", "risk", "reporting"])
def test_every_folded_stream_is_one_that_the_service_writes(service: str) -> None:
    own = {prefix for family in FAMILIES if service in family.writers for prefix in family.streams}
    folded = import_module(f"{service}_svc.use_cases.folds").FOLDERS
    assert folded.keys() - own == set(), "name the prefix in encours/contracts/families.py"


def test_a_type_that_takes_a_legal_number_is_of_a_numbered_family() -> None:
    """Or the ledger would refuse it with its number."""
    numbered = {family.name for family in FAMILIES if family.numbered}
    taking = {
        name.partition(".")[0]
        for name, event in contracts.types().items()
        if {"number", "series", "origin"} <= {*event.__struct_fields__}
    }
    assert taking == numbered
