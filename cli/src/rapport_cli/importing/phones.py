"""Phone numbers as the API stores them: E.164, read with the row's own country where no prefix is given."""

from functools import cache

import phonenumbers
from babel import Locale

# The API reads numbers without a prefix as Chinese ones.
HOME_REGION = "CN"

# Names that exports use beside those of the Unicode territory lists.
ALIASES = {
    "usa": "US",
    "united states of america": "US",
    "america": "US",
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "czech republic": "CZ",
    "holland": "NL",
    "the netherlands": "NL",
    "korea": "KR",
    "russian federation": "RU",
    "hong kong": "HK",
    "macau": "MO",
    "香港": "HK",
    "澳门": "MO",
    "台湾": "TW",
    "中华人民共和国": "CN",
}


def region_of(country: str) -> str | None:
    """The ISO code for a country's code or its English or Chinese name; None when it is not known."""
    wanted = country.strip().casefold()
    if wanted.upper() in phonenumbers.SUPPORTED_REGIONS:
        return wanted.upper()
    return ALIASES.get(wanted) or _names().get(wanted)


def to_e164(text: str, region: str = HOME_REGION) -> str | None:
    """The number in E.164, else None: possible in its region's plan, or foreign and longer, as the service takes it."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    match phonenumbers.is_possible_number_with_reason(number):
        case phonenumbers.ValidationResult.IS_POSSIBLE:
            return written
        case phonenumbers.ValidationResult.TOO_LONG if not written.startswith("+86") and len(written) <= 16:
            return written
    return None


def is_international(text: str) -> bool:
    """Whether the number says its country itself."""
    return text.lstrip(" (").startswith(("+", "\uff0b", "00"))


@cache
def _names() -> dict[str, str]:
    locales = [Locale("en"), Locale("zh", script="Hans"), Locale("zh", script="Hant")]
    return {
        name.casefold(): code
        for locale in locales
        for code, name in locale.territories.items()
        if code in phonenumbers.SUPPORTED_REGIONS
    }
