"""Whether field sets are selections that the subgraph's schema allows, and what they select."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    Node,
    SelectionSetNode,
    VariableNode,
    Visitor,
    print_ast,
    validate,
    visit,
)
from graphql.validation import NoUnusedFragmentsRule, OverlappingFieldsCanBeMergedRule, specified_rules

from rapport_gateway.supergraph.composition.subgraph import FieldDef, SubgraphSchema, TypeDef
from rapport_gateway.supergraph.directives import named_type
from rapport_gateway.supergraph.errors import CompositionProblem
from rapport_gateway.supergraph.field_sets import parse_field_set

_OTHER_RULES = (NoUnusedFragmentsRule, OverlappingFieldsCanBeMergedRule)
_RULES = tuple(rule for rule in specified_rules if rule not in _OTHER_RULES)


@dataclass(frozen=True, slots=True)
class Selected:
    """A field in a field set; `field` is None for `__typename`, and where there is no such field.

    `within_external`: a field above is external."""

    parent: TypeDef
    field: FieldDef | None
    is_leaf: bool
    within_external: bool


@dataclass(frozen=True, slots=True)
class FieldSetUse:
    """A `@key`, `@requires` or `@provides` (`kind`, in capitals) on what `where` names; `fields` as it was given."""

    schema: SubgraphSchema
    kind: str
    where: str
    fields: object

    def problem(self, code: str, message: str) -> CompositionProblem:
        text = f'[{self.schema.name}] @{self.kind.lower()}(fields: "{self.fields}") on {self.where}: {message}'
        return CompositionProblem(f"{self.kind}_{code}", text)

    def selected(self, type_def: TypeDef) -> tuple[list[Selected], list[CompositionProblem]]:
        """What is selected, as far as that can be told, and what is wrong with it."""
        if not isinstance(self.fields, str):
            return [], [self.problem("INVALID_FIELDS_TYPE", "the fields must be a string")]
        try:
            selections = parse_field_set(self.fields).selections
        except ValueError as error:
            return [], [self.problem("INVALID_FIELDS", str(error))]
        texts = _broken_rules(self.schema.graphql, self.schema.own_name(type_def.name), selections)
        problems = [self.problem("INVALID_FIELDS", text) for text in texts] or self._refused(selections)
        return list(_walk(self.schema, type_def, selections, within_external=False)), problems

    def _refused(self, selections: SelectionSetNode) -> list[CompositionProblem]:
        refused = _Refused()
        visit(selections, refused)
        if refused.directives:
            message = f"{', '.join(refused.directives)} cannot be used in field sets"
            return [self.problem("DIRECTIVE_IN_FIELDS_ARG", message)]
        return [self.problem("INVALID_FIELDS", text) for text in refused.texts]


class _Refused(Visitor):
    """Finds what selections may hold, but field sets may not."""

    def __init__(self) -> None:
        super().__init__()
        self.directives: list[str] = []
        self.texts: list[str] = []

    def enter(self, node: Node, *_: object) -> None:
        self.directives.extend(print_ast(directive) for directive in getattr(node, "directives", None) or ())
        if isinstance(node, FieldNode) and node.alias is not None:
            self.texts.append(f"the alias {node.alias.value} cannot be used in field sets")
        elif isinstance(node, VariableNode):
            self.texts.append(f"the variable ${node.name.value} cannot be used in field sets")


def _broken_rules(schema: GraphQLSchema, type_name: str, selections: SelectionSetNode) -> list[str]:
    fragment = FragmentDefinitionNode(
        name=NameNode(value="Fields"),
        type_condition=NamedTypeNode(name=NameNode(value=type_name)),
        selection_set=selections,
    )
    return [error.message for error in validate(schema, DocumentNode(definitions=(fragment,)), _RULES)]


def _walk(
    schema: SubgraphSchema, type_def: TypeDef, selections: SelectionSetNode, *, within_external: bool
) -> Iterator[Selected]:
    for selection in selections.selections:
        if isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            target = schema.types.get(schema.usual_name(condition.name.value)) if condition else type_def
            if target is not None:
                yield from _walk(schema, target, selection.selection_set, within_external=within_external)
        elif isinstance(selection, FieldNode):
            field = type_def.fields.get(selection.name.value)
            below = selection.selection_set
            yield Selected(type_def, field, below is None, within_external)
            target = schema.types.get(named_type(field.type)) if field else None
            if field is not None and below is not None and target is not None:
                inside = within_external or field.external
                yield from _walk(schema, target, below, within_external=inside)
