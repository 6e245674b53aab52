"""Which column fills which field, as the user writes it.

name=FirstName+LastName           two columns, joined (by a space, except between Chinese characters)
name=Company|FirstName+LastName   the first that is not empty
source='chinook'                  a constant; source:'chinook' means the same
phone="Phone, office"             a column whose name holds one of , + | = :
"""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rapport_cli.errors import CliError

TOKEN = re.compile(r"""\s*(?:"(?P<column>[^"]+)"|'(?P<constant>[^']*)'|(?P<mark>[,+|=:])|(?P<word>[^,+|=:"']+))""")
BETWEEN_CHINESE = re.compile(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])")


@dataclass(frozen=True, slots=True)
class Part:
    """A column, or a constant text."""

    text: str
    constant: bool = False


@dataclass(frozen=True, slots=True)
class Expression:
    """Alternatives, of which the first that is not empty counts; each joins its parts."""

    alternatives: tuple[tuple[Part, ...], ...]

    def columns(self) -> Iterator[str]:
        """Every column the expression reads."""
        return (part.text for parts in self.alternatives for part in parts if not part.constant)

    def value(self, cells: Mapping[str, str]) -> str:
        """The text for one row; empty when the columns of every alternative are empty."""
        for parts in self.alternatives:
            texts = [part.text if part.constant else cells[part.text] for part in parts]
            filled = [text for part, text in zip(parts, texts, strict=True) if text and not part.constant]
            if filled or all(part.constant for part in parts):
                return BETWEEN_CHINESE.sub("", " ".join(text for text in texts if text))
        return ""


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """Expressions by field name, translations of values by field name, and the namespace of the keys."""

    fields: Mapping[str, Expression]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    source_name: str = ""

    def apply(self, cells: Mapping[str, str]) -> dict[str, str]:
        """One row's text per mapped field."""
        texts = {name: expression.value(cells) for name, expression in self.fields.items()}
        return {name: self.values.get(name, {}).get(text, text) for name, text in texts.items()}

    def column_of(self, name: str) -> str:
        """The column or columns behind a field, for a message."""
        return "+".join(dict.fromkeys(self.fields[name].columns())) if name in self.fields else ""

    def external_id(self, key: str) -> str:
        """The key as it is stored: `chinook:12` for key 12 of source chinook."""
        return f"{self.source_name}:{key}" if self.source_name else key

    def check(self, *, known: Collection[str], required: Collection[str], header: Collection[str]) -> None:
        """Raise CliError BAD_MAPPING when a field or a column does not exist, or a required field is missing."""
        for name, expression in self.fields.items():
            if name not in known:
                raise _bad(f"There is no field {name!r}; fields: {', '.join(known)}.")
            for column in expression.columns():
                if column not in header:
                    raise _bad(f"{name} reads column {column!r}; the file has: {', '.join(header)}.")
        for name in required:
            if name not in self.fields:
                raise _bad(f"The mapping needs {name}, for example {name}={next(iter(header))}.")


def read_mapping(text: str) -> FieldMapping:
    """A mapping from the command line: inline, or the path of a TOML file. Raises CliError BAD_MAPPING."""
    if not text.endswith(".toml"):
        return FieldMapping(parse_inline(text))
    try:
        content = tomllib.loads(Path(text).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _bad(f"{text} cannot be read: {error}") from error
    unknown = content.keys() - {"source_name", "fields", "values"}
    if unknown or not isinstance(content.get("fields"), dict):
        raise _bad(f"{text} needs a table [fields]; besides it may have source_name and [values.<field>].")
    fields = {name: parse_expression(str(expression)) for name, expression in content["fields"].items()}
    values = {name: {str(k): str(v) for k, v in table.items()} for name, table in content.get("values", {}).items()}
    return FieldMapping(fields, values, str(content.get("source_name", "")))


def parse_inline(text: str) -> dict[str, Expression]:
    """`field=expression,field=expression,…`"""
    fields: dict[str, Expression] = {}
    tokens = _tokens(text)
    while tokens:
        if len(tokens) < 3 or tokens[0][0] != "word" or tokens[1] not in {("mark", "="), ("mark", ":")}:
            raise _bad(f"Expected field=column near {tokens[0][1]!r}.")
        name = tokens[0][1]
        if name in fields:
            raise _bad(f"{name} is mapped twice.")
        end = tokens.index(("mark", ",")) if ("mark", ",") in tokens else len(tokens)
        fields[name] = _expression(tokens[2:end])
        tokens = tokens[end + 1 :]
    if not fields:
        raise _bad("The mapping is empty.")
    return fields


def parse_expression(text: str) -> Expression:
    """The right side of one field."""
    return _expression(_tokens(text))


def _expression(tokens: list[tuple[str, str]]) -> Expression:
    alternatives: list[tuple[Part, ...]] = []
    parts: list[Part] = []
    for position, (kind, text) in enumerate([*tokens, ("mark", "|")]):
        if position % 2 == 0 and kind != "mark":
            parts.append(Part(text, constant=kind == "constant"))
        elif position % 2 == 1 and text in {"+", "|"} and kind == "mark":
            if text == "|":
                alternatives.append(tuple(parts))
                parts = []
        else:
            raise _bad(f"Expected a column or 'constant', joined by + or |, near {text!r}.")
    return Expression(tuple(alternatives))


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position = 0
    text = text.strip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise _bad(f"A quote is not closed near {text[position:]!r}.")
        kind = str(match.lastgroup)
        tokens.append((kind, match.group(kind).strip() if kind == "word" else match.group(kind)))
        position = match.end()
    return tokens


def _bad(message: str) -> CliError:
    return CliError(message, code="BAD_MAPPING")
