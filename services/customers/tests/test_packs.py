"""Industry packs as clients meet them."""

import pytest
from subgraph_client import SubgraphClient

from rapport_shared.actor import Actor

ADDED = "fields tags tiers"


@pytest.mark.parametrize("pack", ["ECOMMERCE", "EDUCATION", "B2B"])
async def test_a_pack_adds_what_is_missing_once(client: SubgraphClient, admin: Actor, pack: str) -> None:
    installed = await client.mutate("installIndustryPack", ADDED, {"pack": pack}, by=admin)
    assert installed["userErrors"] == []
    assert (len(installed["fields"]), len(installed["tiers"])) == (3, 3)
    assert installed["tags"] == ["活跃客户", "待唤醒客户"]
    document = """{ tagGroups { nodes { id name } } tags { nodes { name rule ruleVersion } } tiers { tiers { key } }
        customFields(appliesTo: "Customer") { key } }"""
    there = (await client.query(document, by=admin)).data
    assert [tier["key"] for tier in there["tiers"]["tiers"]] == installed["tiers"]
    assert [field["key"] for field in there["customFields"]] == installed["fields"]
    assert [tag["name"] for tag in there["tags"]["nodes"]] == installed["tags"]
    again = await client.mutate("installIndustryPack", ADDED, {"pack": pack}, by=admin)
    assert again == {"fields": [], "tags": [], "tiers": [], "userErrors": []}
    assert (await client.query(document, by=admin)).data == there


async def test_a_second_pack_leaves_the_first_as_it_is(client: SubgraphClient, admin: Actor) -> None:
    await client.mutate("installIndustryPack", ADDED, {"pack": "B2B"}, by=admin)
    second = await client.mutate("installIndustryPack", ADDED, {"pack": "ECOMMERCE"}, by=admin)
    assert (len(second["fields"]), second["tags"], second["tiers"]) == (3, [], [])


async def test_packs_are_for_who_may_define_fields_tags_and_tiers(client: SubgraphClient) -> None:
    manager = Actor("usr_manager", "MANAGER", "ses_4")
    refused = await client.mutate("installIndustryPack", ADDED, {"pack": "B2B"}, by=manager)
    assert [error["code"] for error in refused["userErrors"]] == ["FORBIDDEN"]
