"""What must hold within one subgraph before it is merged with others."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import FieldNode, InlineFragmentNode, SelectionSetNode

from rapport_gateway.supergraph.composition.directive_checks import check_interface, check_label, check_list_size
from rapport_gateway.supergraph.composition.subgraph import FieldDef, SubgraphSchema, TypeDef
from rapport_gateway.supergraph.directives import named_type
from rapport_gateway.supergraph.errors import CompositionProblem
from rapport_gateway.supergraph.field_sets import parse_field_set
from rapport_gateway.supergraph.model import Kind

_BUILT_IN = frozenset({"String", "Int", "Float", "Boolean", "ID"})
_UNSUPPORTED = ("context", "fromContext")  # without them, arguments would be missing
Used = set[tuple[str, str]]


def check_subgraph(schema: SubgraphSchema) -> Iterator[CompositionProblem]:
    checker = _Checker(schema)
    for type_def in schema.types.values():
        yield from checker.type(type_def)
    yield from checker.unused_externals()


class _Checker:
    def __init__(self, schema: SubgraphSchema) -> None:
        self._schema = schema
        self._used: Used = set()

    def type(self, type_def: TypeDef) -> Iterator[CompositionProblem]:
        yield from self._references(type_def)
        for name in _UNSUPPORTED:
            if type_def.has(name) or any(field.has(name) for field in type_def.fields.values()):
                yield self._problem("UNSUPPORTED_FEATURE", f"{type_def.name} uses @{name}, which is not supported")
        for use in type_def.uses("key"):
            yield from self._key(type_def, use.get("fields"))
        if type_def.kind is Kind.INTERFACE:
            yield from check_interface(self._schema, type_def)
        elif type_def.is_interface_object and not type_def.has("key"):
            yield self._problem(
                "INTERFACE_OBJECT_USAGE_ERROR", f"{type_def.name} is an @interfaceObject without a @key"
            )
        for field in type_def.fields.values():
            yield from self._field(type_def, field)

    def _problem(self, code: str, message: str) -> CompositionProblem:
        return CompositionProblem(code, f"[{self._schema.name}] {message}")

    def _references(self, type_def: TypeDef) -> Iterator[CompositionProblem]:
        names = {named_type(item.type) for item in type_def.inputs.values()}
        names |= set(type_def.interfaces) | set(type_def.members)
        for field in type_def.fields.values():
            names |= {named_type(field.type), *(named_type(argument.type) for argument in field.arguments.values())}
        for interface in type_def.interfaces:
            declared = self._schema.types.get(interface)
            missing = [name for name in declared.fields if name not in type_def.fields] if declared else []
            if missing:
                message = f"{type_def.name} implements {interface} without its field {', '.join(missing)}"
                yield self._problem("INVALID_GRAPHQL", message)
        for name in sorted(names - _BUILT_IN - self._schema.types.keys()):
            yield self._problem("INVALID_GRAPHQL", f'{type_def.name} refers to the unknown type "{name}"')
        composite = type_def.kind in {Kind.OBJECT, Kind.INTERFACE}
        if composite and not type_def.fields and type_def.name not in {"Query", "Mutation", "Subscription"}:
            yield self._problem("INVALID_GRAPHQL", f"{type_def.name} has no fields")

    def _key(self, type_def: TypeDef, text: object) -> Iterator[CompositionProblem]:
        where = f'@key(fields: "{text}") on {type_def.name}'
        for parent, field in self._selected(type_def, text, "KEY_INVALID_FIELDS", where):
            if isinstance(field, CompositionProblem):
                yield field
                continue
            self._used.add((parent.name, field.name))
            if field.arguments:
                yield self._problem("KEY_FIELDS_HAS_ARGS", f"{where}: {parent.name}.{field.name} has arguments")
            target = self._schema.types.get(named_type(field.type))
            abstract = target is not None and target.kind in {Kind.INTERFACE, Kind.UNION}
            if abstract:
                message = f"{where}: {parent.name}.{field.name} is an interface or a union"
                yield self._problem("KEY_FIELDS_SELECT_INVALID_TYPE", message)

    def _field(self, type_def: TypeDef, field: FieldDef) -> Iterator[CompositionProblem]:
        where = f"{type_def.name}.{field.name}"
        for use in field.uses("requires"):
            yield from self._external_set(type_def, use.get("fields"), "REQUIRES", where)
        for use in field.uses("provides"):
            target = self._schema.types.get(named_type(field.type))
            if target is None or target.kind not in {Kind.OBJECT, Kind.INTERFACE, Kind.UNION}:
                message = f"@provides on {where}: the field returns no composite type"
                yield self._problem("PROVIDES_ON_NON_OBJECT_FIELD", message)
            else:
                yield from self._external_set(target, use.get("fields"), "PROVIDES", where)
        yield from check_label(self._schema, type_def, field)
        yield from check_list_size(self._schema, type_def, field)

    def _external_set(self, type_def: TypeDef, text: object, kind: str, where: str) -> Iterator[CompositionProblem]:
        label = f'@{kind.lower()}(fields: "{text}") on {where}'
        any_external = False
        selected: list[tuple[TypeDef, FieldDef]] = []
        for parent, field in self._selected(type_def, text, f"{kind}_INVALID_FIELDS", label):
            if isinstance(field, CompositionProblem):
                yield field
                any_external = True
                continue
            selected.append((parent, field))
            if kind == "PROVIDES" and field.arguments:
                message = f"{label}: {parent.name}.{field.name} has arguments"
                yield self._problem("PROVIDES_FIELDS_HAS_ARGS", message)
            self._used.add((parent.name, field.name))
            any_external = any_external or field.external or field.has("external")
            any_external = any_external or (parent.kind is Kind.INTERFACE and parent is not type_def)
        if not any_external and self._schema.is_federation_2:
            names = ", ".join(f"{parent.name}.{field.name}" for parent, field in selected)
            yield self._problem(f"{kind}_FIELDS_MISSING_EXTERNAL", f"{label}: none of {names} is marked @external")

    def _selected(
        self, type_def: TypeDef, given: object, code: str, where: str
    ) -> Iterator[tuple[TypeDef, FieldDef | CompositionProblem]]:
        if not isinstance(given, str):
            yield type_def, self._problem(f"{code}_TYPE", f"{where}: the fields must be a string")
            return
        try:
            field_set = parse_field_set(given)
        except ValueError as error:
            yield type_def, self._problem(code, f"{where}: {error}")
            return
        yield from self._walk(type_def, field_set.selections, code, where)

    def _walk(
        self, type_def: TypeDef, selections: SelectionSetNode, code: str, where: str
    ) -> Iterator[tuple[TypeDef, FieldDef | CompositionProblem]]:
        for selection in selections.selections:
            below = selection.selection_set if isinstance(selection, FieldNode | InlineFragmentNode) else None
            if isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition.name.value if selection.type_condition else type_def.name
                target = self._schema.types.get(condition)
                if target is None:
                    yield type_def, self._problem(code, f'{where}: unknown type "{condition}"')
                elif below is not None:
                    yield from self._walk(target, below, code, where)
                continue
            if not isinstance(selection, FieldNode) or selection.name.value == "__typename":
                continue
            field = type_def.fields.get(selection.name.value)
            if field is None:
                yield type_def, self._problem(code, f"{where}: {type_def.name} has no field {selection.name.value}")
                continue
            yield type_def, field
            target = self._schema.types.get(named_type(field.type))
            is_composite = target is not None and target.kind in {Kind.OBJECT, Kind.INTERFACE, Kind.UNION}
            if is_composite is not (below is not None):
                reason = "needs a selection of subfields" if is_composite else "has no subfields"
                yield type_def, self._problem(code, f"{where}: {type_def.name}.{field.name} {reason}")
            elif below is not None and target is not None:
                yield from self._walk(target, below, code, where)

    def unused_externals(self) -> Iterator[CompositionProblem]:
        if not self._schema.is_federation_2:
            return
        for type_def in self._schema.types.values():
            if type_def.has("external"):
                continue
            for field in type_def.fields.values():
                known = (type_def.name, field.name) in self._used or any(
                    (interface, field.name) in self._used
                    or field.name in getattr(self._schema.types.get(interface), "fields", {})
                    for interface in type_def.interfaces
                )
                if field.external and not known:
                    reason = "is marked @external but is used by no @key, @requires or @provides"
                    yield self._problem("EXTERNAL_UNUSED", f"{type_def.name}.{field.name} {reason}")
