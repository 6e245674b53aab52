"""What must hold across subgraphs for interfaces with keys and for interface objects."""

from __future__ import annotations

from rapport_gateway.supergraph.composition.context import Context, listed
from rapport_gateway.supergraph.composition.subgraph import SubgraphSchema, TypeDef
from rapport_gateway.supergraph.model import Kind


def check_interface_objects(context: Context) -> None:
    for schema in context.schemas:
        for type_def in schema.types.values():
            implementers = dict.fromkeys(source.definition.name for source in context.implementers(type_def.name))
            _check_overrides(context, schema, type_def)
            if type_def.is_interface_object:
                _check_no_implementers(context, schema, type_def, [n for n in implementers if n in schema.types])
            elif type_def.kind is Kind.INTERFACE and any(resolvable for _, resolvable in type_def.key_texts()):
                missing = [name for name in implementers if not _implements(schema, name, type_def.name)]
                if missing:
                    context.problem(
                        "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE",
                        f"[{schema.name}] interface {type_def.name} has a key, but {listed(missing)} of others "
                        "do not implement it here",
                    )


def _check_no_implementers(context: Context, schema: SubgraphSchema, type_def: TypeDef, names: list[str]) -> None:
    if names:
        context.problem(
            "INTERFACE_OBJECT_USAGE_ERROR",
            f'"{schema.name}" has {type_def.name} as an @interfaceObject and must not define its type {listed(names)}',
        )


def _check_overrides(context: Context, schema: SubgraphSchema, type_def: TypeDef) -> None:
    """A field of one type cannot be taken from, or by, a subgraph that knows its interface only."""
    behind = {source.schema.name: source.definition for source in context.interface_objects(type_def.name)}
    for field in type_def.fields.values():
        for use in field.uses("override"):
            abstract = behind.get(str(use.get("from", "")))
            if type_def.is_interface_object or (abstract is not None and field.name in abstract.fields):
                message = f"[{schema.name}] @override on {type_def.name}.{field.name} concerns an @interfaceObject"
                context.problem("OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE", message)


def _implements(schema: SubgraphSchema, name: str, interface: str) -> bool:
    definition = schema.types.get(name)
    return definition is not None and interface in definition.interfaces
