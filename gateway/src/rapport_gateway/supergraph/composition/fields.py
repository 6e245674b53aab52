"""Merging the fields of objects and interfaces: types, sharing, externals, overrides, and the join directives."""

from __future__ import annotations

from collections.abc import Sequence

from graphql import TypeNode

from rapport_gateway.supergraph.composition.applied import access_directives, public_directives, quoted
from rapport_gateway.supergraph.composition.context import (
    Context,
    Source,
    description_of,
    listed,
)
from rapport_gateway.supergraph.composition.contexts import context_use
from rapport_gateway.supergraph.composition.externals import check_externals
from rapport_gateway.supergraph.composition.inputs import merge_arguments
from rapport_gateway.supergraph.composition.merged import MergedField
from rapport_gateway.supergraph.composition.overrides import Overrides, find_overrides
from rapport_gateway.supergraph.composition.subgraph import FieldDef, SubgraphSchema, TypeDef, without_braces
from rapport_gateway.supergraph.directives import type_text
from rapport_gateway.supergraph.model import Kind

FieldSources = list[Source[FieldDef]]


def merge_fields(context: Context, type_name: str, kind: Kind, types: Sequence[Source[TypeDef]]) -> list[MergedField]:
    merged = []
    objects = context.interface_objects(type_name) if kind is Kind.OBJECT else []
    for name in dict.fromkeys(name for _, definition in (*types, *objects) for name in definition.fields):
        sources = [Source(schema, item.fields[name]) for schema, item in types if name in item.fields]
        behind = [Source(schema, item.fields[name]) for schema, item in objects if name in item.fields]
        merger = _FieldMerger(context, type_name, kind, name, sources, behind)
        if (field := merger.merge(len(types))) is not None:
            merged.append(field)
    return merged


class _FieldMerger:
    """`behind`: the field as subgraphs have it that know the object by an interface only."""

    def __init__(
        self, context: Context, type_name: str, kind: Kind, name: str, sources: FieldSources, behind: FieldSources
    ) -> None:
        self._context = context
        self._type_name = type_name
        self._is_object = kind is Kind.OBJECT
        self._name = name
        self._where = f"{type_name}.{name}"
        self._sources = sources
        self._behind = behind

    def merge(self, type_count: int) -> MergedField | None:
        overrides = find_overrides(
            self._context, self._where, self._type_name, self._sources, is_object=self._is_object
        )
        resolving = [s for s in (*self._sources, *self._behind) if not s.definition.external]
        if not resolving:
            self._tell_missing()
            return None
        self._check_sharing(resolving, overrides)
        arguments = merge_arguments(self._context, self._where, resolving)
        merged = self._merged_type(resolving)
        check_externals(self._context, self._where, self._sources, merged, arguments)
        definitions = [definition for _, definition in resolving]
        text = type_text(merged)
        joins = self._joins(text, overrides, type_count) if self._sources else ["@join__field"]
        directives = [*joins, *public_directives(definitions), *([] if self._is_object else self._access_behind())]
        return MergedField(self._name, text, arguments, description_of(definitions), directives)

    def _tell_missing(self) -> None:
        """An override of an external field has been refused already."""
        if any(source.definition.has("override") for source in self._sources):
            return
        names = listed(schema.name for schema, _ in (*self._sources, *self._behind))
        message = f"{self._where} is marked @external in {names} but resolved by no subgraph"
        self._context.problem("EXTERNAL_MISSING_ON_BASE", message)

    def _merged_type(self, resolving: FieldSources) -> TypeNode:
        merged, fits = self._context.merged_result([definition.type for _, definition in resolving])
        if not fits:
            types = ", ".join(f'{type_text(d.type)} in "{schema.name}"' for schema, d in resolving)
            self._context.problem("FIELD_TYPE_MISMATCH", f"{self._where} has different types: {types}")
        return merged

    def _access_behind(self) -> list[str]:
        """An interface's field asks for what its objects' fields ask for."""
        types = self._context.implementers(self._type_name)
        found = (definition.fields.get(self._name) for _, definition in types)
        return access_directives(field for field in found if field is not None)

    def _check_sharing(self, resolving: FieldSources, overrides: Overrides) -> None:
        """What several subgraphs resolve, or provide on some way, all of them must share."""
        if not self._is_object:
            return
        counted = [source for source in resolving if source.schema.name not in overrides.overridden]
        owners = [schema.name for schema, definition in counted if not definition.shareable]
        if self._type_name == "Subscription":
            shared = [schema.name for schema, item in counted if item.shareable and schema.is_federation_2]
            if shared:
                message = f"{self._where} is marked @shareable in {listed(shared)}, but subscriptions cannot be shared"
                self._context.problem("INVALID_FIELD_SHARING", message)
            owners = [schema.name for schema, _ in counted]
        names = [schema.name for schema, _ in counted]
        names += self._context.providing(self._type_name, self._name)
        if owners and len(names) > 1:
            reason = f"but it is not marked @shareable in {listed(owners)}"
            self._context.problem("INVALID_FIELD_SHARING", f"{self._where} is resolved by {listed(names)}, {reason}")

    def _joins(self, text: str, overrides: Overrides, type_count: int) -> list[str]:
        joins: list[str] = []
        origins = {schema.name for schema, _ in self._context.sources(self._type_name)}
        plain = True
        typed = any(type_text(definition.type) != text for _, definition in self._sources)
        for schema, definition in self._sources:
            is_used = overrides.overridden.get(schema.name)
            if overrides.is_gone(schema.name) and not is_used:
                plain = False
                continue
            details = self._details(schema, definition, typed=typed)
            is_moved = any(use.get("from") in origins for use in definition.uses("override"))
            if is_used:
                details.append("usedOverridden: true")
            if schema.name in overrides.labels:
                details.append(f"overrideLabel: {quoted(overrides.labels[schema.name])}")
            plain = plain and all(detail.startswith("override:") for detail in details) and not is_moved
            joins.append(f"@join__field({', '.join([f'graph: {schema.graph}', *details])})")
        return [] if plain and len(joins) == type_count else joins

    def _details(self, schema: SubgraphSchema, definition: FieldDef, *, typed: bool) -> list[str]:
        details = [f"type: {quoted(type_text(definition.type))}"] if typed else []
        if definition.external:
            details.append("external: true")
        for name in ("requires", "provides"):
            details.extend(f"{name}: {quoted(without_braces(use.get('fields')))}" for use in definition.uses(name))
        details.extend(f"override: {quoted(str(use.get('from', '')))}" for use in definition.uses("override"))
        contextual = [
            f"{{context: {quoted(f'{schema.name}__{use.context}')}, name: {quoted(argument.name)}, "
            f"type: {quoted(type_text(argument.type))}, selection: {quoted(use.selection)}}}"
            for argument in definition.arguments.values()
            if (use := context_use(argument)) is not None
        ]
        return [*details, f"contextArguments: [{', '.join(contextual)}]"] if contextual else details
