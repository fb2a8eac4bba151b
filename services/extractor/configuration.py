"""Faust's settings, made from ours: where it leaves its defaults, the reason stands beside."""

import tempfile
from pathlib import Path
from typing import Any

import faust
import faust.streams
from mode import CrashingSupervisor

from services.common.errors import UserError
from services.common.kafka import client_options
from services.common.settings import KafkaSettings, Settings


def faust_settings(settings: Settings) -> dict[str, Any]:
    """The arguments of `faust.App`.

    Raises:
        UserError: the settings of the connection cannot be used.
    """
    each = settings.extractor_timeout_seconds * settings.extractor_tries
    rounds = settings.extractor_batch_size / settings.extractor_processes + 1
    return {
        "id": settings.extractor_group,
        "broker": [f"kafka://{server.strip()}" for server in settings.bootstrap_servers.split(",")],
        "broker_credentials": _credentials(settings),
        "broker_session_timeout": settings.session_timeout_seconds,
        "broker_heartbeat_interval": settings.heartbeat_seconds,
        "broker_request_timeout": max(40.0, 2 * settings.session_timeout_seconds),
        # A rebalance waits for the batch in work; whoever is not back by then loses its place in the group.
        "broker_rebalance_timeout": max(60.0, each + 30.0),
        # aiokafka leaves the group when nothing has been polled for this long, so the slowest batch must fit.
        "broker_max_poll_interval": max(300.0, each * rounds + 60.0),
        "broker_max_poll_records": settings.extractor_batch_size,
        "broker_commit_interval": 1.0,
        "consumer_max_fetch_size": max(4 * 1_048_576, 2 * settings.max_message_bytes),
        "consumer_auto_offset_reset": "earliest",
        # Faust's default buffers 4,096 messages: up to 4 GB of articles.
        "stream_buffer_maxsize": 2 * settings.extractor_batch_size,
        "stream_wait_empty": True,
        "processing_guarantee": "at_least_once",
        "agent_supervisor": CrashingSupervisor,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "store": "memory://",
        "datadir": Path(tempfile.gettempdir()) / f"lagebild-{settings.extractor_group}",
        "web_enabled": False,
    }


def _credentials(settings: KafkaSettings) -> Any:
    options = client_options(settings)
    context = options.get("ssl_context")
    if settings.security_protocol.startswith("SASL"):
        return faust.SASLCredentials(
            mechanism=options["sasl_mechanism"],
            username=options["sasl_plain_username"],
            password=options["sasl_plain_password"],
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context is not None else None


def refuse_pure_python_streams() -> None:
    """See that Faust has its compiled streams.

    Raises:
        UserError: it has not, and would lose messages.
    """
    # faust 0.15.3: the pure-Python stream acknowledges what it skips during a rebalance, the compiled one does not.
    if getattr(faust.streams, "_CStreamIterator", None) is None:
        raise UserError(
            "faust-streaming is installed without its compiled streams, and would lose messages in a rebalance",
            remedy="install its wheel for this platform, and do not set NO_CYTHON",
        )
