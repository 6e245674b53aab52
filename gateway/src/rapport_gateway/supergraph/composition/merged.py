"""Parts of the supergraph, merged and ready to print."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Union

from graphql import TypeNode

from rapport_gateway.supergraph.directives import type_text
from rapport_gateway.supergraph.model import Kind


class Specified(str):
    """A directive of a specification of Apollo's, as text, under its own name. The supergraph may call it otherwise."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return self[1:].partition("(")[0]

    def called(self, name: str) -> str:
        return f"@{name}{self[1 + len(self.name) :]}"


@dataclass(slots=True)
class MergedInput:
    name: str
    type: TypeNode
    default: str | None
    description: str | None
    directives: list[str]

    @property
    def type_text(self) -> str:
        return type_text(self.type)


@dataclass(slots=True)
class MergedField:
    name: str
    type_text: str
    arguments: list[MergedInput]
    description: str | None
    directives: list[str]


@dataclass(slots=True)
class MergedValue:
    name: str
    description: str | None
    directives: list[str]


@dataclass(slots=True)
class MergedSchema:
    """The schema as a whole."""

    directives: list[str]


MergedElement = Union["MergedType", MergedSchema, MergedField, MergedInput, MergedValue]


@dataclass(slots=True)
class MergedType:
    name: str
    kind: Kind
    description: str | None
    directives: list[str]
    interfaces: list[str] = field(default_factory=list)
    fields: list[MergedField] = field(default_factory=list)
    inputs: list[MergedInput] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    values: list[MergedValue] = field(default_factory=list)

    def elements(self) -> Iterator[MergedElement]:
        """The type and everything in it that may carry directives."""
        yield self
        yield from self.inputs
        yield from self.values
        for item in self.fields:
            yield item
            yield from item.arguments


@dataclass(slots=True)
class MergedDirective:
    """A directive for operations."""

    name: str
    arguments: list[MergedInput]
    locations: list[str]
    repeatable: bool
