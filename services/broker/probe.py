"""Is a broker there? Asked by a metadata request: an open port says only that a process listens."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

REQUEST_SECONDS = 5.0


def broker_answers(bootstrap_servers: str) -> bool:
    """True once a plain listener names at least one live broker in its metadata; blocks for at most 5 s."""
    if not _accepts(bootstrap_servers):
        return False
    # A thread with a loop of its own: the caller may itself run in one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _names_brokers(bootstrap_servers)).result()


def _accepts(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


async def _names_brokers(bootstrap_servers: str) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        async with asyncio.timeout(REQUEST_SECONDS):
            await admin.start()
            return bool((await admin.describe_cluster())["brokers"])
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        await admin.close()
