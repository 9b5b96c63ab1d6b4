"""What a key may be made of."""

from __future__ import annotations

import pytest

from encours.cli import keys
from encours.cli.common import CliError, Exit
from encours.http.access.keys import SCOPES, check_grant
from encours.http.surface import Surface

ENTITY = "ent_" + "0" * 32


@pytest.mark.parametrize(
    ("scope", "label", "entity", "said"),
    [
        ("foo:bar", "reader", ENTITY, "no scope 'foo:bar'"),
        ("invoices:*", "reader", ENTITY, "no scope"),
        ("", "reader", ENTITY, "no scope"),
        ("invoices:read", "", ENTITY, "label"),
        ("invoices:read", "  ", ENTITY, "label"),
        ("invoices:read", "reader", "zzz", "no legal entity"),
        ("invoices:read", "reader", "cus_" + "0" * 32, "no legal entity"),
    ],
)
def test_a_key_that_opens_nothing_or_has_no_name_is_wrong_usage(
    scope: str, label: str, entity: str, said: str
) -> None:
    with pytest.raises(CliError, match=said) as wrong:
        keys.create(scope=["risk:read", scope], label=label, entity=[ENTITY, entity])
    assert wrong.value.code == Exit.USAGE


def test_scopes_of_routes_and_the_stars_are_taken() -> None:
    check_grant("all of them", [*SCOPES, "*"], [ENTITY, "*"])
    check_grant("every entity", ["*"], [])


def test_a_route_cannot_ask_for_a_scope_that_no_key_can_have() -> None:
    with pytest.raises(TypeError, match="things:read"):
        Surface(scope="things:read")
