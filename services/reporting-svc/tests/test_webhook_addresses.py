"""Addresses of webhooks: none leads into the own network, whatever it is written like or resolves to."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from encours.kernel.errors import DomainError
from reporting_svc.domain.webhook.address import (
    AllowedAddresses,
    WebhookAddressRefused,
    check_resolved,
    is_public,
    target_of,
)
from reporting_svc.webhooks.caller import ReceiverCaller

NOTHING = AllowedAddresses()
PUBLIC = "https://hooks.firm.example/in?tenant=1"


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.firm.example/",  # not encrypted
        "ftp://hooks.firm.example/",
        "//hooks.firm.example/",
        "https:///in",
        "https://user:pass@hooks.firm.example/",
        "https://hooks.firm.example@127.0.0.1/",
        "https://hooks.firm.example:22/",
        "https://hooks.firm.example:0/",
        "https://hooks.firm.example:/",
        "https://hooks.firm.example:99999/",
        "https://hooks.firm.example/#part",
        "https://hooks.firm.example\\@127.0.0.1/",
        "https://hooks.firm.example/a b",
        "https://hooks.firm.example/\n",
        "https://127.0.0.1/",
        "https://8.8.8.8/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[fe80::1%25eth0]/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://0x7f.1/",
        "https://10.0.0.1.0x1/",
        "https://localhost/",
        "https://db.localhost/",
        "https://nas.home.arpa/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://postgres/",
        "https://localhost./",
        "https://１２７.０.０.１/",  # digits that NFKC makes plain
        "https://hooks.firm.example/" + "a" * 2_000,
    ],
)
def test_an_address_is_refused_as_it_is_written(url: str) -> None:
    with pytest.raises(WebhookAddressRefused) as refused:
        target_of(url, NOTHING)
    assert (refused.value.status, refused.value.errors[0].pointer) == (422, "/url")


def test_a_public_name_is_taken() -> None:
    target = target_of(PUBLIC, NOTHING)
    assert (target.host, target.port, target.is_allowed) == ("hooks.firm.example", 443, False)
    assert target_of("https://HOOKS.firm.example:443/", NOTHING).host == "hooks.firm.example"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1",
        "255.255.255.255", "192.88.99.1",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
        "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "100::1",
        "fec0::1", "5f00::1", "3fff::1",
    ],
)  # fmt: skip
def test_a_name_that_resolves_to_an_address_inside_is_not_called(address: str) -> None:
    target = target_of(PUBLIC, NOTHING)
    assert not is_public(ip_address(address))
    for found in ([address], ["93.184.215.14", address], [address, "93.184.215.14"]):
        with pytest.raises(WebhookAddressRefused, match="not public") as refused:
            check_resolved(target, found, NOTHING)
        assert str(ip_address(address.partition("%")[0])) not in refused.value.detail


def test_a_name_without_an_address_is_not_called() -> None:
    with pytest.raises(WebhookAddressRefused, match="has no address"):
        check_resolved(target_of(PUBLIC, NOTHING), [], NOTHING)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111"])
def test_a_public_address_is_called(address: str) -> None:
    assert check_resolved(target_of(PUBLIC, NOTHING), [address], NOTHING) == address


def test_the_operator_allows_hosts_and_networks_by_name() -> None:
    allowed = AllowedAddresses.parse("erp.lan:8443, hooks.corp.example, 10.20.0.0/16, 127.0.0.1")
    assert target_of("http://127.0.0.1:9000/x", allowed).is_allowed
    assert target_of("https://erp.lan:8443/", allowed).is_allowed
    named = target_of("http://hooks.corp.example:8080/", allowed)
    assert check_resolved(named, ["192.168.3.4"], allowed) == "192.168.3.4"
    assert check_resolved(target_of(PUBLIC, allowed), ["10.20.3.4"], allowed) == "10.20.3.4"
    for url in ("https://erp.lan/", "https://10.21.0.1/", "http://[::1]/"):
        with pytest.raises(WebhookAddressRefused):
            target_of(url, allowed)
    with pytest.raises(WebhookAddressRefused):
        check_resolved(target_of(PUBLIC, allowed), ["10.21.0.1"], allowed)


@pytest.mark.parametrize("text", ["http://erp.lan", "erp.lan:port", "10.0.0.0/40", "a b", "erp.lan:70000"])
def test_a_setting_that_cannot_be_read_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="neither a host"):
        AllowedAddresses.parse(text)


async def test_a_name_that_is_bound_again_between_check_and_delivery_is_not_called() -> None:
    """The name resolves to a public address when the webhook is made, and to the metadata service afterwards."""
    found = iter([["93.184.215.14"], ["169.254.169.254"]])

    async def rebinding(host: str, port: int) -> list[str]:
        assert (host, port) == ("hooks.firm.example", 443)
        return next(found)

    caller = ReceiverCaller(NOTHING, resolver=rebinding)
    assert (await caller.check(PUBLIC)).host == "hooks.firm.example"
    answer = await caller.post(PUBLIC, b"{}", {})
    assert (answer.status, answer.is_delivered) == (None, False)
    assert "not public" in answer.detail


async def test_a_name_that_does_not_resolve_in_time_is_a_refusal() -> None:
    async def slow(host: str, port: int) -> list[str]:
        raise TimeoutError

    with pytest.raises(DomainError, match="not resolved within"):
        await ReceiverCaller(NOTHING, resolver=slow).check(PUBLIC)
