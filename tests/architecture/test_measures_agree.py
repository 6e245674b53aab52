"""The gateway and the subgraphs measure documents each with code of its own: what both count is the same."""

import pytest
from graphql import FragmentDefinitionNode, GraphQLError, OperationDefinitionNode, parse
from hostile_documents import Hostile, hostile_documents

from rapport_gateway.limits import measure as of_gateway
from rapport_shared.graphql import measure as of_subgraphs

FRIENDLY = [
    Hostile("a page", "query P($n: Int) { customers(first: $n) { nodes { id owner { name } } totalCount } }", ""),
    Hostile("fragments", "{ ...F ...F } fragment F on Query { a: me { ...G } } fragment G on User { id }", ""),
    Hostile("values", '{ customers(filter: {and: [{name: {eq: "x"}}, {or: []}]}) @skip(if: true) { totalCount } }', ""),
    Hostile("defaults", "query D($f: F = {a: [1, 2]}) { ... @include(if: true) { ... on Query { a { b } } } }", ""),
    Hostile("meta", "{ x: __schema { types { name } } }", ""),
]  # fmt: skip


@pytest.mark.parametrize("document", [*hostile_documents(), *FRIENDLY], ids=lambda document: document.name)
def test_what_both_count_is_the_same(document: Hostile) -> None:
    try:
        parsed = parse(document.text, max_tokens=20_000)
    except GraphQLError:
        pytest.skip("it is refused before it is measured")
    try:
        gateway = of_gateway.measure(parsed)
    except of_gateway.FragmentCycle:
        with pytest.raises(GraphQLError, match="within itself"):
            of_subgraphs.measure(parsed)
        return
    counts = of_subgraphs.measure(parsed).counts
    assert counts["selections"] == gateway.totals.selections
    fragments = [node.name.value for node in parsed.definitions if isinstance(node, FragmentDefinitionNode)]
    if len(set(fragments)) == len(fragments):  # otherwise it is not valid, whichever of them counts
        assert counts["nesting"] == gateway.totals.nesting
    assert counts["directives"] == gateway.directives
    assert counts["literal_values"] == gateway.literal_values
    assert counts["input_depth"] == gateway.literal_depth
    assert counts["definitions"] == len(parsed.definitions)
    assert ("introspection_aliases" in counts) == gateway.introspects
    # The gateway runs one operation, and counts its aliases; a subgraph does not choose before it has counted.
    operations = [node for node in parsed.definitions if isinstance(node, OperationDefinitionNode)]
    assert counts["aliases"] >= gateway.totals.aliases
    if len(operations) == len(parsed.definitions) == 1:
        assert counts["aliases"] == gateway.totals.aliases
