"""Families of event types: the services that write each, and the streams into which they do.

This is the one place that says so. A family is the first part of its types' names. The prefix of a stream is the part
of its id before the first ``_`` or ``-``. `encours migrate` grants the writers' database roles what is declared here.
"""

from __future__ import annotations

from typing import NamedTuple


class Family(NamedTuple):
    """Events of one subject."""

    name: str
    writers: tuple[str, ...]
    streams: tuple[str, ...]
    """Prefixes of the streams."""
    numbered: bool = False
    """Events of the family may take the next legal number of a series."""


FAMILIES = (
    Family("entity", ("invoice",), ("ent",)),
    Family("customer", ("invoice",), ("cus",)),
    Family("customer_ref", ("invoice",), ("crf",)),
    Family("field", ("invoice",), ("fld",)),
    Family("invoice", ("invoice",), ("inv",), numbered=True),
    Family("order", ("invoice",), ("ord",)),
    Family("quote", ("invoice",), ("quo",)),
    Family("recurring", ("invoice",), ("rec",)),
    Family("index", ("invoice",), ("idx",)),
    Family("review", ("invoice",), ("fnd",)),
    Family("payment", ("invoice",), ("pay",), numbered=True),
    Family("dispute", ("invoice",), ("dis",)),
    Family("dispute_rules", ("invoice",), ("dsr",)),
    Family("plan", ("invoice",), ("pln",)),
    Family("instrument", ("invoice",), ("ins",)),
    Family("statement", ("invoice",), ("sts",)),
    Family("rate", ("invoice",), ("fxr",)),
    Family("import", ("invoice",), ("imp",)),
    Family("bank_account", ("invoice",), ("bac",)),
    Family("bank_statement", ("invoice",), ("bst",)),
    Family("bank_line", ("invoice",), ("bln",)),
    Family("virtual_iban", ("invoice",), ("vib",)),
    Family("allocation_policy", ("invoice",), ("alp",)),
    Family("remittance_advice", ("invoice",), ("adv",)),
    Family("reminder", ("dunning",), ("rem", "dunning")),
    Family("task", ("dunning",), ("tsk",)),
    Family("collector", ("dunning",), ("col",)),
    Family("hold", ("dunning",), ("hld",)),
    Family("promise", ("dunning",), ("prm",)),
    Family("placement", ("dunning",), ("plc",)),
    Family("reply", ("dunning",), ("rpl",)),
    Family("policy", ("dunning",), ("pol",)),
    Family("experiment", ("dunning",), ("exp", "exa")),
    Family("template", ("dunning",), ("tpl",)),
    Family("title", ("dunning",), ("ttl",)),
    Family("alert_rule", ("dunning",), ("alr",)),
    Family("alert", ("dunning",), ("alt",)),
    Family("alert_digest", ("dunning",), ("alg",)),
    Family("thanks", ("dunning",), ("thk",)),
    Family("limit", ("risk",), ("lim",)),
    Family("credit", ("risk",), ("dec",)),
    Family("guarantee", ("risk",), ("gua",)),
    Family("credit_policy", ("risk",), ("crp",)),
    Family("credit_hold", ("risk",), ("chd",)),
    Family("payer_badge", ("risk",), ("bdg",)),
    Family("reservation", ("risk",), ("rsv",)),
    Family("score_model", ("risk",), ("score",)),
    Family("score", ("risk",), ("grd",)),
    Family("limit_formula", ("risk",), ("lfo",)),
    Family("financials", ("risk",), ("fin",)),
    Family("credit_review", ("risk",), ("crv",)),
    Family("risk_terms", ("risk",), ("rtm",)),
    Family("credit_fact", ("risk",), ("fct",)),
    Family("credit_comment", ("risk",), ("cmt",)),
    Family("account_checklist", ("risk",), ("acl",)),
    Family("account_opening", ("risk",), ("aco",)),
    Family("credit_warning", ("risk",), ("wrn",)),
    Family("credit_warning_rules", ("risk",), ("wru",)),
    Family("credit_line", ("risk",), ("crl",)),
    Family("order_billing", ("risk",), ("obl",)),
    Family("order_credit", ("risk",), ("ocr",)),
    Family("insurance_contract", ("risk",), ("icn",)),
    Family("insurance_cover", ("risk",), ("cov",)),
    Family("insurance_deadline", ("risk",), ("idl",)),
    Family("provision_overlay", ("risk",), ("pvo",)),
    Family("figure", ("reporting",), ("fig",)),
    Family("report", ("reporting",), ("rpt",)),
    Family("turnover_plan", ("reporting",), ("tpn",)),
    Family("schedule", ("reporting",), ("scd",)),
    Family("report_mail", ("reporting",), ("rml",)),
    # Any service's worker may hold the calendar's lease.
    Family("calendar", ("invoice", "dunning", "risk", "reporting"), ("calendar",)),
)
"""Families that services write. The installing user alone writes the family ``ledger``."""
