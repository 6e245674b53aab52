"""What an operation is, without what it says of anybody: every value written into it is taken out."""

from __future__ import annotations

from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FloatValueNode,
    GraphQLError,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    NameNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    TypeNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    is_enum_type,
    is_leaf_type,
    parse,
    parse_type,
    print_ast,
    visit,
)
from graphql.utilities import separate_operations

_PLACEHOLDERS = {IntValueNode: "0", FloatValueNode: "0.0", StringValueNode: ""}


def signature(text: str, operation_name: str | None, schema: GraphQLSchema) -> str | None:
    """The operation with variables in place of the literals of its arguments, aliases numbered, defaults and comments
    left out: still valid where it was. None where the text has no such operation.

    Names stay, those of the operation, its variables and its fragments too; so do enum values, booleans and null.
    """
    try:
        parts = separate_operations(parse(text, no_location=True))
    except GraphQLError:
        return None
    document = parts.get(operation_name or "") or (next(iter(parts.values())) if len(parts) == 1 else None)
    if document is None:
        return None
    types = TypeInfo(schema)
    lifting = _Lifting(types)
    lifted: DocumentNode = visit(document, TypeInfoVisitor(types, lifting))
    return print_ast(visit(lifted, _Declaring(lifting.declared)))


class _Lifting(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types
        self._aliases: dict[str, str] = {}
        self.declared: list[VariableDefinitionNode] = []

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> Any:
        """A variable with a default is valid where one that must be given is."""
        if node.default_value is None:
            return None
        return VariableDefinitionNode(
            variable=node.variable, type=_required(print_ast(node.type)), directives=node.directives
        )

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        if node.alias is None:
            return None
        known = self._aliases.setdefault(node.alias.value, f"_a{len(self._aliases) + 1}")
        kept = {key: getattr(node, key) for key in node.keys if key != "loc"}
        return FieldNode(**{**kept, "alias": NameNode(value=known)})

    def enter_int_value(self, node: IntValueNode, *_: Any) -> Any:
        return self._lifted(node, self._types.get_input_type())

    def enter_float_value(self, node: FloatValueNode, *_: Any) -> Any:
        return self._lifted(node, self._types.get_input_type())

    def enter_string_value(self, node: StringValueNode, *_: Any) -> Any:
        return self._lifted(node, self._types.get_input_type())

    def enter_list_value(self, node: ListValueNode, *_: Any) -> Any:
        return self._whole(node, self._types.get_parent_input_type())  # the type is already that of the items

    def enter_object_value(self, node: ObjectValueNode, *_: Any) -> Any:
        return self._whole(node, self._types.get_input_type())

    def _whole(self, node: Node, type_: Any) -> Any:
        named = get_named_type(type_)
        if named is None or not is_leaf_type(named) or is_enum_type(named) or _has_variables(node):
            return None
        return self._lifted(node, type_)

    def _lifted(self, node: Any, type_: Any) -> Any:
        if type_ is None:
            placeholder = _PLACEHOLDERS.get(type(node))
            return None if placeholder is None else type(node)(value=placeholder)
        variable = VariableNode(name=NameNode(value=f"_v{len(self.declared) + 1}"))
        self.declared.append(VariableDefinitionNode(variable=variable, type=_required(str(type_)), directives=()))
        return variable


class _Declaring(Visitor):
    def __init__(self, declared: list[VariableDefinitionNode]) -> None:
        super().__init__()
        self._declared = declared

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> Any:
        kept = {key: getattr(node, key) for key in node.keys if key != "loc"}
        kept["variable_definitions"] = (*(node.variable_definitions or ()), *self._declared)
        return OperationDefinitionNode(**kept)


def _required(type_: str) -> TypeNode:
    return parse_type(f"{type_.removesuffix('!')}!", no_location=True)


def _has_variables(node: Node) -> bool:
    found = []

    class Variables(Visitor):
        def enter_variable(self, inner: VariableNode, *_: Any) -> None:
            found.append(inner)

    visit(node, Variables())
    return bool(found)
