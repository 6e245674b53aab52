"""The directives and types that federation gives to a subgraph's schema, by version, and what they are called there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

from graphql import DirectiveDefinitionNode, parse

from rapport_gateway.supergraph.links import SpecLinks

NEWEST_MINOR = 13
"""Federation v2.x is known up to this x, without the `@cacheTag` that 2.12 brought."""
_ANYWHERE = (
    "FIELD_DEFINITION | INTERFACE | OBJECT | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT "
    "| INPUT_FIELD_DEFINITION"
)
_GUARDED = "FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM"


class _Known(NamedTuple):
    """`since`: the minor version of federation 2 that brought this form. `<Name>` is a type of federation."""

    since: int
    definition: str


_KNOWN = (
    _Known(0, "directive @key(fields: <FieldSet>!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE"),
    _Known(0, "directive @external(reason: String) on OBJECT | FIELD_DEFINITION"),
    _Known(0, "directive @requires(fields: <FieldSet>!) on FIELD_DEFINITION"),
    _Known(0, "directive @provides(fields: <FieldSet>!) on FIELD_DEFINITION"),
    _Known(0, "directive @extends on OBJECT | INTERFACE"),
    _Known(0, "directive @shareable on OBJECT | FIELD_DEFINITION"),
    _Known(2, "directive @shareable repeatable on OBJECT | FIELD_DEFINITION"),
    _Known(0, "directive @override(from: String!) on FIELD_DEFINITION"),
    _Known(7, "directive @override(from: String!, label: String) on FIELD_DEFINITION"),
    _Known(0, f"directive @inaccessible on {_ANYWHERE}"),
    _Known(0, f"directive @tag(name: String!) repeatable on {_ANYWHERE}"),
    _Known(3, f"directive @tag(name: String!) repeatable on {_ANYWHERE} | SCHEMA"),
    _Known(1, "directive @composeDirective(name: String) repeatable on SCHEMA"),
    _Known(3, "directive @interfaceObject on OBJECT"),
    _Known(5, f"directive @authenticated on {_GUARDED}"),
    _Known(5, f"directive @requiresScopes(scopes: [[<Scope>!]!]!) on {_GUARDED}"),
    _Known(6, f"directive @policy(policies: [[<Policy>!]!]!) on {_GUARDED}"),
    _Known(8, "directive @context(name: String!) repeatable on INTERFACE | OBJECT | UNION"),
    _Known(8, "directive @fromContext(field: <ContextFieldValue>) on ARGUMENT_DEFINITION"),
    _Known(
        9,
        "directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION "
        "| OBJECT | SCALAR",
    ),
    _Known(
        9,
        "directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], "
        "requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
    ),
)
_IN_FEDERATION_1 = ("key", "external", "requires", "provides", "extends", "tag")
TYPES_SINCE = {"FieldSet": 0, "Scope": 5, "Policy": 6, "ContextFieldValue": 8}


def _name(definition: str) -> str:
    return definition.removeprefix("directive @").partition("(")[0].split()[0]


FEDERATION_DIRECTIVES = tuple(dict.fromkeys(_name(known.definition) for known in _KNOWN))


@dataclass(frozen=True)
class Federation:
    """What one subgraph has of federation. `minor` is None for federation 1, and for versions that are not known."""

    links: SpecLinks
    minor: int | None

    @cached_property
    def directives(self) -> Mapping[str, str]:
        """The names in federation by the names here."""
        if self.minor is None:
            unknown = self.links.get("federation") is not None
            return {} if unknown else {name: name for name in _IN_FEDERATION_1} | self._specified_alone
        return {self.links.local_name(name, "federation"): name for name in self._texts} | self._specified_alone

    @cached_property
    def _specified_alone(self) -> dict[str, str]:
        return {self.links.local_name(name): name for name in ("tag", "inaccessible") if self.links.get(name)}

    def type_name(self, name: str) -> str:
        """What a type of federation is called here."""
        if self.minor is None:
            return f"_{name}"
        return self.links.local_type(name, "federation")

    @cached_property
    def type_names(self) -> tuple[str, ...]:
        if self.minor is None:
            return ("_FieldSet",)
        return tuple(self.type_name(name) for name, since in TYPES_SINCE.items() if since <= self.minor)

    @cached_property
    def definitions(self) -> Mapping[str, DirectiveDefinitionNode]:
        """By the names here."""
        return {local: self._parsed(local, self._texts[name]) for local, name in self.directives.items()}

    @cached_property
    def _texts(self) -> Mapping[str, str]:
        minor = NEWEST_MINOR if self.minor is None else self.minor
        return {_name(known.definition): known.definition for known in _KNOWN if known.since <= minor}

    def _parsed(self, local: str, text: str) -> DirectiveDefinitionNode:
        for name in TYPES_SINCE:
            text = text.replace(f"<{name}>", self.type_name(name))
        return _definition(text.replace(f"@{_name(text)}", f"@{local}", 1))


@cache
def _definition(text: str) -> DirectiveDefinitionNode:
    (node,) = parse(text, no_location=True).definitions
    assert isinstance(node, DirectiveDefinitionNode)  # noqa: S101  (all texts above are)
    return node
