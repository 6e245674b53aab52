"""The federated schema of a subgraph, with the checks that every request passes."""

from collections.abc import Iterator
from typing import Any, Final

import structlog
from graphql import DocumentNode, FieldNode, FragmentDefinitionNode, FragmentSpreadNode, GraphQLError, SelectionSetNode
from graphql.language import OperationDefinitionNode
from strawberry.extensions import SchemaExtension, ValidationCache
from strawberry.federation import Schema
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext

from rapport_shared.graphql.doors import Doors
from rapport_shared.graphql.errors import INTERNAL, error_code, make_safe
from rapport_shared.graphql.field_rights import mask_fields
from rapport_shared.graphql.limits import CACHED_DOCUMENTS, Limits
from rapport_shared.graphql.scalars import DATE_TIME, DateTime
from rapport_shared.logs import failure_facts
from rapport_shared.mongo import is_transient

FEDERATION_VERSION: Final = "2.9"

log = structlog.get_logger(__name__)


class SubgraphSchema(Schema):
    """A federated schema whose errors have codes, and that logs unexpected failures without the values in them."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Called with every error before it is answered: log what is our own fault, and make all safe to show."""
        for error in errors:
            failure = error.original_error or error
            if error_code(error) == INTERNAL or is_transient(failure):
                log.error("resolver failed", path=error.path, **failure_facts(failure))
            make_safe(error)


def subgraph_schema(
    *,
    queries: tuple[type, ...],
    mutations: tuple[type, ...] = (),
    subscriptions: tuple[type, ...] = (),
    types: tuple[type, ...] = (),
    doors: Doors = Doors(),  # noqa: B008 - it is immutable
) -> SubgraphSchema:
    """Gather the root fields of a service's nouns.

    ``types`` are entities to which no field here leads; ``doors`` says which root fields need no access token, or more
    than that.
    """
    public = doors.public

    class RequireSignIn(SchemaExtension):
        """Refuses every other root field, introspection and SDL included, before anything else is said.

        A gateway may read the SDL in its own name.
        """

        def on_validate(self) -> Iterator[None]:
            context = self.execution_context
            open_to_all = public | {"_service"} if context.context.from_service else public
            refused = context.context.refused()
            if refused is not None and not _root_fields(context) <= open_to_all:
                context.pre_execution_errors = [GraphQLError(refused.message, extensions={"code": refused.code})]
            yield

    schema = SubgraphSchema(
        query=doors.guard(merge_types("Query", queries)),
        types=types,
        mutation=doors.guard(merge_types("Mutation", mutations)) if mutations else None,
        subscription=doors.guard(merge_types("Subscription", subscriptions)) if subscriptions else None,
        federation_version=FEDERATION_VERSION,
        config=StrawberryConfig(scalar_map={DateTime: DATE_TIME}),
        extensions=[
            Limits,
            lambda: ValidationCache(maxsize=CACHED_DOCUMENTS),
            RequireSignIn,
        ],
    )
    doors.guard_entities(known.definition for known in schema.schema_converter.type_map.values())
    mask_fields(schema._schema)  # Strawberry has no hook for every field of a type
    return schema


def _root_fields(context: ExecutionContext) -> set[str]:
    """The root fields of every operation in the document, fragments followed."""
    document: DocumentNode | None = context.graphql_document
    if document is None:
        return set()
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    names: set[str] = set()
    waiting = [node.selection_set for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    seen: set[str] = set()
    while waiting:
        selections: SelectionSetNode = waiting.pop()
        for node in selections.selections:
            selection: Any = node
            if isinstance(selection, FieldNode):
                names.add(selection.name.value)
            elif not isinstance(selection, FragmentSpreadNode):
                waiting.append(selection.selection_set)
            elif selection.name.value in fragments and selection.name.value not in seen:
                seen.add(selection.name.value)
                waiting.append(fragments[selection.name.value].selection_set)
    return names - {"__typename"}
