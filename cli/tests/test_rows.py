"""CSV files of unknown encoding and shape."""

from pathlib import Path

import pytest

from rapport_cli.errors import CliError
from rapport_cli.importing.rows import BadRow, Row, detect_encoding, open_table


def _rows(path: Path, **options: str) -> list[Row | BadRow]:
    with open_table(path, **options) as table:
        return list(table)


def _write(folder: Path, content: bytes) -> Path:
    path = folder / "file.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("codec", "found"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
        ("utf-16", "utf-16"),
    ],
)
def test_the_encoding_is_found_out(tmp_path: Path, codec: str, found: str) -> None:
    path = _write(tmp_path, "编号,姓名\r\n1,王芳\r\n2,欧阳娜娜\r\n".encode(codec))

    assert detect_encoding(path) == found
    assert [row.cells for row in _rows(path) if isinstance(row, Row)] == [
        {"编号": "1", "姓名": "王芳"},
        {"编号": "2", "姓名": "欧阳娜娜"},
    ]


def test_west_european_bytes_are_not_taken_for_chinese(tmp_path: Path) -> None:
    path = _write(tmp_path, "No,Name\n1,Luís Gonçalves\n2,Zoë\n3,Plain\n".encode("cp1252"))

    problems = [row.problem for row in _rows(path) if isinstance(row, BadRow)]

    assert [(problem.code, problem.column) for problem in problems] == [("BAD_ENCODING", "Name")] * 2
    named = [row.cells["Name"] for row in _rows(path, encoding="cp1252") if isinstance(row, Row)]
    assert named == ["Luís Gonçalves", "Zoë", "Plain"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(tmp_path: Path, delimiter: str) -> None:
    path = _write(tmp_path, f'No{delimiter}"Name: a, b; c"\n1{delimiter}x\n'.encode())

    assert _rows(path) == [Row(2, {"No": "1", "Name: a, b; c": "x"})]


def test_rows_are_numbered_as_in_a_spreadsheet(tmp_path: Path) -> None:
    path = _write(tmp_path, b'No,Text\n1,"two\nlines"\n\n2,after\n')

    assert _rows(path) == [Row(2, {"No": "1", "Text": "two\nlines"}), Row(4, {"No": "2", "Text": "after"})]


def test_line_separators_inside_a_cell_do_not_end_the_row(tmp_path: Path) -> None:
    path = _write(tmp_path, "No,Text\n1,a\u2028b\x0bc\n".encode())

    assert _rows(path) == [Row(2, {"No": "1", "Text": "a\u2028b\x0bc"})]


def test_a_wrong_number_of_columns_is_named_and_empty_extra_cells_are_not(tmp_path: Path) -> None:
    path = _write(tmp_path, b"No,Name\n1\n2,b,c\n3,d,,\n")

    first, second, third = _rows(path)

    assert isinstance(first, BadRow)
    assert first.problem.code == "WRONG_COLUMN_COUNT"
    assert isinstance(second, BadRow)
    assert "3 columns where the header has 2" in second.problem.message
    assert third == Row(4, {"No": "3", "Name": "d"})


def test_a_cell_beyond_the_limit_is_one_bad_row(tmp_path: Path) -> None:
    path = _write(tmp_path, b"No,Name\n1," + b"x" * 200_000 + b"\n2,b\n")

    bad, good = _rows(path)

    assert isinstance(bad, BadRow)
    assert bad.problem.code == "UNREADABLE_ROW"
    assert good == Row(3, {"No": "2", "Name": "b"})


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "NO_HEADER"), (b",,\n1,2,3\n", "NO_HEADER"), (b"A,A\n", "DUPLICATE_COLUMN")]
)
def test_a_file_needs_a_header(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(CliError) as refusal:
        open_table(_write(tmp_path, content))

    assert refusal.value.code == code


def test_a_missing_file_and_an_unknown_encoding_are_told(tmp_path: Path) -> None:
    with pytest.raises(CliError) as missing:
        open_table(tmp_path / "none.csv")
    with pytest.raises(CliError) as unknown:
        open_table(_write(tmp_path, b"A\n"), encoding="klingon")

    assert (missing.value.code, unknown.value.code) == ("FILE_UNREADABLE", "UNKNOWN_ENCODING")
