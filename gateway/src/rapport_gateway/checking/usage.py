"""What a change of the schema does to one operation."""

from __future__ import annotations

from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLOutputType,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_list_type,
    is_non_null_type,
    parse,
    validate,
    visit,
)

from rapport_gateway.checking.recorded import RecordedOperation


@dataclass(frozen=True, slots=True)
class Broken:
    """An operation that answers today and would not, or would answer otherwise than its client was built for."""

    operation: RecordedOperation
    reasons: tuple[str, ...]


class OutOfUse(Exception):
    """The operation is not valid today."""


def broken_by(operation: RecordedOperation, old: GraphQLSchema, new: GraphQLSchema) -> Broken | None:
    """Raises OutOfUse."""
    try:
        document = parse(operation.text)
    except GraphQLError as error:
        raise OutOfUse(error.message) from error
    if problems := validate(old, document, hide_suggestions=True):
        raise OutOfUse(problems[0].message)
    reasons = [problem.message for problem in validate(new, document, hide_suggestions=True)]
    reasons += _changed_results(document, old, new)
    return Broken(operation, tuple(dict.fromkeys(reasons))) if reasons else None


def _changed_results(document: DocumentNode, old: GraphQLSchema, new: GraphQLSchema) -> list[str]:
    """Selected fields whose values may be of another type, or null where they never were."""
    types = TypeInfo(old)
    found: list[str] = []

    class Selected(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            parent, before = types.get_parent_type(), types.get_type()
            owner = new.get_type(parent.name) if parent else None
            definition = getattr(owner, "fields", {}).get(node.name.value)
            if parent is not None and before is not None and definition and not _still_fits(before, definition.type):
                found.append(f"'{parent.name}.{node.name.value}' gives {definition.type}, where it gave {before}.")

    visit(document, TypeInfoVisitor(types, Selected()))
    return found


def _still_fits(old: GraphQLOutputType, new: GraphQLOutputType) -> bool:
    """Whether who reads values of the old type can read those of the new."""
    if is_non_null_type(old):
        return is_non_null_type(new) and _still_fits(old.of_type, new.of_type)
    if is_non_null_type(new):
        return _still_fits(old, new.of_type)
    if is_list_type(old) or is_list_type(new):
        return is_list_type(old) and is_list_type(new) and _still_fits(old.of_type, new.of_type)
    return get_named_type(old).name == get_named_type(new).name
