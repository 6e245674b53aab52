"""Copies of messages, to be published again."""

from typing import Any

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractIncomingMessage


def copy_of(message: AbstractIncomingMessage, headers: dict[str, Any]) -> Message:
    """The same message with other headers, persistent."""
    return Message(
        message.body,
        headers=headers,
        message_id=message.message_id,
        type=message.type,
        content_type=message.content_type,
        delivery_mode=DeliveryMode.PERSISTENT,
        timestamp=message.timestamp,
    )
