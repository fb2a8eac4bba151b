"""Event records with aiokafka and the `schemas` package: python with_aiokafka.py SERVERS TOPIC GROUP."""

import asyncio
import signal
import sys

from aiokafka import AIOKafkaConsumer

from schemas import InvalidRecord, read_event


async def follow(servers: str, topic: str, group: str) -> None:
    """Print a line for each record, those from before the start too, until SIGTERM or Ctrl-C."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=servers, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False
    )
    async with consumer:
        while not stopping.is_set():
            batches = await consumer.getmany(timeout_ms=500)
            for record in (record for batch in batches.values() for record in batch):
                handle(record.value)
            if batches:
                # Only now: what was not handled when the process dies is read again.
                await consumer.commit()


def handle(value: bytes | None) -> None:
    """What your program does with a record; a record of a later version that it does not know is no error."""
    try:
        event = read_event(value)
    except InvalidRecord as unknown:
        print(f"passed over: {unknown.reason}", file=sys.stderr)
        return
    sentence, anchor = event.evidence, event.anchor
    start, end = anchor.start - sentence.start, anchor.end - sentence.start
    marked = f"{sentence.text[:start]}[{anchor.text}]{sentence.text[end:]}".replace("\n", " ")
    print(event.event_id, event.type, event.status, event.article.id, marked, sep="\t", flush=True)


if __name__ == "__main__":
    asyncio.run(follow(*sys.argv[1:]))
