"""E-mail addresses: what can go into an envelope, and what could do harm there."""

from __future__ import annotations

import pytest

from encours.kernel.email import MAX_LENGTH, ascii_address, is_address


@pytest.mark.parametrize(
    "text",
    [
        "compta@example.com",
        "o'brien+invoices@mail.example.co.uk",
        "root@localhost",
        "a@xn--bcher-kva.example",
        f"{'a' * 64}@{'b' * (MAX_LENGTH - 69)}.com",
    ],
)
def test_what_mail_servers_take_is_an_address(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "nobody", "@example.com", "a@", "a@b@c", "a b@example.com", ".a@example.com", "a.@example.com",
        "a..b@example.com", "a@-b.example", "a@b-.example", "a@b..example", '"a b"@example.com', "é@example.com",
        "a@example.com\n", "a@example.com\r\nRCPT TO:<b@example.com>", "a@example.com, b@example.com",
        f"{'a' * 64}@{'b' * (MAX_LENGTH - 68)}.com",
    ],
)  # fmt: skip
def test_anything_else_is_not(text: str) -> None:
    assert not is_address(text)


@pytest.mark.parametrize(
    ("written", "sent_to"),
    [
        ("compta@example.com", "compta@example.com"),
        ("compta@café.fr", "compta@xn--caf-dma.fr"),
        ("rechnung@straße.example", "rechnung@xn--strae-oqa.example"),
        ("a@例え.example", "a@xn--r8jz45g.example"),
        ("é@example.com", None),
        ("a@é é.fr", None),
        ("a@..é", None),
        ("a@", None),
    ],
)
def test_a_domain_in_another_script_is_sent_to_in_ascii(written: str, sent_to: str | None) -> None:
    assert ascii_address(written) == sent_to
    assert sent_to is None or is_address(sent_to)
