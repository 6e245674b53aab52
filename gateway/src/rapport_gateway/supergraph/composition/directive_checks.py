"""Where directives of federation may stand within one subgraph, and what their arguments may be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphql import TypeNode
from graphql.language import ListTypeNode, NonNullTypeNode

from rapport_gateway.supergraph.access import ACCESS
from rapport_gateway.supergraph.composition.subgraph import FieldDef, SubgraphSchema, TypeDef
from rapport_gateway.supergraph.directives import named_type, type_text
from rapport_gateway.supergraph.errors import CompositionProblem
from rapport_gateway.supergraph.field_sets import parse_field_set
from rapport_gateway.supergraph.model import Kind

_LABEL = re.compile(r"[a-zA-Z][a-zA-Z0-9_\-:./]*")
_PERCENT = re.compile(r"percent\((\d{1,3}(?:\.\d{1,8})?)\)")
_INTERFACE_KEYS_SINCE = 3
_MERGED = frozenset({"tag", "inaccessible", "deprecated", "cost", "listSize", *ACCESS})
_NOT_ON_INTERFACE_FIELDS = {
    "external": "EXTERNAL_ON_INTERFACE",
    "shareable": "INVALID_SHAREABLE_USAGE",
    "requires": "REQUIRES_UNSUPPORTED_ON_INTERFACE",
    "provides": "PROVIDES_UNSUPPORTED_ON_INTERFACE",
    "cost": "COST_APPLIED_TO_INTERFACE_FIELD",
}


def check_directives(schema: SubgraphSchema, type_def: TypeDef) -> Iterator[CompositionProblem]:
    """Directives that do not go together on one field."""
    for field in type_def.fields.values():
        where = f"{type_def.name}.{field.name}"
        if field.has("external") and field.has("provides"):
            message = f"{where} cannot be both @external and @provides"
            yield _problem(schema, "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE", message)
        for applied in field.directives if field.external else ():
            if applied.name in _MERGED:
                message = f"@{applied.name.removeprefix('@')} cannot be used on {where}, which is external"
                yield _problem(schema, "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL", message)


def check_interface(schema: SubgraphSchema, type_def: TypeDef) -> Iterator[CompositionProblem]:
    if type_def.has("key") and (schema.federation.minor or 0) < _INTERFACE_KEYS_SINCE:
        message = f"@key on the interface {type_def.name} needs federation v2.{_INTERFACE_KEYS_SINCE}"
        yield _problem(schema, "KEY_UNSUPPORTED_ON_INTERFACE", message)
    if type_def.is_interface_object:
        message = f"@interfaceObject cannot be used on the interface {type_def.name}"
        yield _problem(schema, "INVALID_GRAPHQL", message)
    yield from _missing_keys(schema, type_def)
    for name in ACCESS:
        for element in (type_def, *type_def.fields.values()):
            if element.has(name):
                message = f"@{name} cannot be used on interfaces and their fields: {type_def.name}"
                yield _problem(schema, "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE", message)
    for field in type_def.fields.values():
        for name, code in _NOT_ON_INTERFACE_FIELDS.items():
            if field.has(name):
                message = f"@{name} cannot be used on the interface field {type_def.name}.{field.name}"
                yield _problem(schema, code, message)


def check_interface_object(schema: SubgraphSchema, type_def: TypeDef) -> Iterator[CompositionProblem]:
    if not type_def.has("key"):
        message = f"{type_def.name} is an @interfaceObject without a @key"
        yield _problem(schema, "INTERFACE_OBJECT_USAGE_ERROR", message)
    for name in ACCESS:
        if type_def.has(name):
            message = f"@{name} cannot be used on interface objects: {type_def.name}"
            yield _problem(schema, "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE", message)


def _missing_keys(schema: SubgraphSchema, interface: TypeDef) -> Iterator[CompositionProblem]:
    keys = {_canonical(text) for text, _ in interface.key_texts()}
    for other in schema.types.values():
        if other.kind is Kind.OBJECT and interface.name in other.interfaces:
            for key in sorted(keys - {_canonical(text) for text, _ in other.key_texts()}):
                message = f'{other.name} lacks the key "{key}" of its interface {interface.name}'
                yield _problem(schema, "INTERFACE_KEY_NOT_ON_IMPLEMENTATION", message)


def check_label(schema: SubgraphSchema, type_def: TypeDef, field: FieldDef) -> Iterator[CompositionProblem]:
    for use in field.uses("override"):
        label = use.get("label")
        if label is not None and not _is_label(str(label)):
            message = f"@override on {type_def.name}.{field.name}: {label!r} is neither a name nor percent(0–100)"
            yield _problem(schema, "OVERRIDE_LABEL_INVALID", message)


def check_list_size(schema: SubgraphSchema, type_def: TypeDef, field: FieldDef) -> Iterator[CompositionProblem]:
    where = f"@listSize on {type_def.name}.{field.name}"
    for use in field.uses("listSize"):
        sized = use.get("sizedFields")
        target = schema.types.get(named_type(field.type))
        if sized is None and not _is_list(field.type):
            yield _problem(schema, "LIST_SIZE_APPLIED_TO_NON_LIST", f"{where}: the field is no list")
        if (use.get("assumedSize") or 0) < 0:
            yield _problem(schema, "LIST_SIZE_INVALID_ASSUMED_SIZE", f"{where}: the assumed size is negative")
        for name in use.get("slicingArguments") or ():
            argument = field.arguments.get(name)
            if argument is None or type_text(argument.type) not in {"Int", "Int!"}:
                message = f"{where}: {name} is no argument of type Int"
                yield _problem(schema, "LIST_SIZE_INVALID_SLICING_ARGUMENT", message)
        for name in sized or ():
            inner = target.fields.get(name) if target else None
            if inner is None:
                yield _problem(schema, "LIST_SIZE_INVALID_SIZED_FIELD", f"{where}: there is no field {name}")
            elif not _is_list(inner.type):
                yield _problem(schema, "LIST_SIZE_APPLIED_TO_NON_LIST", f"{where}: the sized field {name} is no list")


def _problem(schema: SubgraphSchema, code: str, message: str) -> CompositionProblem:
    return CompositionProblem(code, f"[{schema.name}] {message}")


def _canonical(text: str) -> str:
    """A field set as one text, whatever its spacing."""
    try:
        return parse_field_set(text).text
    except ValueError:
        return text


def _is_label(label: str) -> bool:
    percent = _PERCENT.fullmatch(label)
    if percent is not None:
        return float(percent[1]) <= 100
    return _LABEL.fullmatch(label) is not None


def _is_list(node: TypeNode) -> bool:
    return isinstance(node.type if isinstance(node, NonNullTypeNode) else node, ListTypeNode)
