"""DNS records of the domain that reminders are sent from (SPF, DKIM, DMARC: RFC 7208, 6376, 7489), and their links."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from encours.cli.common import Diagnosis

Texts = Callable[[str], Sequence[str]]
"""Look-up of the TXT records of a name; none if it has none. Raises :class:`NoDns`."""
_TIMEOUT_S = 5.0
_KEY_LENGTH = 32


class NoDns(Exception):
    """No name server answers: nothing is known about the records."""


def sender_findings(address: str, selector: str, texts: Texts) -> Iterator[Diagnosis]:
    """Check the records of the sender's domain. ``selector`` is that of the DKIM key, empty if it is not known."""
    if not address:
        yield Diagnosis("sender", True, "not checked: ENCOURS_MAIL_FROM is not set")
        return
    domain = address.rpartition("@")[2].lower()
    if "." not in domain:
        yield Diagnosis("sender", True, f"not checked: {domain} is no public domain")
        return
    try:
        yield _spf(domain, texts(domain))
        yield _dkim(domain, selector, texts)
        yield _dmarc(domain, texts)
    except NoDns as error:
        yield Diagnosis("sender", True, f"{domain} is not checked: no DNS ({error})")


def answer_finding(url: str, key: str | None, before: str | None) -> Diagnosis:
    """Check the settings of the links by which debtors answer."""
    check = "answer links"
    if not url:
        return Diagnosis(
            check, True, "not checked: ENCOURS_ANSWER_URL is not set, so reminders have no links"
        )
    if not url.startswith("https://"):
        advice = "use https://: whoever reads the link can answer for the debtor"
        return Diagnosis(check, False, f"{url} is not encrypted", advice)
    if not key:
        return Diagnosis(check, False, "no key", "set ENCOURS_ANSWER_KEY for all processes of dunning-svc")
    if any(known is not None and len(known) < _KEY_LENGTH for known in (key, before)):
        return Diagnosis(check, False, "a key is too short", f"use {_KEY_LENGTH} random characters or more")
    if key == before:
        advice = "set ENCOURS_ANSWER_KEY to a new one, and keep the former in ENCOURS_ANSWER_KEY_BEFORE"
        return Diagnosis(check, False, "the key and the one before it are the same", advice)
    rotated = ", links of the key before still open" if before else ""
    return Diagnosis(check, True, f"{url}{rotated}")


def _spf(domain: str, records: Sequence[str]) -> Diagnosis:
    check = f"SPF of {domain}"
    found = [text for text in records if text.lower().split(" ", 1)[0] == "v=spf1"]
    if not found:
        advice = "publish a TXT record that names your mail server, such as: v=spf1 mx -all"
        return Diagnosis(check, False, "no record: receivers may reject the reminders", advice)
    if len(found) > 1:
        return Diagnosis(check, False, f"{len(found)} records, of which none counts", "keep one of them")
    if {"all", "+all"} & set(found[0].lower().split()):
        return Diagnosis(check, False, f"{found[0]}: admits every sender", "end it with ~all or -all")
    return Diagnosis(check, True, found[0])


def _dkim(domain: str, selector: str, texts: Texts) -> Diagnosis:
    check = f"DKIM of {domain}"
    if not selector:
        return Diagnosis(check, True, "not checked: ENCOURS_MAIL_DKIM_SELECTOR is not set")
    name = f"{selector}._domainkey.{domain}"
    keys = [key for text in texts(name) if (key := _tags(text).get("p")) is not None]
    if not keys:
        return Diagnosis(
            check, False, f"no key at {name}", "publish the key that your mail server signs with"
        )
    if not any(keys):
        return Diagnosis(check, False, f"the key at {name} is revoked", "publish the key in use")
    return Diagnosis(check, True, f"key at {name}")


def _dmarc(domain: str, texts: Texts) -> Diagnosis:
    """Look for the record of the domain, else of those above it, of which one is the organization's."""
    check = f"DMARC of {domain}"
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        name = "_dmarc." + ".".join(labels[start:])
        found = [text for text in texts(name) if text.replace(" ", "").lower().startswith("v=dmarc1")]
        if len(found) == 1:
            policy = _tags(found[0]).get("p", "")
            known = policy in ("none", "quarantine", "reject")
            advice = "" if known else f"give it a policy, such as p=quarantine, at {name}"
            return Diagnosis(check, known, f"{found[0]} at {name}", advice)
        if found:
            return Diagnosis(check, False, f"{len(found)} records at {name}", "keep one of them")
    advice = f"publish a TXT record at _dmarc.{domain}, such as: v=DMARC1; p=quarantine"
    return Diagnosis(check, False, "no record: large receivers reject or hide the reminders", advice)


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs}


def public_texts(name: str) -> Sequence[str]:
    """Return the TXT records of a name by the resolver of this machine. Raises :class:`NoDns`."""
    # Imported here: it takes longer than most commands.
    import dns.exception
    import dns.resolver

    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=_TIMEOUT_S)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError) as error:
        raise NoDns(type(error).__name__) from None
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
