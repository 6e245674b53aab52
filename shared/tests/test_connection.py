"""What a connection promises, whatever its URL says."""

import pytest

from rapport_shared.mongo import connect, every


@pytest.mark.parametrize(
    "url", ["mongodb://127.0.0.1:1/", "mongodb://127.0.0.1:1/?w=0&journal=false&retryWrites=false"]
)
async def test_writes_are_durable_and_reads_committed_whatever_the_url_says(url: str) -> None:
    mongo = connect(url, "rapport_test")
    try:
        for target in (mongo.database, mongo.database["anything"]):
            assert target.write_concern.document == {"w": "majority", "j": True}
            assert target.read_concern.document == {"level": "majority"}
        options = mongo.client.options
        assert options.retry_writes
        assert (options.server_selection_timeout, options.pool_options.max_pool_size) == (3.0, 50)
        assert (options.pool_options.connect_timeout, options.pool_options.socket_timeout) == (2.0, 10.0)
    finally:
        await mongo.close()


def test_conditions_are_merged_flat_where_their_keys_allow_it() -> None:
    own = {"$or": [{"owner_id": "a"}]}
    assert every({}, {"deleted": False}, own) == {"deleted": False, **own}
    assert every(own, {"deleted": False}, {"$or": [{"x": 1}]}) == {
        "$and": [{**own, "deleted": False}, {"$or": [{"x": 1}]}]
    }
    assert every() == {}
