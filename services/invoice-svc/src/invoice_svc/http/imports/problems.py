"""Error codes of import lines, documented beside the refusals of requests."""

from __future__ import annotations

from encours.http.catalogue import ProblemKind

# fmt: off
PROBLEMS = (
    ProblemKind(
        "malformed-line", "The line cannot be read", 422,
        "Quote CSV as in RFC 4180, or write one JSON object per line.",
    ),
    ProblemKind(
        "wrong-column-count", "The line has more or fewer columns than the header", 422,
        "Quote a field that contains the delimiter.",
    ),
    ProblemKind("unclosed-quote", "Unclosed quote", 422, 'Write a quote inside a field as "".'),
    ProblemKind("line-too-long", "The line is too long", 422, "A line may have at most 64 KiB."),
    ProblemKind(
        "bad-encoding", "The line is not in the file's encoding", 422, "Save the file as UTF-8, or name its encoding."
    ),
    ProblemKind("nul-byte", "The line contains a NUL byte", 422, "Save the file as plain text."),
    ProblemKind("unknown-kind", "Unknown kind of line", 422, "The detail lists the kinds."),
    ProblemKind("unknown-field", "Unknown field", 422, "Remove it or correct its name."),
    ProblemKind("missing-value", "A value is missing", 422, "Fill in the column that `column` names."),
    ProblemKind("invalid-value", "A value is not valid", 422, "The detail describes the expected value."),
    ProblemKind("value-too-long", "A value is too long", 422, "Shorten it."),
    ProblemKind("invalid-date", "A date cannot be read", 422, "Set date_format, or write dates as 2026-03-31."),
    ProblemKind("date-out-of-range", "A date is out of range", 422, "Years must be 1950 to 2150."),
    ProblemKind("due-before-issue", "Due date before issue date", 422, "Correct one of the two dates."),
    ProblemKind(
        "settled-before-issue", "Settlement date before issue date", 422,
        "Import an advance payment as a separate payment line.",
    ),
    ProblemKind("dispute-out-of-order", "Dispute date before issue or after settlement", 422, "Correct the date."),
    ProblemKind("invalid-amount", "An amount cannot be read", 422, "Write it as 240.00."),
    ProblemKind(
        "ambiguous-amount", "An amount may be thousands or decimals", 422,
        "Name the decimal sign: decimal=point or decimal=comma.",
    ),
    ProblemKind(
        "invoice-on-several-lines", "Several lines have one invoice number", 422,
        "Give group=lines if they are its items, or group=none if each is a whole invoice.",
    ),
    ProblemKind(
        "lines-differ", "Lines of one invoice differ", 422, "With group=lines they may differ in their amounts only.",
    ),
    ProblemKind(
        "amount-not-positive", "An amount is not positive", 422,
        "Import a credit note or a payment to reduce a debt.",
    ),
    ProblemKind("amount-too-large", "An amount is too large", 422, "The detail gives the maximum."),
    ProblemKind("too-many-decimals", "More decimals than the currency has", 422, "Round it in the exporting system."),
    ProblemKind("amounts-differ", "Amounts do not add up", 422, "Correct the total or its parts."),
    ProblemKind(
        "rounded-noise", "Floating-point error was rounded off", 200,
        "A remark on an accepted line; no action is needed.",
    ),
    ProblemKind(
        "known-differently", "Already imported with other content", 409,
        "Import the change as a separate event, such as a credit note.",
    ),
)
# fmt: on
