"""Event records with confluent-kafka and nothing of Lagebild: python with_confluent_kafka.py SERVERS TOPIC GROUP."""

import json
import signal
import sys

from confluent_kafka import Consumer

KNOWN = {"deployment", "supply", "statement"}


def follow(servers: str, topic: str, group: str) -> None:
    """Print a line for each record, those from before the start too, until SIGTERM or Ctrl-C."""
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([topic])
    try:
        while not stopping:
            records = consumer.consume(num_messages=500, timeout=0.5)
            for record in records:
                if record.error():
                    print(f"the broker says: {record.error()}", file=sys.stderr)
                else:
                    handle(record.value())
            if any(not record.error() for record in records):
                # Only now: what was not handled when the process dies is read again.
                consumer.commit(asynchronous=False)
    finally:
        consumer.close()


def handle(value: bytes | None) -> None:
    """What your program does with a record; a record of a later version that it does not know is no error."""
    event = json.loads(value or b"{}")
    if not event.get("schema_version", "").startswith("1.") or event.get("type") not in KNOWN:
        print(f"passed over: {event.get('type')} {event.get('schema_version')}", file=sys.stderr)
        return
    sentence, anchor = event["evidence"], event["anchor"]
    start, end = anchor["start"] - sentence["start"], anchor["end"] - sentence["start"]
    marked = f"{sentence['text'][:start]}[{anchor['text']}]{sentence['text'][end:]}".replace("\n", " ")
    print(event["event_id"], event["type"], event["status"], event["article"]["id"], marked, sep="\t", flush=True)


if __name__ == "__main__":
    follow(*sys.argv[1:])
