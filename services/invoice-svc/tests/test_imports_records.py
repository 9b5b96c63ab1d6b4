"""A file is cut into records whatever is in it, and a damaged record costs itself alone."""

from __future__ import annotations

import codecs
import contextlib
import io

from hypothesis import given
from hypothesis import strategies as st

from invoice_svc.imports.formats.records import (
    MAX_LINE_BYTES,
    MAX_RECORD_LINES,
    Csv,
    Record,
    fitted,
    read_records,
    split_fields,
)
from invoice_svc.imports.formats.verdict import Fault

COMMAS = Csv(",")
FILES = st.one_of(
    st.binary(max_size=400),
    st.lists(st.sampled_from([b'"', b'""', b",", b"a", b"\n", b"\r\n", b"\0", b"\xff"]), max_size=80).map(
        b"".join
    ),
)


def read(data: bytes, form: Csv | None = COMMAS) -> list[Record]:
    return list(read_records(io.BytesIO(data), form=form))


def texts(data: bytes, form: Csv | None = COMMAS) -> list[str]:
    return [r.text.code if isinstance(r.text, Fault) else r.text for r in read(data, form)]


def test_lines_end_in_any_manner_and_blank_ones_are_passed_over() -> None:
    assert texts(b"a\r\n\nb\n   \nc") == ["a", "b", "c"]


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    assert texts(b"\xef\xbb\xbfa,b\n") == ["a,b"]


def test_a_quoted_field_may_hold_line_breaks() -> None:
    records = read(b'1,"two\nlines",x\n2,y,z\n')
    assert [r.text for r in records] == ['1,"two\nlines",x', "2,y,z"]
    assert [r.line for r in records] == [1, 3]
    assert split_fields('1,"two\nlines",x', ",") == ["1", "two\nlines", "x"]


def test_in_ndjson_quotes_do_not_join_lines() -> None:
    assert [r.text for r in read(b'{"a":"\\""}\n{"b":1}\n', None)] == ['{"a":"\\""}', '{"b":1}']


def test_an_unclosed_quote_costs_its_own_line() -> None:
    assert texts(b'h\n1,"open\n2,b\n3,c\n') == ["h", "unclosed-quote", "2,b", "3,c"]


def test_a_quote_inside_a_field_is_text_and_joins_no_lines() -> None:
    data = b'1,Pipe 12" SA\n2,b\n3,Pipe 14" SA\n4,d\n'
    assert texts(data) == ['1,Pipe 12" SA', "2,b", '3,Pipe 14" SA', "4,d"]
    assert split_fields('1,Pipe 12" SA', ",") == ["1", 'Pipe 12" SA']


def test_two_stray_quotes_cost_the_good_lines_between_them_nothing() -> None:
    assert texts(b'1,"open\n2,b\n3,"too\n4,d\n') == ["unclosed-quote", "2,b", "unclosed-quote", "4,d"]
    data = b'1,"open,x\n2,b,y\n3,c,"\n4,d,z\n'
    assert texts(data, Csv(",", 3)) == ["unclosed-quote", "2,b,y", "unclosed-quote", "4,d,z"]
    assert texts(b'1;"a,b\nc";2\n', Csv(";", 3)) == ['1;"a,b\nc";2']


def test_a_damaged_line_within_a_quoted_field_costs_no_line_after_it() -> None:
    assert texts(b'1,"open\n2,\xff\n3,"\n4,d\n') == [
        "unclosed-quote",
        "bad-encoding",
        "unclosed-quote",
        "4,d",
    ]


def test_a_byte_order_mark_hides_no_quote() -> None:
    assert texts(b'\xef\xbb\xbf"two\nlines",b\n1,2\n') == ['"two\nlines",b', "1,2"]


def test_an_unclosed_quote_is_given_up_after_a_bounded_number_of_lines() -> None:
    data = b'"open\n' + b"x\n" * (3 * MAX_RECORD_LINES)
    assert texts(data) == ["unclosed-quote"] + ["x"] * (3 * MAX_RECORD_LINES)


def test_a_line_beyond_the_limit_is_skipped_to_its_end() -> None:
    assert texts(b"a\n" + b"x" * (3 * MAX_LINE_BYTES) + b"\nb\n") == ["a", "line-too-long", "b"]


def test_bytes_that_are_not_utf_8_and_nul_bytes_are_faults_of_their_line() -> None:
    assert texts(b"a\nb\xff\nc\0\nd\n") == ["a", "bad-encoding", "nul-byte", "d"]


@given(FILES, st.integers(min_value=0, max_value=20))
def test_reading_goes_on_from_any_record_as_if_it_had_never_stopped(data: bytes, at: int) -> None:
    whole = read(data)
    if not whole:
        return
    stop = whole[min(at, len(whole) - 1)]
    rest = list(read_records(io.BytesIO(data), offset=stop.end_offset, line=stop.next_line, form=COMMAS))
    shown = [(r.line, r.end_offset, getattr(r.text, "code", r.text)) for r in whole]
    assert shown[whole.index(stop) + 1 :] == [
        (r.line, r.end_offset, getattr(r.text, "code", r.text)) for r in rest
    ]


@given(FILES, st.sampled_from([None, COMMAS, Csv(",", 2)]))
def test_each_line_belongs_to_one_record_and_only_a_sound_record_has_several(
    data: bytes, form: Csv | None
) -> None:
    physical, next_line = io.BytesIO(data).readlines(), 1
    blank = None if form is None else form.blank

    def is_blank(first: int, last: int | None) -> bool:
        between = b"".join(physical[first:last])
        return not (between if first else between.removeprefix(codecs.BOM_UTF8)).strip(blank)

    for record in read(data, form):
        assert is_blank(next_line - 1, record.line - 1)
        assert record.line >= next_line
        assert record.end_offset == sum(map(len, physical[: record.next_line - 1]))
        if record.next_line > record.line + 1:
            assert form is not None
            assert isinstance(record.text, str)
            fields = split_fields(record.text, form.delimiter)
            assert form.columns is None or fitted(fields, form.columns) is not None
        next_line = record.next_line
    assert is_blank(next_line - 1, None)


@given(FILES)
def test_any_bytes_become_records_or_faults(data: bytes) -> None:
    for record in read(data):
        if isinstance(record.text, str):
            with contextlib.suppress(Fault):
                assert split_fields(record.text, ",")
