"""The topics, declared in one place and created before anything starts.

Faust creates no source topic, and a missing one fails late (seen with faust-streaming 0.15.3).
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest

from services.common.errors import UserError
from services.common.kafka import client_options, explain, probe
from services.common.settings import KafkaSettings

TopicKind = Literal["articles", "events", "extractions", "claims", "dead_letters"]
DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True)
class TopicSpec:
    """A topic as it should be.

    Attributes:
        name: full name, prefix included.
        purpose: one line for people.
        partitions: number of partitions when created.
        replication: copies of each partition.
        config: topic-level configuration of Kafka.
    """

    name: str
    purpose: str
    partitions: int
    replication: int
    config: dict[str, str]


@dataclass(frozen=True)
class TopicState:
    """What the broker has under the name of a spec.

    Attributes:
        spec: the topic as it should be.
        action: "created" or "exists" after `create_topics`; "exists" or "missing" after `describe_topics`.
        partitions: number of partitions at the broker, 0 if missing.
        differences: settings at the broker that differ, as "name: is X, should be Y".
        max_message_bytes: largest message that it takes; None where the user may not see the topic's settings.
    """

    spec: TopicSpec
    action: Literal["created", "exists", "missing"]
    partitions: int
    differences: tuple[str, ...] = ()
    max_message_bytes: int | None = None


def topic_specs(settings: KafkaSettings) -> tuple[TopicSpec, ...]:
    """The five topics of Lagebild."""
    size = {"max.message.bytes": str(settings.max_message_bytes)}
    kept = {"cleanup.policy": "delete", "retention.ms": str(30 * DAY_MS)}
    # Receipts stay for ever, the last of each article: a new consumer learns from them which events still stand.
    receipts = {"cleanup.policy": "compact"}
    # Claims too: each is sent anew whenever it changes, and a new consumer needs them as they stand.
    claims = {"cleanup.policy": "compact"}
    # Dead letters wait for a person, who may be on holiday.
    patient = {"cleanup.policy": "delete", "retention.ms": str(180 * DAY_MS)}
    plan: tuple[tuple[TopicKind, str, dict[str, str]], ...] = (
        ("articles", "news articles, keyed by article id", kept),
        ("events", "event records, keyed by article id", kept),
        ("extractions", "one receipt for each article read", receipts),
        ("claims", "what several articles tell of one happening, keyed by claim id", claims),
        ("dead_letters", "what could not be processed, with the reason", patient),
    )
    return tuple(
        TopicSpec(settings.topic(kind), purpose, settings.partitions, settings.replication_factor, config | size)
        for kind, purpose, config in plan
    )


async def create_topics(settings: KafkaSettings) -> list[TopicState]:
    """Create the topics that are missing; those that exist are left as they are.

    Raises:
        UserError: the broker cannot be reached or refuses.
    """
    specs = topic_specs(settings)
    async with _Admin(settings) as admin:
        wanted = [NewTopic(s.name, s.partitions, s.replication, topic_configs=s.config) for s in specs]
        response = await admin.create_topics(wanted)
        created = {name for name, code, *rest in response.topic_errors if _created(name, code, rest, settings)}
        await _until_known(admin, {s.name for s in specs})
        found = {state.spec.name: state for state in await _describe(admin, specs)}
    return [
        TopicState(s, "created" if s.name in created else "exists", s.partitions, ())
        if s.name in created or s.name not in found
        else found[s.name]
        for s in specs
    ]


async def _until_known(admin: AIOKafkaAdminClient, names: set[str]) -> None:
    """Wait until all brokers' metadata can show the topics: the controller confirms a creation before that."""
    for _ in range(100):
        if names <= set(await admin.list_topics()):
            return
        await asyncio.sleep(0.1)
    raise UserError("the new topics do not show after 10 s", remedy="see the broker's log, then run it again")


def _created(name: str, code: int, rest: list[Any], settings: KafkaSettings) -> bool:
    error = for_code(code)
    if code == 0:
        return True
    if error is TopicAlreadyExistsError:
        return False
    detail = next((part for part in rest if isinstance(part, str) and part), error.__name__)
    if issubclass(error, KafkaError) and "Authorization" in error.__name__:
        raise explain(error(name), settings)
    raise UserError(f"the topic {name} cannot be created ({detail})", remedy="see the broker's log and settings")


async def describe_topics(settings: KafkaSettings) -> list[TopicState]:
    """What the broker has of the topics, and where it differs from what they should be.

    Raises:
        UserError: the broker cannot be reached or refuses.
    """
    async with _Admin(settings) as admin:
        return await _describe(admin, topic_specs(settings))


async def require_topics(settings: KafkaSettings, *kinds: TopicKind, group: str | None = None) -> list[TopicState]:
    """See that topics are there and take what is sent: a consumer of a missing one would wait for ever.

    Args:
        settings: where the broker is.
        kinds: the topics that are needed; none names all.
        group: the consumer group that is to be joined: that the user may is seen to as well, since Faust (0.15.3)
            would ask the broker again and again, without a word.

    Raises:
        UserError: one is missing, takes only smaller messages than the settings allow, or may not be used by this
            user; or the broker cannot be reached or refuses.
    """
    wanted = {settings.topic(kind) for kind in kinds or get_args(TopicKind)}
    async with _Admin(settings) as admin:
        states = await _describe(admin, [spec for spec in topic_specs(settings) if spec.name in wanted])
        if group is not None:
            await _require_group(admin, group)
    missing = [state.spec.name for state in states if state.action == "missing"]
    if missing:
        one = f"the topic {missing[0]} does not exist"
        raise UserError(
            one if len(missing) == 1 else f"these topics do not exist: {', '.join(missing)}",
            remedy="create the topics with `lagebild topics create`",
        )
    for state in states:
        _require_size(state, settings)
    return states


async def _require_group(admin: AIOKafkaAdminClient, group: str) -> None:
    try:
        await admin.find_coordinator(group)
    except GroupAuthorizationFailedError:
        raise GroupAuthorizationFailedError(group) from None
    except CoordinatorNotAvailableError:
        # The first group of a cluster: the broker makes the topic for offsets now, and joining waits for it.
        return


def _require_size(state: TopicState, settings: KafkaSettings) -> None:
    """A message that the topic refuses would end the service, and end it again after each restart."""
    taken = state.max_message_bytes
    if taken is not None and taken < settings.max_message_bytes:
        raise UserError(
            f"the topic {state.spec.name} takes messages of {taken} bytes at most, "
            f"LAGEBILD_MAX_MESSAGE_BYTES is {settings.max_message_bytes}",
            remedy="lower the setting, or raise the topic's max.message.bytes",
        )


async def _describe(admin: AIOKafkaAdminClient, specs: Iterable[TopicSpec]) -> list[TopicState]:
    specs = list(specs)
    partitions = await _partitions(admin, [s.name for s in specs])
    config = await _configs(admin, list(partitions)) if partitions else {}
    return [_state(spec, partitions.get(spec.name, 0), config.get(spec.name, {})) for spec in specs]


async def _partitions(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, int]:
    """Number of partitions of those topics that exist.

    Raises:
        TopicAuthorizationFailedError: the user may not see one. Kafka lists no topic that the user may not see, so
            each is asked for by name; and not by aiokafka's own method, which asks the broker to create it.
    """
    response = await admin._send_request(MetadataRequest(names, False))
    found: dict[str, int] = {}
    for topic in response.to_object()["topics"]:
        if topic["error_code"] == TopicAuthorizationFailedError.errno:
            raise TopicAuthorizationFailedError(topic["topic"])
        if topic["partitions"]:
            found[topic["topic"]] = len(topic["partitions"])
    return found


def _state(spec: TopicSpec, partitions: int, config: dict[str, str]) -> TopicState:
    if not partitions:
        return TopicState(spec, "missing", 0)
    pairs = [("partitions", str(partitions), str(spec.partitions))]
    pairs += [(key, config.get(key, "unknown"), value) for key, value in spec.config.items()]
    differences = tuple(f"{key}: is {is_}, should be {should}" for key, is_, should in pairs if is_ != should)
    size = config.get("max.message.bytes")
    return TopicState(spec, "exists", partitions, differences, int(size) if size else None)


async def _configs(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    responses = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    found: dict[str, dict[str, str]] = {}
    for response in responses:
        for _code, _message, _type, name, entries in response.resources:
            found[name] = {entry[0]: entry[1] for entry in entries}
    return found


class _Admin:
    """An admin client for the length of a `with`, its failures told in our words."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    async def __aenter__(self) -> AIOKafkaAdminClient:
        await probe(self._settings)
        self._client = AIOKafkaAdminClient(**client_options(self._settings), request_timeout_ms=15_000)
        await self._client.start()
        return self._client

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        await self._client.close()
        if isinstance(error, KafkaError):
            raise explain(error, self._settings) from error
