"""The text of lists: encodings, separators, headers, and the line of what is damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core import datasets
from core.data.sources import csv_list
from core.data.sources.lists.table import open_table
from core.errors import LabError, Stopped
from tests.core.data.sources.lists.files import ALTERNATING, labels, listed, numbered, problems, rows, write

PLAIN = rows("file,label", "{i}.png,{c}")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (PLAIN.encode("utf-8-sig"), "l.csv"),
        (PLAIN.encode("utf-16"), "l.csv"),
        (PLAIN.replace(",", "\t").encode("utf-16"), "l.txt"),
        (PLAIN.encode("utf-16-be"), "l.csv"),
        (PLAIN.encode("utf-16-le"), "l.csv"),
        (PLAIN.replace(",", "\t").encode(), "l.tsv"),
        (PLAIN.replace(",", ";").encode(), "l.txt"),
        (PLAIN.replace("\n", "\r").encode(), "l.csv"),
        (PLAIN.replace("\n", "\n\n").encode(), "l.csv"),
        ((PLAIN + ",,\n,,\n").encode(), "l.csv"),
        (("\n\n" + PLAIN).encode(), "l.csv"),
        (rows("", "{i}.png {c}").encode(), "l.txt"),
        (
            "".join(f'{{"file_name": "{i}.png", "label": "{"ab"[i % 2]}"}}\n' for i in range(6)).encode(),
            "l.jsonl",
        ),
    ],
)
def test_every_usual_kind_of_text_is_read(text: bytes, name: str, tmp_path: Path) -> None:
    assert labels(listed(write(numbered(tmp_path), text, name))) == ALTERNATING


def test_what_excel_writes_in_western_countries_is_read_and_said(tmp_path: Path) -> None:
    text = rows("Datei;Klasse", "{i}.png;{c}").replace(";a", ";Möhre").replace(";b", ";Café")
    scanned = listed(write(numbered(tmp_path), text.encode("cp1252")))
    assert scanned.class_names == ("Café", "Möhre")
    assert "read as Windows-1252 text" in scanned.read_as


@pytest.mark.parametrize("encoding", ["cp1251", "shift-jis", "gb18030"])
def test_an_unknown_encoding_is_refused_with_the_line(encoding: str, tmp_path: Path) -> None:
    name = {"cp1251": "кошка", "shift-jis": "ネコです", "gb18030": "猫咪猫咪"}[encoding]
    with pytest.raises(LabError, match=r"labels\.csv, line 3: it is neither UTF-8 nor western text"):
        listed(write(numbered(tmp_path), f"file,label\n0.png,a\n1.png,{name}\n".encode(encoding)))


def test_damaged_utf8_is_not_taken_for_western_text(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"line 2: it is neither UTF-8"):
        listed(write(numbered(tmp_path), "file,label\n0.png,Möhre\n1.png,b\n".encode() + b"2.png,\xe4\n"))


def broken(line: int, cell: str, count: int) -> str:
    written = [f"{i % 6}.png,{'ab'[i % 2]},note {i}" for i in range(count)]
    written[line - 2] = cell
    return "\n".join(["file,label,remark", *written, ""])


@pytest.mark.parametrize("count", [100, 30_000])
@pytest.mark.parametrize(
    "cell",
    ['4.png,"12 TV,x', '"4.png,a,x', '4.png,a,"x', '4.png,"a" b,x', '"4.png",""a",x'],
)
def test_a_quotation_mark_that_is_not_closed_is_refused_with_its_line(
    cell: str, count: int, tmp_path: Path
) -> None:
    with pytest.raises(LabError, match=r"labels\.csv, line 46: a quotation mark is opened there"):
        listed(write(numbered(tmp_path), broken(46, cell, count)))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('"file,label\n0.png,a\n1.png,b\n', 1),
        (PLAIN + '6.png,"b\n', 8),
        (PLAIN.replace("2.png,a", '2.png,"' + "x" * 200_000 + '"'), 4),
        ("sep=;\n" + PLAIN.replace(",", ";").replace("2.png;a", '2.png;"a'), 5),
    ],
)
def test_the_line_is_right_at_the_top_at_the_end_and_below_a_separator_line(
    text: str, line: int, tmp_path: Path
) -> None:
    with pytest.raises(LabError, match=rf"labels\.csv, line {line}: a quotation mark is opened there"):
        listed(write(numbered(tmp_path, count=7), text))


def test_a_quotation_mark_that_another_closes_lines_later_is_refused_with_its_line(tmp_path: Path) -> None:
    text = broken(46, '4.png,"12 TV,x', 100).replace("note 60", 'x",y')
    with pytest.raises(LabError, match=r"line 46: a quotation mark is opened there"):
        listed(write(numbered(tmp_path), text))


def test_rows_that_a_quotation_mark_in_a_remark_has_taken_in_are_missed(tmp_path: Path) -> None:
    text = broken(46, '4.png,a,"12 TV', 100).replace("note 60", 'note 60"')
    with pytest.raises(LabError, match=r"line 46: a quotation mark is opened there"):
        listed(write(numbered(tmp_path), text))


def test_remarks_of_several_lines_and_quotation_marks_inside_are_fine(tmp_path: Path) -> None:
    text = PLAIN.replace("label", "label,remark").replace("0.png,a", '0.png,a,"one\ntwo ""three"""')
    scanned = listed(write(numbered(tmp_path), text.replace("1.png,b", '1.png,b,5" wide')))
    assert labels(scanned) == ALTERNATING


@pytest.mark.parametrize(("line", "number"), [("2.png,a\0", 4), ("\0", 4)])
def test_a_nul_character_is_refused_with_its_line(line: str, number: int, tmp_path: Path) -> None:
    text = PLAIN.replace("2.png,a", line)
    with pytest.raises(LabError, match=f"line {number}: it holds a NUL character"):
        listed(write(numbered(tmp_path), text))


def test_a_row_with_too_many_cells_is_left_out_with_its_line(tmp_path: Path) -> None:
    scanned = listed(write(numbered(tmp_path), PLAIN.replace("2.png,a", "2.png,a, red")))
    assert problems(scanned) == {
        "2.png": "line 4 of the list has 3 cells and the first line 2: put a text that holds the separator "
        "into quotation marks"
    }
    assert "2.png" not in labels(scanned)


def test_a_row_with_too_few_cells_has_no_label(tmp_path: Path) -> None:
    scanned = listed(write(numbered(tmp_path), PLAIN.replace("2.png,a", "2.png")))
    assert problems(scanned) == {"2.png": "has no label in the list"}


@pytest.mark.parametrize("line", ['["1.png", "b"]', "[" * 100_000])
def test_json_lines_are_refused_with_the_line(line: str, tmp_path: Path) -> None:
    text = f'{{"file_name": "0.png", "label": "a"}}\n{line}\n'
    with pytest.raises(LabError, match=r"metadata\.jsonl, line 2: it is not a JSON object"):
        listed(write(numbered(tmp_path), text, "metadata.jsonl"))


def test_half_a_character_in_json_lines_is_a_name_like_any_other(tmp_path: Path) -> None:
    text = "".join(json.dumps({"file_name": f"{i}.png", "label": "ab"[i % 2]}) + "\n" for i in range(6))
    path = write(numbered(tmp_path), text + '{"file_name": "\\ud83d.png", "label": "a"}\n', "metadata.jsonl")
    assert "?.png" in {one["file"] for one in datasets.prepare(str(path)).skipped}


@pytest.mark.parametrize(
    ("first", "columns"),
    [
        ("file;label\n1.png;a,b\n2.png;c,d\n", ("file", "label")),
        ("1.png;a,b\n2.png;c,d\n", ("column-1", "column-2")),
        ("1.png,a|b\n2.png,c\n", ("column-1", "column-2")),
        ("file,label,label\n1.png,a,b\n", ("file", "label", "label-3")),
        ("\ufefffile,,x\n1.png,a,b\n", ("file", "column-2", "x")),
    ],
)
def test_columns_are_cut_where_they_are_meant(first: str, columns: tuple[str, ...], tmp_path: Path) -> None:
    assert open_table(write(tmp_path, first), "l.csv").columns == columns


def test_reading_a_list_stops_on_request(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        csv_list.scan(write(numbered(tmp_path), PLAIN), should_stop=lambda: True)


def test_a_text_file_is_a_list_only_where_it_is_a_table(tmp_path: Path) -> None:
    assert csv_list.is_list(write(tmp_path, "file\tlabel\n1.png\ta\n", "a.txt"))
    assert not csv_list.is_list(write(tmp_path, "flowers", "b.txt"))
    assert not csv_list.is_list(write(tmp_path, "a,b", "b.md"))
