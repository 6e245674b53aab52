"""What the command line sends, and what its tests pretend, fit the services' published schemas."""

from functools import cache
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    parse,
    validate,
)

from rapport_cli.batch import Call, document_of
from rapport_cli.commands.queries import ME
from rapport_cli.exporting import PART
from rapport_cli.importing.customers import LOOKUP, RECORD
from rapport_cli.importing.people import USER_FIELDS, USERS_BY_EXTERNAL_ID
from rapport_cli.sample.load import CUSTOMER_IDS, USER_IDS
from rapport_cli.sample.marker import FIND
from rapport_cli.session import REFRESH, SIGN_IN

SERVICES = Path(__file__).parents[2] / "services"
OWNERS = ("customers", "identity", "interactions", "tasks")
BATCHES = {
    "identity": [Call("createUser", {}, f"user {{ {USER_FIELDS} }}")],
    "customers": [Call(name, {}, f"customer {{ {RECORD} }}") for name in ("createCustomer", "updateCustomer")],
    "interactions": [Call("recordInteraction", {}, "interaction { id }")],
    "tasks": [
        Call(name, {}, "task { id version }") for name in ("createTask", "updateTask", "completeTask", "cancelTask")
    ],
}
DOCUMENTS = [
    ("identity", SIGN_IN),
    ("identity", REFRESH),
    ("identity", ME),
    ("identity", USERS_BY_EXTERNAL_ID),
    ("identity", USER_IDS),
    ("customers", LOOKUP),
    ("customers", CUSTOMER_IDS),
    ("customers", PART),
    ("tasks", FIND),
    *((service, document_of(calls)[0]) for service, calls in BATCHES.items()),
]
PRETENDED = build_schema(Path(__file__).with_name("crm_contract.graphql").read_text(encoding="utf-8"))
Fielded = GraphQLObjectType | GraphQLInputObjectType


@cache
def _schema(service: str) -> GraphQLSchema:
    # A subgraph's SDL leaves the federation directives undefined.
    return build_schema((SERVICES / service / "schema.graphql").read_text(encoding="utf-8"), assume_valid_sdl=True)


@pytest.mark.parametrize(("service", "document"), DOCUMENTS)
def test_every_document_is_valid(service: str, document: str) -> None:
    assert validate(_schema(service), parse(document)) == []


@pytest.mark.parametrize(
    "name", [name for name in PRETENDED.type_map if not name.startswith("__") and name not in {"String", "Int"}]
)
def test_the_pretended_schema_promises_nothing_more(name: str) -> None:
    pretended = PRETENDED.type_map[name]
    real = [_schema(service).type_map[name] for service in OWNERS if name in _schema(service).type_map]
    assert real
    if isinstance(pretended, GraphQLEnumType):
        assert all(set(pretended.values) == set(kind.values) for kind in real if isinstance(kind, GraphQLEnumType))
    if isinstance(pretended, Fielded):
        published = {
            field: str(definition.type)
            for kind in real
            if isinstance(kind, Fielded)
            for field, definition in kind.fields.items()
        }
        assert {
            field: str(definition.type) for field, definition in pretended.fields.items()
        }.items() <= published.items()
