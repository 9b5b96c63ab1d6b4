"""Characters that a text may hold, as regular expressions that Python, pydantic and JSON Schema read alike.

A name, a number or a reference is one line, since it goes into headers of e-mails, addresses and exports. It
holds no encoded word (RFC 2047, ``=?utf-8?q?…?=``), which a mail program would show as another text.
"""

ONE_LINE = r"^(?:[^=\x00-\x1f\x7f-\x9f\u2028\u2029]|=+[^=?\x00-\x1f\x7f-\x9f\u2028\u2029])*=*$"
SEVERAL_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

FIELD_CODE = r"^[a-z][a-z0-9_]{0,39}$"
PHONE = r"^\+?[0-9 ().-]{3,30}$"
