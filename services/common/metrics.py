"""Every metric of every service, named and explained in one place.

Names follow the Prometheus conventions: one prefix, base units, `_total` for counters. Labels are bounded:
never an article id or a name. Combinations known beforehand are set to 0 at import, so that a rate over a
counter that has not moved yet is 0 and not absent.
"""

from itertools import product
from typing import get_args

from prometheus_client import Counter, Gauge, Histogram, Info

from schemas import EventType, Status

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
END_TO_END_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 86_400.0)

BUILD = Info("lagebild_build", "Version of Lagebild and of the extractor that this process runs.")

# Producer
ARTICLES_PRODUCED = Counter("lagebild_articles_produced_total", "Articles whose arrival the broker has confirmed.")
INPUTS_REJECTED = Counter("lagebild_inputs_rejected_total", "Inputs that were no usable article.")

# Extractor
ARTICLES_CONSUMED = Counter("lagebild_articles_consumed_total", "Messages taken from the articles topic.")
ARTICLES_PROCESSED = Counter(
    "lagebild_articles_processed_total",
    "Articles finished and acknowledged, by outcome: events, no_events or dead_letter.",
    ["outcome"],
)
EXTRACTION_SECONDS = Histogram(
    "lagebild_extraction_seconds", "Time to read one article in a worker process.", buckets=SECONDS
)
EVENTS_EXTRACTED = Counter(
    "lagebild_events_extracted_total", "Event records sent and confirmed, by type and status.", ["type", "status"]
)
DEAD_LETTERS = Counter(
    "lagebild_dead_letters_total",
    "Messages put into the dead letters, by service, stage and class of error.",
    ["service", "stage", "exception"],
)
DEAD_LETTER_LIMIT = Gauge(
    "lagebild_dead_letter_limit_reached", "1 after too many dead letters have stopped this service, else 0."
)
BATCH_SIZE = Histogram(
    "lagebild_extractor_batch_articles",
    "Articles in one batch of the extractor.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128),
)
UNACKNOWLEDGED = Gauge(
    "lagebild_extractor_unacknowledged_messages",
    "Messages fetched from Kafka into the extractor and not acknowledged yet: queued, in work or being sent.",
)
POOL_PROCESSES = Gauge("lagebild_pool_processes", "Worker processes that the extractor keeps.")
POOL_BUSY = Gauge("lagebild_pool_articles_in_work", "Articles handed to the worker processes and not yet back.")
POOL_RESTARTS = Counter(
    "lagebild_pool_restarts_total", "Worker processes replaced, by reason: timeout, memory or crash.", ["reason"]
)

# Sink
MESSAGES_CONSUMED = Counter("lagebild_sink_messages_consumed_total", "Messages taken by the sink, by kind.", ["kind"])
ROWS_WRITTEN = Counter(
    "lagebild_sink_rows_total", "Rows by table and outcome: written, removed or rejected.", ["table", "outcome"]
)
SINK_BATCH_SIZE = Histogram(
    "lagebild_sink_batch_messages", "Messages in one batch of the sink.", buckets=(1, 5, 20, 50, 100, 200, 500, 2000)
)
COMMIT_SECONDS = Histogram("lagebild_sink_commit_seconds", "Time of one database transaction.", buckets=SECONDS)
COMMIT_FAILURES = Counter("lagebild_sink_commit_failures_total", "Database transactions that failed and were retried.")
END_TO_END = Histogram(
    "lagebild_end_to_end_seconds",
    "From the article's Kafka timestamp to the commit of its rows.",
    buckets=END_TO_END_SECONDS,
)
CLAIMS_SECONDS = Histogram(
    "lagebild_claims_refresh_seconds", "Time to bring claims up to date from one batch of changes.", buckets=SECONDS
)
CLAIM_CHANGES = Gauge("lagebild_claim_changes_waiting", "Changes of articles that the claims have not taken up yet.")
CLAIMS_SENT = Counter("lagebild_claims_sent_total", "Claims sent and confirmed, by kind: claim or tombstone.", ["kind"])

# Every consumer
CONSUMER_OFFSET = Gauge(
    "lagebild_consumer_offset",
    "Offset after the last message of a partition that the group has finished.",
    ["group", "topic", "partition"],
)
CONSUMER_LAG = Gauge(
    "lagebild_consumer_lag_messages",
    "Messages of a partition that the group has not finished.",
    ["group", "topic", "partition"],
)
CONSUMER_LAG_SECONDS = Gauge(
    "lagebild_consumer_lag_seconds",
    "Age of the oldest message of a partition that the group has not finished; 0 where it has finished all.",
    ["group", "topic", "partition"],
)
LAST_SUCCESS = Gauge(
    "lagebild_last_success_timestamp_seconds",
    "When a service last finished a batch, seconds since 1970 UTC.",
    ["service"],
)

for _outcome in ("events", "no_events", "dead_letter"):
    ARTICLES_PROCESSED.labels(_outcome)
for _type, _status in product(get_args(EventType), get_args(Status)):
    EVENTS_EXTRACTED.labels(_type, _status)
for _kind in ("article", "event", "extraction", "dead_letter"):
    MESSAGES_CONSUMED.labels(_kind)
for _table, _outcome in product(
    ("articles", "events", "extractions", "dead_letters"), ("written", "removed", "rejected")
):
    ROWS_WRITTEN.labels(_table, _outcome)
for _stage in ("decode", "version", "validate"):
    DEAD_LETTERS.labels("extractor", _stage, "schemas.codec.InvalidRecord")
for _service, _stage, _exception in (
    ("extractor", "extract", "TimeoutError"),
    ("extractor", "extract", "MemoryError"),
    ("extractor", "extract", "pebble.ProcessExpired"),
    ("extractor", "send", "aiokafka.errors.MessageSizeTooLargeError"),
    ("sink", "read", "schemas.InvalidRecord"),
):
    DEAD_LETTERS.labels(_service, _stage, _exception)
for _kind in ("claim", "tombstone"):
    CLAIMS_SENT.labels(_kind)
for _reason in ("timeout", "memory", "crash"):
    POOL_RESTARTS.labels(_reason)
