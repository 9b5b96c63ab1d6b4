"""Records of the sender's domain: what receivers reject is found, and nothing is claimed without DNS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from encours.cli.common import Diagnosis
from encours.cli.sender import NoDns, answer_finding, sender_findings

SOUND = {
    "mail.firm.example": ["v=spf1 mx -all", "google-site-verification=x"],
    "k1._domainkey.mail.firm.example": ["v=DKIM1; k=rsa; p=MIIB IjAN"],
    "_dmarc.firm.example": ["v=DMARC1; p=quarantine; rua=mailto:a@firm.example"],
}


def found(records: Mapping[str, Sequence[str]], selector: str = "k1") -> dict[str, Diagnosis]:
    findings = sender_findings("relances@Mail.firm.example", selector, lambda name: records.get(name, []))
    return {finding.check.partition(" ")[0]: finding for finding in findings}


def test_a_sound_domain_passes_also_by_the_record_of_its_organization() -> None:
    findings = found(SOUND)
    assert list(findings) == ["SPF", "DKIM", "DMARC"]
    assert all(finding.ok and not finding.next for finding in findings.values())


@pytest.mark.parametrize(
    ("name", "texts", "check", "detail"),
    [
        ("mail.firm.example", [], "SPF", "no record"),
        ("mail.firm.example", ["v=spf10 -all"], "SPF", "no record"),
        ("mail.firm.example", ["v=spf1 mx -all", "v=spf1 -all"], "SPF", "2 records"),
        ("mail.firm.example", ["v=spf1 +all"], "SPF", "admits every sender"),
        ("k1._domainkey.mail.firm.example", [], "DKIM", "no key"),
        ("k1._domainkey.mail.firm.example", ["v=DKIM1; p="], "DKIM", "revoked"),
        ("_dmarc.firm.example", [], "DMARC", "no record"),
        ("_dmarc.firm.example", ["v=DMARC1; rua=mailto:a@firm.example"], "DMARC", "v=DMARC1"),
        ("_dmarc.firm.example", ["v=DMARC1; p=none", "v=DMARC1; p=reject"], "DMARC", "2 records"),
    ],
)
def test_what_receivers_reject_is_found_with_the_next_step(
    name: str, texts: list[str], check: str, detail: str
) -> None:
    findings = found({**SOUND, name: texts})
    assert [each for each, finding in findings.items() if not finding.ok] == [check]
    assert detail in findings[check].detail
    assert findings[check].next


def test_without_dns_a_sender_or_a_selector_nothing_is_claimed() -> None:
    def away(_name: str) -> Sequence[str]:
        raise NoDns("LifetimeTimeout")

    for address, reason in (
        ("a@firm.example", "no DNS"),
        ("", "not set"),
        ("encours@localhost", "no public domain"),
    ):
        (finding,) = sender_findings(address, "", away)
        assert finding.ok
        assert "not checked" in finding.detail
        assert reason in finding.detail
    assert "not checked" in found(SOUND, selector="")["DKIM"].detail


@pytest.mark.parametrize(
    ("url", "key", "before", "ok"),
    [
        ("", None, None, True),
        ("https://pay.firm.example", "k" * 32, None, True),
        ("https://pay.firm.example", "k" * 32, "b" * 32, True),
        ("http://pay.firm.example", "k" * 32, None, False),
        ("https://pay.firm.example", None, None, False),
        ("https://pay.firm.example", "short", None, False),
        ("https://pay.firm.example", "k" * 32, "short", False),
        ("https://pay.firm.example", "k" * 32, "k" * 32, False),
    ],
)
def test_the_links_of_reminders_need_an_encrypted_page_and_long_keys_of_which_none_repeats(
    url: str, key: str | None, before: str | None, ok: bool
) -> None:
    finding = answer_finding(url, key, before)
    assert finding.ok is ok
    assert ok or finding.next
