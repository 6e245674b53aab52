"""Phone numbers of many countries."""

import pytest

from rapport_cli.importing.phones import is_international, region_of, to_e164


@pytest.mark.parametrize(
    ("country", "region"),
    [
        ("Brazil", "BR"),
        ("USA", "US"),
        ("United States", "US"),
        ("uk", "GB"),
        ("United Kingdom", "GB"),
        ("Czech Republic", "CZ"),
        ("Czechia", "CZ"),
        ("DE", "DE"),
        ("中国", "CN"),
        ("德国", "DE"),
        ("德國", "DE"),
        ("香港", "HK"),
        ("Atlantis", None),
        ("", None),
    ],
)
def test_countries_are_known_by_code_and_by_name(country: str, region: str | None) -> None:
    assert region_of(country) == region


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("+55 (12) 3923-5555", "CN", "+551239235555"),
        ("+49 0711 2842222", "CN", "+497112842222"),
        ("+54 (0)11 4311 4333", "CN", "+541143114333"),
        ("+39 06 39733434", "CN", "+390639733434"),
        ("+56 (0)2 635 4444", "CN", "+56026354444"),
        ("0049 711 2842222", "CN", "+497112842222"),
        ("138 0013 8000", "CN", "+8613800138000"),
        ("(212) 555-0147", "US", "+12125550147"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+453 3331 9991", "CN", "+45333319991"),
        ("12", "CN", None),
        ("call me", "CN", None),
    ],
)
def test_numbers_become_e164_when_they_are_possible(text: str, region: str, expected: str | None) -> None:
    assert to_e164(text, region) == expected


def test_a_number_with_a_prefix_says_its_country() -> None:
    assert [is_international(text) for text in ("+49 711", "(+49) 711", "0049 711", "711 284")] == [
        True,
        True,
        True,
        False,
    ]
