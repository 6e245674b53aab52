"""Parts of the supergraph, merged and ready to print."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphql import TypeNode

from rapport_gateway.supergraph.directives import type_text
from rapport_gateway.supergraph.model import Kind


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
