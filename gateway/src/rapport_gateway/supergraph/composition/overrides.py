"""`@override`: which subgraphs a field is taken from, at once or by steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rapport_gateway.supergraph.composition.context import Context, Source
from rapport_gateway.supergraph.composition.subgraph import FieldDef
from rapport_gateway.supergraph.composition.usage import is_still_used

_NOT_TO_BE_TAKEN = ("requires", "provides")


@dataclass(frozen=True, slots=True)
class Overrides:
    """For one field, by subgraph name.

    `overridden`: whose field another takes over, True where the old field is still in use there; `labels` on the new
    side and the old of overrides that move by steps.
    """

    overridden: dict[str, bool] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def is_gone(self, name: str) -> bool:
        """Whether the subgraph's field is never asked for any more."""
        return name in self.overridden and name not in self.labels


def find_overrides(
    context: Context, where: str, type_name: str, sources: Sequence[Source[FieldDef]], *, is_object: bool
) -> Overrides:
    found = Overrides()
    for source in sources:
        for use in source.definition.uses("override"):
            problem = _refused(where, source, sources, str(use.get("from", "")), is_object=is_object)
            if problem is not None:
                context.problem(*problem)
                continue
            origin = _origin(source, sources, str(use.get("from", "")))
            if origin is None:
                continue
            name = origin.schema.name
            found.overridden[name] = is_still_used(origin.schema, type_name, origin.definition.name)
            if use.get("label"):
                found.labels[source.schema.name] = found.labels[name] = str(use["label"])
    return found


def _origin(source: Source[FieldDef], sources: Sequence[Source[FieldDef]], name: str) -> Source[FieldDef] | None:
    """Whose field is taken over, where there is one."""
    others: Iterator[Source[FieldDef]] = (other for other in sources if other.schema.name == name)
    return next((other for other in others if not other.definition.external and other is not source), None)


def _refused(
    where: str, source: Source[FieldDef], sources: Sequence[Source[FieldDef]], name: str, *, is_object: bool
) -> tuple[str, str] | None:
    """The code and the reason."""
    here = source.schema.name
    collision = "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE"
    origin = _origin(source, sources, name)
    clashing = [f"@{item}" for item in _NOT_TO_BE_TAKEN if origin is not None and origin.definition.has(item)]
    found: tuple[str, str] | None = None
    if not is_object:
        found = "OVERRIDE_ON_INTERFACE", f"[{here}] @override cannot be used on the interface field {where}"
    elif name == here:
        found = "OVERRIDE_FROM_SELF_ERROR", f'{where} in "{here}" overrides itself'
    elif source.definition.external:
        found = collision, f"[{here}] {where} cannot be both @override and @external"
    elif origin is not None and origin.definition.has("override"):
        found = "OVERRIDE_SOURCE_HAS_OVERRIDE", f'{where} is overridden in both "{here}" and "{name}"'
    elif clashing:
        message = f'[{here}] {where} cannot be taken over from "{name}", where it is marked {", ".join(clashing)}'
        found = collision, message
    return found
