"""Encoding of a text file: UTF-8, or Windows-1252 if no other is possible."""

from __future__ import annotations

import codecs
import re

from invoice_svc.imports.formats.refusals import UnclearFormat

ENCODINGS = {
    "utf-8": "utf-8",
    "windows-1252": "cp1252",
    "iso-8859-1": "latin-1",
    "iso-8859-15": "iso8859-15",
    "macintosh": "mac-roman",
    "ibm850": "cp850",
}
"""IANA names of encodings and Python's. All are supersets of ASCII."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# Letters and signs of Western Europe that stand in the same places in Windows-1252 and ISO 8859-1, and those of
# Windows-1252 alone that office programs write: euro, oe, dashes and curly quotes. Elsewhere in 80-9F lie the accented
# letters of Macintosh and DOS.
_WESTERN = rb"[\xa0\xa3\xa7\xab\xae\xb0\xb2\xb3\xb5\xb7\xbb\xbf-\xff\x80\x8c\x91-\x94\x96\x97\x9c]"
_ELSEWHERE = re.compile(rb"[\x80-\xff](?<!" + _WESTERN + rb")")
_SIGN_IN_A_WORD = re.compile(rb"(?<=[A-Za-z])[\x80\x91\x93\x94\x96\x97](?=[A-Za-z])")


class EncodingFinder:
    """Detection of the encoding from the bytes of a file, one piece after another."""

    def __init__(self) -> None:
        self._utf8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
        self._has_sequence = False
        self._elsewhere: int | None = None
        self._seen = 0
        self._tail = b""

    def see(self, piece: bytes) -> None:
        """Examine the next bytes. Raises :class:`UnclearFormat` for UTF-16."""
        if not self._seen and piece.startswith(_UTF16):
            raise UnclearFormat(
                "The file is in UTF-16 (saved as “Unicode text”); save it as “CSV UTF-8”.",
                "encoding",
            )
        self._decode(piece)
        piece = self._tail + piece
        self._has_sequence = self._has_sequence or _SEQUENCE.search(piece) is not None
        if self._elsewhere is None and (found := _ELSEWHERE.search(piece) or _SIGN_IN_A_WORD.search(piece)):
            self._elsewhere = self._seen - len(self._tail) + found.start()
        self._seen += len(piece) - len(self._tail)
        self._tail = piece[-3:]

    def _decode(self, piece: bytes, *, final: bool = False) -> None:
        if self._utf8 is not None:
            try:
                self._utf8.decode(piece, final)
            except UnicodeDecodeError:
                self._utf8 = None

    def encoding(self, *, complete: bool) -> str:
        """Return the encoding. Raises :class:`UnclearFormat` if several are possible."""
        if complete:
            self._decode(b"", final=True)
        if self._utf8 is not None:
            return "utf-8"
        if self._has_sequence:
            raise _unclear("Some bytes are UTF-8 and others are not")
        if self._elsewhere is not None:
            raise _unclear(f"Byte {self._elsewhere + 1} is neither UTF-8 nor common in Windows-1252")
        return "windows-1252"


def _unclear(why: str) -> UnclearFormat:
    return UnclearFormat(f"{why}: name the encoding, one of {', '.join(ENCODINGS)}.", "encoding")
