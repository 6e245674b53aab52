"""What must hold within one subgraph before it is merged with others."""

from __future__ import annotations

from collections.abc import Iterator

from rapport_gateway.supergraph.composition.context_checks import check_contexts
from rapport_gateway.supergraph.composition.contexts import context_fields
from rapport_gateway.supergraph.composition.directive_checks import (
    check_directives,
    check_interface,
    check_interface_object,
    check_label,
    check_list_size,
)
from rapport_gateway.supergraph.composition.field_set_checks import FieldSetUse, Selected
from rapport_gateway.supergraph.composition.subgraph import FieldDef, SubgraphSchema, TypeDef
from rapport_gateway.supergraph.directives import named_type
from rapport_gateway.supergraph.errors import CompositionProblem
from rapport_gateway.supergraph.model import Kind

_COMPOSITE = frozenset({Kind.OBJECT, Kind.INTERFACE, Kind.UNION})


def check_subgraph(schema: SubgraphSchema) -> Iterator[CompositionProblem]:
    checker = _Checker(schema)
    for own, usual in schema.misnamed_roots.items():
        message = f"[{schema.name}] {own} is the root type instead of {usual}, which exists too"
        yield CompositionProblem(f"ROOT_{usual.upper()}_USED", message)
    for coordinate in schema.repeated:
        message = f"[{schema.name}] {coordinate} is marked @shareable twice in the same place"
        yield CompositionProblem("INVALID_SHAREABLE_USAGE", message)
    for type_def in schema.types.values():
        yield from checker.type(type_def)
    yield from check_contexts(schema)
    yield from checker.unused_externals()


class _Checker:
    def __init__(self, schema: SubgraphSchema) -> None:
        self._schema = schema
        self._used: set[tuple[str, str]] = set(context_fields(schema))

    def type(self, type_def: TypeDef) -> Iterator[CompositionProblem]:
        for use in type_def.uses("key"):
            yield from self._key(type_def, use.get("fields"))
        yield from check_directives(self._schema, type_def)
        if type_def.kind is Kind.INTERFACE:
            yield from check_interface(self._schema, type_def)
        elif type_def.is_interface_object:
            yield from check_interface_object(self._schema, type_def)
        for field in type_def.fields.values():
            yield from self._field(type_def, field)

    def _problem(self, code: str, message: str) -> CompositionProblem:
        return CompositionProblem(code, f"[{self._schema.name}] {message}")

    def _selected(self, use: FieldSetUse, type_def: TypeDef) -> tuple[list[Selected], list[CompositionProblem]]:
        selected, problems = use.selected(type_def)
        self._used.update((item.parent.name, item.field.name) for item in selected if item.field)
        return selected, problems

    def _key(self, type_def: TypeDef, text: object) -> Iterator[CompositionProblem]:
        use = FieldSetUse(self._schema, "KEY", type_def.name, text)
        selected, problems = self._selected(use, type_def)
        yield from problems
        for item in selected:
            if problems or item.field is None:
                continue
            place = f"{item.parent.name}.{item.field.name}"
            if item.field.arguments:
                yield use.problem("FIELDS_HAS_ARGS", f"{place} has arguments")
            target = self._schema.types.get(named_type(item.field.type))
            if target is not None and target.kind in {Kind.INTERFACE, Kind.UNION}:
                yield use.problem("FIELDS_SELECT_INVALID_TYPE", f"{place} is an interface or a union")

    def _field(self, type_def: TypeDef, field: FieldDef) -> Iterator[CompositionProblem]:
        where = f"{type_def.name}.{field.name}"
        for given in field.uses("requires"):
            use = FieldSetUse(self._schema, "REQUIRES", where, given.get("fields"))
            yield from self._externals(use, type_def)
        for given in field.uses("provides"):
            use = FieldSetUse(self._schema, "PROVIDES", where, given.get("fields"))
            target = self._schema.types.get(named_type(field.type))
            if target is None or target.kind not in _COMPOSITE:
                yield use.problem("ON_NON_OBJECT_FIELD", "the field returns no composite type")
            else:
                yield from self._externals(use, target)
        yield from check_label(self._schema, type_def, field)
        yield from check_list_size(self._schema, type_def, field)

    def _externals(self, use: FieldSetUse, type_def: TypeDef) -> Iterator[CompositionProblem]:
        """What the subgraph resolves by itself needs neither be required nor be provided."""
        selected, problems = self._selected(use, type_def)
        yield from problems
        for item in () if problems else selected:
            place = f"{item.parent.name}.{item.field.name if item.field else '__typename'}"
            if use.kind == "PROVIDES" and item.field is not None and item.field.arguments:
                yield use.problem("FIELDS_HAS_ARGS", f"{place} has arguments")
            external = item.field is not None and item.field.external
            if item.is_leaf and not external and not item.within_external:
                yield use.problem("FIELDS_MISSING_EXTERNAL", f"{place} is not marked @external")

    def unused_externals(self) -> Iterator[CompositionProblem]:
        for type_def in self._schema.types.values():
            for field in type_def.fields.values():
                if field.external and not self._is_needed(type_def, field):
                    reason = "is marked @external but is used by no @key, @requires or @provides"
                    yield self._problem("EXTERNAL_UNUSED", f"{type_def.name}.{field.name} {reason}")

    def _is_needed(self, type_def: TypeDef, field: FieldDef) -> bool:
        return (type_def.name, field.name) in self._used or any(
            (name, field.name) in self._used or field.name in interface.fields
            for name in type_def.interfaces
            if (interface := self._schema.types.get(name)) is not None
        )
