"""The database of a service's tests: migrated once, emptied after each."""

from rapport_shared.mongo import Mongo


async def keep_what_is_old(mongo: Mongo) -> None:
    """Drop the indexes by which the database removes what is old: it goes by its own clock, the tests by theirs."""
    for name in await mongo.database.list_collection_names():
        for index, told in (await mongo.database[name].index_information()).items():
            if "expireAfterSeconds" in told:
                await mongo.database[name].drop_index(index)


async def empty(mongo: Mongo) -> None:
    """Delete every document; collections and indexes stay."""
    for name in await mongo.database.list_collection_names():
        await mongo.database[name].delete_many({})
