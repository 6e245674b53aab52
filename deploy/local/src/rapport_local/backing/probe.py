"""Asking a database or a broker whether it answers."""

import asyncio
import threading
from urllib.parse import quote, urlsplit

import aiormq
from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from rapport_local.errors import CannotRun


def mongo_problem(url: str, *, seconds: float = 3.0) -> str | None:
    """None when the server answers a ping within that time, otherwise why it does not."""
    milliseconds = int(seconds * 1000)
    try:
        with MongoClient[dict[str, object]](
            url, serverSelectionTimeoutMS=milliseconds, connectTimeoutMS=milliseconds, socketTimeoutMS=milliseconds
        ) as client:
            client.admin.command("ping")
    except ConnectionFailure:
        return "nothing answers there"
    except OperationFailure as error:
        return str(error.details.get("errmsg", error)) if error.details else str(error)
    except (PyMongoError, ValueError) as error:
        return str(error)
    return None


def amqp_problem(url: str, *, seconds: float = 3.0) -> str | None:
    """None when the broker accepts this user on this virtual host within that time, otherwise why it does not."""
    problem: list[str | None] = []
    # A loop of its own in a thread of its own: the caller may be inside a running one.
    thread = threading.Thread(target=lambda: problem.append(asyncio.run(_amqp_problem(url, seconds))))
    thread.start()
    thread.join()
    return problem[0]


async def _amqp_problem(url: str, seconds: float) -> str | None:
    try:
        async with asyncio.timeout(seconds):
            connection = await aiormq.connect(url)
            await connection.close()
    except TimeoutError:
        return f"no answer within {seconds:.0f} s"
    except OSError:
        return "nothing answers there"
    except (aiormq.AMQPError, ValueError) as error:
        return str(error) or type(error).__name__
    return None


def without_password(url: str) -> str:
    """The URL as it may be shown and logged."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{parts.username}:***@{host}").geturl()


def amqp_url(user: str, password: str, port: int, vhost: str) -> str:
    return f"amqp://{quote(user, safe='')}:{quote(password, safe='')}@127.0.0.1:{port}/{quote(vhost, safe='')}"


def api_url(vhost_url: str, port: int) -> str:
    """The management API on this machine, for a virtual host that clients reach at `vhost_url`; empty for no port."""
    if not port:
        return ""
    parts = urlsplit(vhost_url)
    user, _, _ = parts.netloc.rpartition("@")
    return f"http://{user}@127.0.0.1:{port}{parts.path}"


def require_mongo(url: str, setting: str) -> None:
    """Raise CannotRun with one line when the server does not answer."""
    problem = mongo_problem(url)
    if problem:
        raise CannotRun(f"MongoDB at {without_password(url)} ({setting}): {problem}")


def require_amqp(url: str, setting: str) -> None:
    """Raise CannotRun with one line when the broker does not accept us."""
    problem = amqp_problem(url)
    if problem:
        raise CannotRun(f"RabbitMQ at {without_password(url)} ({setting}): {problem}")
