"""A digest in words: the alerts of a day for one recipient, rule by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from dunning_svc.domain.formats import Lang, day
from dunning_svc.domain.message import cleaning
from dunning_svc.domain.message.render import Message
from encours.contracts.events.dunning.alerts import AlertDigestRequested, AlertKind, AlertRaised
from encours.kernel.money import money_text

LINES_MAX = 200
"""Most alerts that a digest lists; it counts the others."""
_KINDS: Mapping[Lang, Mapping[AlertKind, str]] = {
    "en": {
        "near_due": "Due soon",
        "overdue": "Overdue",
        "older_than": "Overdue for long",
        "age_zone": "In the zone to watch",
        "promise_broken": "Broken promises",
        "reply_open": "Replies that nobody has handled",
        "run_missed": "Runs that did not happen",
        "target_missed": "Cash targets missed",
    },
    "fr": {
        "near_due": "Échéances proches",
        "overdue": "Échues",
        "older_than": "Retards anciens",
        "age_zone": "Dans la tranche à surveiller",
        "promise_broken": "Promesses non tenues",
        "reply_open": "Réponses à traiter",
        "run_missed": "Traitements qui n'ont pas eu lieu",
        "target_missed": "Objectifs d'encaissement non atteints",
    },
}
_WORDS: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "subject": "Alerts of {day}: {count}",
        "invoice": "invoice {number}, due {on}, {amount}",
        "promise": "promised by {on}, {amount}",
        "reply": "reply of {on}",
        "run": "{on}",
        "target": "{subject}: {amount} missing",
        "more": "and {n} more: GET /v1/alerts lists all",
    },
    "fr": {
        "subject": "Alertes du {day} : {count}",
        "invoice": "facture {number}, échue le {on}, {amount}",
        "promise": "promis pour le {on}, {amount}",
        "reply": "réponse du {on}",
        "run": "{on}",
        "target": "{subject} : il manque {amount}",
        "more": "et {n} autres : GET /v1/alerts les liste toutes",
    },
}
_PATTERNS: Mapping[AlertKind, str] = {
    "near_due": "invoice",
    "overdue": "invoice",
    "older_than": "invoice",
    "age_zone": "invoice",
    "promise_broken": "promise",
    "reply_open": "reply",
    "run_missed": "run",
    "target_missed": "target",
}


def digest_message(
    digest: AlertDigestRequested, alerts: Sequence[AlertRaised], names: Mapping[str, str]
) -> Message:
    """Return the message of a digest; ``names``: the customers by id."""
    lang, words = digest.language, _WORDS[digest.language]
    groups: dict[tuple[AlertKind, str], list[AlertRaised]] = {}
    for each in alerts[:LINES_MAX]:
        groups.setdefault((each.kind, each.rule_code), []).append(each)
    sections = [
        (f"{_KINDS[lang][kind]} ({code})", [_line(each, names, lang) for each in found])
        for (kind, code), found in groups.items()
    ]
    more = len(alerts) - LINES_MAX
    if more > 0:
        sections.append(("", [words["more"].format(n=more)]))
    text = "\n\n".join(
        "\n".join([head, *(f"  {line}" for line in lines)]).strip("\n") for head, lines in sections
    )
    html = "".join(
        f"<p>{escape(head)}</p><ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
        for head, lines in sections
    )
    subject = words["subject"].format(day=day(digest.day, lang), count=len(alerts))
    page = f'<!doctype html>\n<html lang="{lang}"><body>{html}</body></html>\n'
    return Message(subject=subject, text=f"{text}\n", html=page)


def digest_payload(
    digest: AlertDigestRequested, alerts: Sequence[AlertRaised], names: Mapping[str, str]
) -> dict[str, Any]:
    """Return the content of the order that calls a webhook."""
    return {
        "url": digest.address.to,
        "day": digest.day.isoformat(),
        "alerts": [
            {
                "id": each.alert_id,
                "rule": each.rule_code,
                "kind": each.kind,
                "subject": each.subject,
                "customer_id": each.customer_id,
                "customer": names.get(each.customer_id or ""),
                "number": each.number,
                "on": None if each.on is None else each.on.isoformat(),
                "currency": each.currency,
                "amount_minor": each.amount_minor,
            }
            for each in alerts
        ],
    }


def _line(alert: AlertRaised, names: Mapping[str, str], lang: Lang) -> str:
    said = _WORDS[lang][_PATTERNS[alert.kind]].format(
        number=cleaning.name(alert.number or ""),
        on=day(alert.on, lang) if alert.on else "",
        amount=money_text(alert.amount_minor, alert.currency, lang) if alert.currency else "",
        subject=alert.subject,
    )
    customer = cleaning.name(names.get(alert.customer_id or "", ""))
    return f"{customer}: {said}" if customer else said
