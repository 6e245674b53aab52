"""The mapping language."""

from pathlib import Path

import pytest

from rapport_cli.errors import CliError
from rapport_cli.importing.mapping import FieldMapping, parse_expression, parse_inline, read_mapping

CELLS = {
    "First": "Luís",
    "Last": "Gonçalves",
    "Company": "",
    "Phone, office": "+55 12",
    "姓": "欧阳",
    "名": "娜娜",
    "No": "7",
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("First", "Luís"),
        ("First+Last", "Luís Gonçalves"),
        ("First + Last", "Luís Gonçalves"),
        ("姓+名", "欧阳娜娜"),
        ("姓+Last", "欧阳 Gonçalves"),
        ("Company|First+Last", "Luís Gonçalves"),
        ("Company+Last", "Gonçalves"),
        ("Company", ""),
        ("'chinook'", "chinook"),
        ("Company|'nobody'", "nobody"),
        ("'Team'+Company", ""),
        ("'Team'+No", "Team 7"),
        ('"Phone, office"', "+55 12"),
    ],
)
def test_an_expression_gives_the_text_of_a_row(expression: str, expected: str) -> None:
    assert parse_expression(expression).value(CELLS) == expected


def test_an_inline_mapping_takes_equals_and_colon() -> None:
    fields = parse_inline("""name=First+Last, source:'a, b=c' ,phone="Phone, office",externalId=No""")

    values = {name: expression.value(CELLS) for name, expression in fields.items()}

    assert values == {"name": "Luís Gonçalves", "source": "a, b=c", "phone": "+55 12", "externalId": "7"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name=",
        "=First",
        "name=First+",
        "name=+First",
        "name=First Last'",
        "name=A,name=B",
        "a=b=c",
        "a=,b=c",
    ],
)
def test_a_broken_mapping_is_refused(text: str) -> None:
    with pytest.raises(CliError) as refusal:
        read_mapping(text)

    assert refusal.value.code == "BAD_MAPPING"


@pytest.mark.parametrize(
    ("mapping", "hint"),
    [
        ("externalId=No,nmae=First", "nmae"),
        ("externalId=No,name=Firts", "Firts"),
        ("name=First", "externalId"),
    ],
)
def test_a_mapping_must_fit_the_file(mapping: str, hint: str) -> None:
    with pytest.raises(CliError, match=hint) as refusal:
        read_mapping(mapping).check(known=("externalId", "name"), required=("externalId",), header=tuple(CELLS))

    assert refusal.value.code == "BAD_MAPPING"


def test_a_mapping_file_has_a_namespace_and_translates_values(tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(
        'source_name = "shop"\n[fields]\nname = "First+Last"\nstage = "姓"\n[values.stage]\n"欧阳" = "LEAD"\n',
        encoding="utf-8",
    )

    mapping = read_mapping(str(path))

    assert mapping.apply(CELLS) == {"name": "Luís Gonçalves", "stage": "LEAD"}
    assert mapping.external_id("7") == "shop:7"


@pytest.mark.parametrize("content", ["fields = 3", "[fields]\nname = 'A'\n[extra]", "not toml", ""])
def test_a_broken_mapping_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(CliError) as refusal:
        read_mapping(str(path))

    assert refusal.value.code == "BAD_MAPPING"


def test_without_a_namespace_keys_stay_as_they_are() -> None:
    assert FieldMapping({}).external_id("7") == "7"
