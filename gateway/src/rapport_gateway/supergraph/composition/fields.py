"""Merging the fields of objects and interfaces: types, sharing, externals, overrides, and the join directives."""

from __future__ import annotations

from collections.abc import Sequence

from rapport_gateway.supergraph.composition.context import (
    Context,
    Source,
    description_of,
    listed,
    public_directives,
    quoted,
)
from rapport_gateway.supergraph.composition.inputs import merge_arguments
from rapport_gateway.supergraph.composition.merged import MergedField
from rapport_gateway.supergraph.composition.subgraph import FieldDef, TypeDef
from rapport_gateway.supergraph.composition.usage import is_still_used
from rapport_gateway.supergraph.directives import type_text
from rapport_gateway.supergraph.model import Kind

FieldSources = list[Source[FieldDef]]


def merge_fields(context: Context, type_name: str, kind: Kind, types: Sequence[Source[TypeDef]]) -> list[MergedField]:
    merged = []
    for name in dict.fromkeys(name for _, definition in types for name in definition.fields):
        sources = [Source(schema, item.fields[name]) for schema, item in types if name in item.fields]
        merger = _FieldMerger(context, type_name, kind, name, sources)
        if (field := merger.merge(len(types))) is not None:
            merged.append(field)
    return merged


class _FieldMerger:
    def __init__(self, context: Context, type_name: str, kind: Kind, name: str, sources: FieldSources) -> None:
        self._context = context
        self._type_name = type_name
        self._is_object = kind is Kind.OBJECT
        self._name = name
        self._where = f"{type_name}.{name}"
        self._sources = sources

    def merge(self, type_count: int) -> MergedField | None:
        overridden = self._overridden()
        resolving = [s for s in self._sources if not s.definition.external and s.schema.name not in overridden]
        if not resolving:
            names = listed(schema.name for schema, _ in self._sources)
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
        self._check_externals(text)
        definitions = [definition for _, definition in self._sources]
        joins = self._joins(text, overridden, type_count)
        return MergedField(
            self._name,
            text,
            merge_arguments(self._context, self._where, resolving),
            description_of(definitions),
            [*joins, *public_directives(definitions)],
        )

    # -- overrides

    def _overridden(self) -> dict[str, bool]:
        """The subgraphs whose field another one takes over; True where the old field is still in use there."""
        result: dict[str, bool] = {}
        for schema, definition in self._sources:
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

    def _check_externals(self, text: str) -> None:
        for schema, definition in self._sources:
            if not definition.external:
                continue
            own = type_text(definition.type)
            if own.replace("!", "") != text.replace("!", "") and not self._context.widest([definition.type]):
                message = f'{self._where} is external in "{schema.name}" with type {own}, but its type is {text}'
                self._context.problem("EXTERNAL_TYPE_MISMATCH", message)

    # -- join directives

    def _joins(self, text: str, overridden: dict[str, bool], type_count: int) -> list[str]:
        labels = self._labels()
        joins: list[str] = []
        plain = True
        typed = any(type_text(definition.type) != text for _, definition in self._sources)
        for schema, definition in self._sources:
            if overridden.get(schema.name) is False:
                plain = False
                continue
            details = self._details(definition, typed=typed)
            if overridden.get(schema.name):
                details.append("usedOverridden: true")
            if schema.name in labels:
                details.append(f"overrideLabel: {quoted(labels[schema.name])}")
            plain = plain and not details
            joins.append(f"@join__field({', '.join([f'graph: {schema.graph}', *details])})")
        return [] if plain and len(joins) == type_count else joins

    def _details(self, definition: FieldDef, *, typed: bool) -> list[str]:
        details = [f"type: {quoted(type_text(definition.type))}"] if typed else []
        if definition.external:
            details.append("external: true")
        for name in ("requires", "provides"):
            details.extend(f"{name}: {quoted(str(use.get('fields', '')))}" for use in definition.uses(name))
        origins = {schema.name for schema in self._context.schemas}
        known = (str(use["from"]) for use in definition.uses("override") if use.get("from") in origins)
        details.extend(f"override: {quoted(origin)}" for origin in known)
        return details
