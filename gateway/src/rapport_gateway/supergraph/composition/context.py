"""What all merging steps share: the subgraphs, the problems found, and how types relate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from graphql.language import ListTypeNode, NonNullTypeNode, TypeNode

from rapport_gateway.supergraph.composition.subgraph import SubgraphSchema, TypeDef
from rapport_gateway.supergraph.composition.usage import provided_externals
from rapport_gateway.supergraph.directives import named_type, type_text
from rapport_gateway.supergraph.errors import CompositionProblem
from rapport_gateway.supergraph.model import Kind

D = TypeVar("D")


class Source(NamedTuple, Generic[D]):
    """A definition with the subgraph it is from."""

    schema: SubgraphSchema
    definition: D


class Context:
    """`input_types` and `output_types` are the types of arguments and input fields, and of fields, as far as merged."""

    def __init__(self, schemas: Sequence[SubgraphSchema]) -> None:
        self.schemas = schemas
        self.problems: list[CompositionProblem] = []
        self.input_types: set[str] = set()
        self.output_types: set[str] = set()
        self._provided = {schema.name: set(provided_externals(schema)) for schema in schemas}

    def problem(self, code: str, message: str) -> None:
        self.problems.append(CompositionProblem(code, message))

    def sources(self, type_name: str) -> list[Source[TypeDef]]:
        return [Source(schema, schema.types[type_name]) for schema in self.schemas if type_name in schema.types]

    def providing(self, type_name: str, field_name: str) -> list[str]:
        """The subgraphs that resolve the field on some way only, as some `@provides` says."""
        return [name for name, provided in self._provided.items() if (type_name, field_name) in provided]

    def implementers(self, interface: str) -> list[Source[TypeDef]]:
        """Object types that implement the interface, as every subgraph has them."""
        names = {
            name
            for schema in self.schemas
            for name, definition in schema.types.items()
            if definition.kind is Kind.OBJECT and interface in definition.interfaces
        }
        return [source for name in sorted(names) for source in self.sources(name)]

    def interface_objects(self, type_name: str) -> list[Source[TypeDef]]:
        """The interface objects that stand for the object type in subgraphs that do not know it."""
        interfaces = dict.fromkeys(name for _, definition in self.sources(type_name) for name in definition.interfaces)
        return [
            Source(schema, schema.types[name])
            for name in interfaces
            for schema in self.schemas
            if name in schema.types and schema.types[name].is_interface_object and type_name not in schema.types
        ]

    def is_subtype(self, narrow: str, wide: str) -> bool:
        """Whether objects of `narrow` are also of `wide`, somewhere in the supergraph."""
        if narrow == wide:
            return True
        for schema in self.schemas:
            target = schema.types.get(wide)
            if target is not None and target.kind is Kind.UNION and narrow in target.members:
                return True
            own = schema.types.get(narrow)
            if own is not None and wide in own.interfaces:
                return True
        return False

    def merged_result(self, types: Sequence[TypeNode]) -> tuple[TypeNode, bool]:
        """The one of the types that holds the values of all, and whether there is one; else it leaves some out."""
        merged, fits = _folded(types, self._wider)
        self.output_types.add(named_type(merged))
        return merged, fits

    def merged_input(self, types: Sequence[TypeNode]) -> tuple[TypeNode, bool]:
        """The one of the types whose values all accept, and whether there is one; else some do not."""
        merged, fits = _folded(types, _narrower)
        self.input_types.add(named_type(merged))
        return merged, fits

    def holds(self, wide: TypeNode, narrow: TypeNode) -> bool:
        """Whether every result of the one type is one of the other."""
        merged = self._wider(wide, narrow)
        return merged is not None and type_text(merged) == type_text(wide)

    def _wider(self, first: TypeNode, second: TypeNode) -> TypeNode | None:
        if isinstance(first, NonNullTypeNode) and isinstance(second, NonNullTypeNode):
            inner = self._wider(first.type, second.type)
            return inner and NonNullTypeNode(type=inner)  # type: ignore[arg-type]
        first, second = _nullable(first), _nullable(second)
        if isinstance(first, ListTypeNode) and isinstance(second, ListTypeNode):
            inner = self._wider(first.type, second.type)
            return inner and ListTypeNode(type=inner)
        if isinstance(first, ListTypeNode) or isinstance(second, ListTypeNode):
            return None
        if self.is_subtype(named_type(second), named_type(first)):
            return first
        return second if self.is_subtype(named_type(first), named_type(second)) else None


def accepts(narrow: TypeNode, wide: TypeNode) -> bool:
    """Whether every input of the one type is one of the other."""
    merged = _narrower(wide, narrow)
    return merged is not None and type_text(merged) == type_text(narrow)


def _folded(types: Sequence[TypeNode], merge: Callable[[TypeNode, TypeNode], TypeNode | None]) -> tuple[TypeNode, bool]:
    result, fits = types[0], True
    for other in types[1:]:
        merged = merge(result, other)
        if merged is None or type_text(merged) not in {type_text(result), type_text(other)}:
            fits = False
        else:
            result = merged
    return result, fits


def _narrower(first: TypeNode, second: TypeNode) -> TypeNode | None:
    if isinstance(first, NonNullTypeNode) or isinstance(second, NonNullTypeNode):
        inner = _narrower(_nullable(first), _nullable(second))
        return inner and NonNullTypeNode(type=inner)  # type: ignore[arg-type]
    if isinstance(first, ListTypeNode) and isinstance(second, ListTypeNode):
        inner = _narrower(first.type, second.type)
        return inner and ListTypeNode(type=inner)
    return first if type_text(first) == type_text(second) else None


def _nullable(node: TypeNode) -> TypeNode:
    return node.type if isinstance(node, NonNullTypeNode) else node


def listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def description_of(definitions: Iterable[object]) -> str | None:
    """The description that most subgraphs give, the first among equals."""
    given = Counter(text for item in definitions if (text := getattr(item, "description", None)))
    return given.most_common(1)[0][0] if given else None
