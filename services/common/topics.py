"""The topics, declared in one place and created before anything starts.

Faust creates no source topic, and a missing one fails late (seen with faust-streaming 0.15.3).
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from services.common.errors import UserError
from services.common.kafka import client_options, explain, probe
from services.common.settings import KafkaSettings

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
    """

    spec: TopicSpec
    action: Literal["created", "exists", "missing"]
    partitions: int
    differences: tuple[str, ...] = ()


def topic_specs(settings: KafkaSettings) -> tuple[TopicSpec, ...]:
    """The four topics of Lagebild."""
    size = {"max.message.bytes": str(settings.max_message_bytes)}
    kept = {"cleanup.policy": "delete", "retention.ms": str(30 * DAY_MS)}
    # Receipts stay for ever, the last of each article: a new consumer learns from them which events still stand.
    receipts = {"cleanup.policy": "compact"}
    # Dead letters wait for a person, who may be on holiday.
    patient = {"cleanup.policy": "delete", "retention.ms": str(180 * DAY_MS)}
    plan: tuple[tuple[Literal["articles", "events", "extractions", "dead_letters"], str, dict[str, str]], ...] = (
        ("articles", "news articles, keyed by article id", kept),
        ("events", "event records, keyed by article id", kept),
        ("extractions", "one receipt for each article read", receipts),
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


async def require_topics(settings: KafkaSettings) -> None:
    """See that all topics are there: a consumer of a missing one would wait for ever.

    Raises:
        UserError: one is missing, or the broker cannot be reached or refuses.
    """
    missing = [state.spec.name for state in await describe_topics(settings) if state.action == "missing"]
    if missing:
        raise UserError(
            f"these topics do not exist: {', '.join(missing)}", remedy="create them with `lagebild topics create`"
        )


async def _describe(admin: AIOKafkaAdminClient, specs: Iterable[TopicSpec]) -> list[TopicState]:
    specs = list(specs)
    known = set(await admin.list_topics())
    here = [s.name for s in specs if s.name in known]
    partitions = {t["topic"]: len(t["partitions"]) for t in await admin.describe_topics(here)} if here else {}
    config = await _configs(admin, here) if here else {}
    return [_state(spec, partitions.get(spec.name, 0), config.get(spec.name, {})) for spec in specs]


def _state(spec: TopicSpec, partitions: int, config: dict[str, str]) -> TopicState:
    if not partitions:
        return TopicState(spec, "missing", 0)
    pairs = [("partitions", str(partitions), str(spec.partitions))]
    pairs += [(key, config.get(key, "unknown"), value) for key, value in spec.config.items()]
    differences = tuple(f"{key}: is {is_}, should be {should}" for key, is_, should in pairs if is_ != should)
    return TopicState(spec, "exists", partitions, differences)


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
