"""Bank files of made-up lines in every format, as a bank would write them, and damage to files."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

IBAN = "FR7630006000011234567890189"
_MESSAGES = {
    "053": ("BkToCstmrStmt", "Stmt"),
    "052": ("BkToCstmrAcctRpt", "Rpt"),
    "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}
_OVERPUNCHED = ("{ABCDEFGHI", "}JKLMNOPQR")


@dataclass(frozen=True)
class Booked:
    """A line; the amount is in cents, above 0 for money in."""

    minor: int
    on: date
    text: str = ""
    reference: str | None = None
    party: str | None = None
    end_to_end: str | None = None
    structured: str | None = None
    returned: str | None = None
    credited: str | None = None
    """Account to which the money was sent; camt alone states it."""
    parts: tuple[tuple[int, str], ...] = ()
    """Amount and text of each transaction of a batch entry."""


def camt(
    lines: Sequence[Booked],
    opening_minor: int = 0,
    *,
    iban: str = IBAN,
    message: str = "053",
    version: str = "08",
    sequence: int = 1,
    closing_minor: int | None = None,
    prolog: str = "",
) -> bytes:
    """A camt message with one statement in EUR."""
    outer, inner = _MESSAGES[message]
    closing = opening_minor + sum(line.minor for line in lines) if closing_minor is None else closing_minor
    days = [line.on for line in lines] or [date(2026, 6, 1)]
    balances = ""
    if message == "053":
        balances = _camt_balance("OPBD", opening_minor, min(days)) + _camt_balance("CLBD", closing, max(days))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{prolog}'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{message}.001.{version}"><{outer}>'
        f"<GrpHdr><MsgId>M{sequence}</MsgId><CreDtTm>{max(days)}T20:00:00</CreDtTm></GrpHdr>"
        f"<{inner}><Id>S{sequence}</Id><ElctrncSeqNb>{sequence}</ElctrncSeqNb>"
        f"<CreDtTm>{max(days)}T20:00:00</CreDtTm>"
        f"<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>{balances}"
        f"{''.join(_camt_entry(line, version) for line in lines)}</{inner}></{outer}></Document>"
    ).encode()


def _camt_balance(code: str, minor: int, on: date) -> str:
    return f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_camt_amount(minor)}<Dt><Dt>{on}</Dt></Dt></Bal>"


def _camt_amount(minor: int) -> str:
    return f'<Amt Ccy="EUR">{_decimal(minor)}</Amt><CdtDbtInd>{"DBIT" if minor < 0 else "CRDT"}</CdtDbtInd>'


def _camt_entry(line: Booked, version: str) -> str:
    status = "<Sts><Cd>BOOK</Cd></Sts>" if version >= "08" else "<Sts>BOOK</Sts>"
    reference = f"<AcctSvcrRef>{escape(line.reference)}</AcctSvcrRef>" if line.reference else ""
    parts = line.parts or ((line.minor, line.text),)
    details = "".join(_camt_details(line, minor, text, version) for minor, text in parts)
    return (
        f"<Ntry>{_camt_amount(line.minor)}{status}<BookgDt><Dt>{line.on}</Dt></BookgDt><ValDt><Dt>{line.on}</Dt>"
        f"</ValDt>{reference}<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn>"
        f"</BkTxCd><NtryDtls>{details}</NtryDtls></Ntry>"
    )


def _camt_details(line: Booked, minor: int, text: str, version: str) -> str:
    role = "Dbtr" if minor >= 0 else "Cdtr"
    named = f"<Nm>{escape(line.party or '')}</Nm>"
    party = f"<Pty>{named}</Pty>" if version >= "08" else named
    amount = f"{_camt_amount(minor)}" if line.parts else ""
    parties = f"<{role}>{party}</{role}>" if line.party else ""
    if line.credited:
        parties += f"<CdtrAcct><Id><IBAN>{line.credited}</IBAN></Id></CdtrAcct>"
    return (
        "<TxDtls>"
        + (f"<Refs><EndToEndId>{escape(line.end_to_end)}</EndToEndId></Refs>" if line.end_to_end else "")
        + amount
        + (f"<RltdPties>{parties}</RltdPties>" if parties else "")
        + "<RmtInf>"
        + (f"<Ustrd>{escape(text)}</Ustrd>" if text else "")
        + (
            f"<Strd><CdtrRefInf><Ref>{escape(line.structured)}</Ref></CdtrRefInf></Strd>"
            if line.structured
            else ""
        )
        + "</RmtInf>"
        + (f"<RtrInf><Rsn><Cd>{line.returned}</Cd></Rsn></RtrInf>" if line.returned else "")
        + "</TxDtls>"
    )


def mt940(
    lines: Sequence[Booked],
    opening_minor: int = 0,
    *,
    account: str = IBAN,
    sequence: str = "1/1",
    closing_minor: int | None = None,
    on: date | None = None,
) -> bytes:
    """An MT940 statement in EUR."""
    closing = opening_minor + sum(line.minor for line in lines) if closing_minor is None else closing_minor
    day = max((line.on for line in lines), default=on or date(2026, 6, 1))
    records = [
        ":20:STARTUMS",
        f":25:{account}",
        f":28C:{sequence}",
        f":60F:{_swift_balance(opening_minor, day)}",
    ]
    for line in lines:
        mark = "D" if line.minor < 0 else "C"
        reference = f"//{line.reference}" if line.reference else ""
        records.append(f":61:{line.on:%y%m%d%m%d}{mark}{_decimal(line.minor, ',')}NTRFNONREF{reference}")
        records.append(f":86:{line.text}")
    records += [f":62F:{_swift_balance(closing, day)}", "-"]
    return ("\r\n".join(records) + "\r\n").encode()


def _swift_balance(minor: int, on: date) -> str:
    return f"{'D' if minor < 0 else 'C'}{on:%y%m%d}EUR{_decimal(minor, ',')}"


def cfonb120(lines: Sequence[Booked], opening_minor: int = 0, *, iban: str = IBAN) -> bytes:
    """A CFONB 120 statement in EUR of a French account."""
    bank, branch, account = iban[4:9], iban[9:14], iban[14:25]
    closing = opening_minor + sum(line.minor for line in lines)
    day = max((line.on for line in lines), default=date(2026, 6, 1))

    def head(code: str, internal: str, operation: str, on: date) -> str:
        return f"{code}{bank}{internal:4}{branch}EUR2 {account}{operation:2}{on:%d%m%y}"

    records = [f"{head('01', '', '', day):90}{_overpunched(opening_minor)}"]
    for line in lines:
        rest = f"  {line.on:%d%m%y}{line.text[:31]:31}"
        row = f"{head('04', '0005', '05', line.on)}{rest}"
        records.append(f"{row:90}{_overpunched(line.minor)}{line.reference or '':16}")
        if line.party:
            name = "NPY" if line.minor >= 0 else "NBE"
            records.append(f"{head('05', '0005', '05', line.on)}     {name}{line.party[:70]}")
    records.append(f"{head('07', '', '', day):90}{_overpunched(closing)}")
    return "".join(f"{record:120}\r\n" for record in records).encode()


def _overpunched(minor: int) -> str:
    digits = f"{abs(minor):014d}"
    return digits[:-1] + _OVERPUNCHED[minor < 0][int(digits[-1])]


def ofx(
    lines: Sequence[Booked], closing_minor: int = 0, *, bank: str = "30006", account: str = "12345678901"
) -> bytes:
    """An OFX 1 statement in EUR: SGML, in which the elements with values have no end tags."""
    transactions = "".join(
        f"<STMTTRN>\n<TRNTYPE>{'DEBIT' if line.minor < 0 else 'CREDIT'}\n<DTPOSTED>{line.on:%Y%m%d}120000\n"
        f"<TRNAMT>{'-' if line.minor < 0 else ''}{_decimal(line.minor)}\n<FITID>{line.reference or n}\n"
        f"<NAME>{escape(line.party or '')}\n<MEMO>{escape(line.text)}\n</STMTTRN>\n"
        for n, line in enumerate(lines)
    )
    day = max((line.on for line in lines), default=date(2026, 6, 1))
    return (
        "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\n\r\n<OFX>\n<BANKMSGSRSV1><STMTTRNRS><STMTRS>\n<CURDEF>EUR\n"
        f"<BANKACCTFROM>\n<BANKID>{bank}\n<ACCTID>{account}\n<ACCTTYPE>CHECKING\n</BANKACCTFROM>\n<BANKTRANLIST>\n"
        f"<DTSTART>{day:%Y%m%d}\n<DTEND>{day:%Y%m%d}\n{transactions}</BANKTRANLIST>\n<LEDGERBAL>\n"
        f"<BALAMT>{'-' if closing_minor < 0 else ''}{_decimal(closing_minor)}\n<DTASOF>{day:%Y%m%d}\n</LEDGERBAL>\n"
        "</STMTRS></STMTTRNRS></BANKMSGSRSV1>\n</OFX>\n"
    ).encode()


def _decimal(minor: int, sign: str = ".") -> str:
    return f"{abs(minor) // 100}{sign}{abs(minor) % 100:02d}"


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Change, remove, repeat or exchange a few bytes or lines."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed) or 1)
        size = chance.choice((1, 1, 2, 8, 60))
        match chance.randrange(5):
            case 0:
                changed[at : at + size] = chance.randbytes(size)
            case 1:
                del changed[at : at + size]
            case 2:
                changed[at:at] = changed[at : at + size]
            case 3:
                changed[at : at + 1] = bytes([chance.choice(b"0123456789-,.<>/:\r\n {}")])
            case _:
                lines = bytes(changed).splitlines(keepends=True)
                chance.shuffle(lines)
                changed = bytearray(b"".join(lines)) if chance.random() < 0.1 else changed
    return bytes(changed)
