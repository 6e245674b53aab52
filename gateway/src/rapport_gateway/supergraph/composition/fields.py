"""Merging the fields of objects and interfaces: types, sharing, externals, overrides, and the join directives."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from graphql import TypeNode

from rapport_gateway.supergraph.composition.applied import access_directives, public_directives, quoted
from rapport_gateway.supergraph.composition.context import (
    Context,
    Source,
    description_of,
    listed,
)
from rapport_gateway.supergraph.composition.inputs import merge_arguments
from rapport_gateway.supergraph.composition.merged import MergedField
from rapport_gateway.supergraph.composition.subgraph import FieldDef, SubgraphSchema, TypeDef
from rapport_gateway.supergraph.composition.usage import is_still_used
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
        overridden = self._overridden()
        every = [*self._sources, *self._behind]
        resolving = [s for s in every if not s.definition.external and s.schema.name not in overridden]
        if not resolving:
            names = listed(schema.name for schema, _ in every)
            self._context.problem(
                "EXTERNAL_MISSING_ON_BASE", f"{self._where} is marked @external in {names} but resolved by no subgraph"
            )
            return None
        self._check_sharing(resolving)
        merged = self._context.widest([definition.type for _, definition in resolving])
        if merged is None:
            types = ", ".join(f'{type_text(d.type)} in "{schema.name}"' for schema, d in resolving)
            self._context.problem("FIELD_TYPE_MISMATCH", f"{self._where} has different types: {types}")
            return None
        text = type_text(merged)
        arguments = merge_arguments(self._context, self._where, resolving)
        self._check_externals(merged, [argument.name for argument in arguments])
        definitions = [definition for _, definition in every]
        joins = self._joins(text, overridden, type_count) if self._sources else ["@join__field"]
        access = [] if self._is_object else self._access_behind()
        return MergedField(
            self._name,
            text,
            arguments,
            description_of(definitions),
            [*joins, *public_directives(definitions), *access],
        )

    def _access_behind(self) -> list[str]:
        """An interface's field asks for what its objects' fields ask for."""
        types = self._context.implementers(self._type_name)
        found = (definition.fields.get(self._name) for _, definition in types)
        return access_directives(field for field in found if field is not None)

    # -- overrides

    def _overridden(self) -> dict[str, bool]:
        """The subgraphs whose field another one takes over; True where the old field is still in use there."""
        result: dict[str, bool] = {}
        for schema, definition in self._sources:
            if definition.has("override") and self._is_object:
                self._check_alone(schema, definition)
            for use in definition.uses("override"):
                origin = str(use.get("from", ""))
                if origin == schema.name:
                    message = f'{self._where} in "{schema.name}" overrides itself'
                    self._context.problem("OVERRIDE_FROM_SELF_ERROR", message)
                    continue
                source = next((s for s in self._sources if s.schema.name == origin), None)
                if source is None or source.definition.external:
                    continue
                if source.definition.has("override"):
                    message = f'{self._where} is overridden in both "{schema.name}" and "{origin}"'
                    self._context.problem("OVERRIDE_SOURCE_HAS_OVERRIDE", message)
                elif not use.get("label"):
                    result[origin] = is_still_used(source.schema, self._type_name, self._name)
        return result

    def _check_alone(self, schema: SubgraphSchema, definition: FieldDef) -> None:
        if definition.external or definition.has("requires") or definition.has("provides"):
            message = f"[{schema.name}] @override on {self._where} excludes @external, @requires and @provides"
            self._context.problem("OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE", message)

    def _labels(self) -> dict[str, str]:
        """Progressive overrides: the label by subgraph, on the new side and the old."""
        labels: dict[str, str] = {}
        for schema, definition in self._sources:
            for use in definition.uses("override"):
                if use.get("label"):
                    labels[schema.name] = labels[str(use.get("from", ""))] = str(use["label"])
        return labels

    # -- checks

    def _check_sharing(self, resolving: FieldSources) -> None:
        if not self._is_object or len(resolving) < 2:
            return
        labels = self._labels()
        counted = [source for source in resolving if source.schema.name not in labels]
        owners = [schema.name for schema, definition in counted if not definition.shareable]
        if self._type_name == "Subscription":
            owners = [schema.name for schema, _ in counted]
        if owners and len(resolving) > 1 and not (labels and len(counted) < 1):
            names = listed(schema.name for schema, _ in resolving)
            message = f"{self._where} is resolved by {names}, but it is not marked @shareable in {listed(owners)}"
            self._context.problem("INVALID_FIELD_SHARING", message)

    def _check_externals(self, merged: TypeNode, arguments: Collection[str]) -> None:
        """An external field is declared as it is where it is resolved."""
        for schema, definition in self._sources:
            if not definition.external:
                continue
            own = type_text(definition.type)
            wider = self._context.widest([merged, definition.type])
            if wider is None or type_text(wider) != own:
                message = f'{self._where} is external in "{schema.name}" with type {own}, but is {type_text(merged)}'
                self._context.problem("EXTERNAL_TYPE_MISMATCH", message)
            if missing := [name for name in arguments if name not in definition.arguments]:
                message = f'{self._where} is external in "{schema.name}", without the argument {listed(missing)}'
                self._context.problem("EXTERNAL_ARGUMENT_MISSING", message)

    # -- join directives

    def _joins(self, text: str, overridden: dict[str, bool], type_count: int) -> list[str]:
        labels = self._labels()
        joins: list[str] = []
        origins = {schema.name for schema in self._context.schemas}
        plain = True
        typed = any(type_text(definition.type) != text for _, definition in self._sources)
        for schema, definition in self._sources:
            if overridden.get(schema.name) is False:
                plain = False
                continue
            details = self._details(definition, typed=typed)
            is_moved = any(use.get("from") in origins for use in definition.uses("override"))
            if overridden.get(schema.name):
                details.append("usedOverridden: true")
            if schema.name in labels:
                details.append(f"overrideLabel: {quoted(labels[schema.name])}")
            plain = plain and all(detail.startswith("override:") for detail in details) and not is_moved
            joins.append(f"@join__field({', '.join([f'graph: {schema.graph}', *details])})")
        return [] if plain and len(joins) == type_count else joins

    def _details(self, definition: FieldDef, *, typed: bool) -> list[str]:
        details = [f"type: {quoted(type_text(definition.type))}"] if typed else []
        if definition.external:
            details.append("external: true")
        for name in ("requires", "provides"):
            details.extend(f"{name}: {quoted(str(use.get('fields', '')))}" for use in definition.uses(name))
        details.extend(f"override: {quoted(str(use.get('from', '')))}" for use in definition.uses("override"))
        return details
