"""From a row's texts to a customer's fields, in the form the API takes and stores."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rapport_cli.importing.engine import RowRefusedError
from rapport_cli.importing.mapping import FieldMapping
from rapport_cli.importing.phones import is_international, region_of, to_e164
from rapport_cli.importing.rows import Row, RowProblem

CUSTOMER_FIELDS = (
    "externalId",
    "name",
    "company",
    "kind",
    "phone",
    "phoneRegion",
    "email",
    "source",
    "stage",
    "owner",
    "tags",
)
KINDS = {"PERSON": "PERSON", "COMPANY": "COMPANY", "个人": "PERSON", "企业": "COMPANY", "公司": "COMPANY"}
STAGES = {stage: stage for stage in ("LEAD", "OPPORTUNITY", "CUSTOMER", "REPEAT", "ADVOCATE", "LOST")}
TAG_SEPARATOR = re.compile(r"[;,|；，、]")
MAIL_SHAPE = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A row ready to be compared with what is stored.

    `values` holds filled API fields only, without the owner. A kind that neither the file nor the user states
    (`kind_stated` is false) serves for creation alone.
    """

    number: int
    key: str
    values: Mapping[str, Any]
    owner_key: str
    kind_stated: bool


def read_customer(row: Row, mapping: FieldMapping, kind: str | None) -> CustomerRow:
    """The row's customer. `kind` is PERSON, COMPANY, AUTO (a row with a company is one) or None: a person.

    Raises RowRefusedError with INVALID_NAME, INVALID_KIND, INVALID_STAGE, INVALID_PHONE or UNKNOWN_REGION.
    """
    texts = {name: tidy(text) for name, text in mapping.apply(row.cells).items()}
    values = _identity(texts, mapping, kind)
    values["phone"] = _phone(texts, mapping)
    values["email"] = texts.get("email")
    values["source"] = texts.get("source")
    values["stage"] = _choice(texts.get("stage", ""), STAGES, "INVALID_STAGE", mapping.column_of("stage"))
    owner = texts.get("owner", "")
    return CustomerRow(
        number=row.number,
        key=mapping.external_id(texts["externalId"]),
        values={name: value for name, value in values.items() if value},
        owner_key=mapping.external_id(owner) if owner else "",
        kind_stated=kind is not None or bool(texts.get("kind")),
    )


def tidy(text: str) -> str:
    """Composed characters, single spaces, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def doubtful(values: Mapping[str, Any]) -> RowProblem | None:
    """What the API is likely to refuse, for a dry run; the API has the last word."""
    phone, email = values.get("phone"), values.get("email")
    if phone and to_e164(phone) is None:
        return RowProblem("INVALID_PHONE", f"{phone} is not a possible phone number", "phone")
    if email and not MAIL_SHAPE.fullmatch(email):
        return RowProblem("INVALID_EMAIL", f"{email} is not a mail address", "email")
    return None


def _identity(texts: Mapping[str, str], mapping: FieldMapping, kind: str | None) -> dict[str, Any]:
    """Kind, name and tags: which of person and company the row is about, the other kept as a tag."""
    person, company = texts.get("name", ""), texts.get("company", "")
    told = _choice(texts.get("kind", ""), KINDS, "INVALID_KIND", mapping.column_of("kind"))
    if kind == "AUTO":
        kind = "COMPANY" if company else "PERSON"
    chosen = told or kind or "PERSON"
    name, other = (company or person, person) if chosen == "COMPANY" else (person or company, company)
    if not name:
        raise RowRefusedError(RowProblem("INVALID_NAME", "the name is missing", mapping.column_of("name")))
    tags = [tag.strip() for tag in TAG_SEPARATOR.split(texts.get("tags", "")) if tag.strip()]
    if other and other != name:
        tags.append(other)
    return {"kind": chosen, "name": name, "tags": list(dict.fromkeys(tags))}


def _phone(texts: Mapping[str, str], mapping: FieldMapping) -> str:
    """As it stands when it names its country or no region is mapped; else in E.164, read with the row's region."""
    phone, country = texts.get("phone", ""), texts.get("phoneRegion", "")
    if not phone or not country or is_international(phone):
        return phone
    region = region_of(country)
    column = mapping.column_of("phone")
    if region is None:
        message = f"{phone} has no country prefix, and {country!r} is not a country that is known"
        raise RowRefusedError(RowProblem("UNKNOWN_REGION", message, mapping.column_of("phoneRegion")))
    number = to_e164(phone, region)
    if number is None:
        raise RowRefusedError(RowProblem("INVALID_PHONE", f"{phone} is not a possible number in {region}", column))
    return number


def _choice(text: str, choices: Mapping[str, str], code: str, column: str) -> str:
    if not text:
        return ""
    chosen = choices.get(text.upper())
    if chosen is None:
        raise RowRefusedError(RowProblem(code, f"{text!r} is none of {', '.join(choices)}", column))
    return chosen
