"""All settings of all services: read once from the environment (LAGEBILD_…) and from `.env`, typed and checked."""

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.common.errors import UserError

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


class KafkaSettings(BaseSettings):
    """Where the broker is, how to reach it, and what the topics are called."""

    bootstrap_servers: Annotated[str, Field(description="Kafka brokers, host:port, separated by commas")] = (
        "localhost:9092"
    )
    security_protocol: Annotated[SecurityProtocol, Field(description="How the broker is spoken to")] = "PLAINTEXT"
    sasl_mechanism: Annotated[SaslMechanism, Field(description="SASL mechanism, where SASL is used")] = "SCRAM-SHA-512"
    sasl_username: Annotated[str | None, Field(description="User at the broker")] = None
    sasl_password: Annotated[SecretStr | None, Field(description="Its password")] = None
    ssl_cafile: Annotated[Path | None, Field(description="PEM file of the authority that signed the broker")] = None
    ssl_certfile: Annotated[Path | None, Field(description="PEM file of the client's certificate")] = None
    ssl_keyfile: Annotated[Path | None, Field(description="PEM file of the client's key")] = None
    ssl_check_hostname: Annotated[bool, Field(description="Whether the certificate must name the host")] = True

    topic_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]*$", description="Put before every topic's name")] = ""
    articles_topic: Annotated[str, Field(description="Topic of the articles")] = "articles"
    events_topic: Annotated[str, Field(description="Topic of the event records")] = "events"
    extractions_topic: Annotated[str, Field(description="Topic of the receipts, one for each article")] = "extractions"
    claims_topic: Annotated[str, Field(description="Topic of the claims")] = "claims"
    dead_letters_topic: Annotated[str, Field(description="Topic of what could not be processed")] = "dead-letters"
    partitions: Annotated[int, Field(ge=1, le=1000, description="Partitions of each topic when created")] = 4
    replication_factor: Annotated[int, Field(ge=1, le=10, description="Copies of each partition when created")] = 1
    max_message_bytes: Annotated[int, Field(ge=10_000, description="Largest message the topics take, bytes")] = (
        1_048_576
    )
    max_article_bytes: Annotated[int, Field(ge=1_000, description="Largest article the producer sends, bytes")] = (
        900_000
    )
    session_timeout_seconds: Annotated[
        float, Field(ge=6, le=300, description="Silence after which the broker gives a consumer's partitions away")
    ] = 6
    heartbeat_seconds: Annotated[float, Field(gt=0, le=60, description="Time between two signs of life")] = 2

    def topic(self, kind: Literal["articles", "events", "extractions", "claims", "dead_letters"]) -> str:
        """The full name of a topic, prefix included."""
        return f"{self.topic_prefix}{getattr(self, f'{kind}_topic')}"


class DeadLetterSettings(BaseSettings):
    """When so much becomes a dead letter that the service that reads, extractor or sink, stops."""

    dead_letter_ratio: Annotated[
        float, Field(gt=0, le=1, description="Share of dead letters in the window that stops extractor or sink")
    ] = 0.5
    dead_letter_window: Annotated[int, Field(ge=1, description="Messages over which the share is taken")] = 200
    dead_letter_run: Annotated[int, Field(ge=1, description="Dead letters in a row that stop extractor or sink")] = 100


class ExtractorSettings(BaseSettings):
    """The extractor: its processes, limits and batches."""

    extractor_group: Annotated[str, Field(description="Consumer group of the extractors")] = "lagebild-extractor"
    extractor_model: Annotated[
        str | None, Field(description="Folder of a spaCy pipeline, `rules`, or module:function that makes an extractor")
    ] = None
    extractor_processes: Annotated[int, Field(ge=1, le=256, description="Processes that read German")] = max(
        1, min(8, os.cpu_count() or 1)
    )
    extractor_timeout_seconds: Annotated[float, Field(gt=0, description="Time limit for one article")] = 30
    extractor_memory_bytes: Annotated[
        int, Field(ge=0, description="Memory limit of one process, bytes, its model included; 0: none")
    ] = 2_147_483_648
    extractor_tries: Annotated[
        int, Field(ge=1, le=10, description="Tries of an article that hangs, crashes or eats memory")
    ] = 2
    extractor_batch_size: Annotated[int, Field(ge=1, le=10_000, description="Articles taken at once")] = 64
    extractor_batch_seconds: Annotated[float, Field(gt=0, le=60, description="Longest wait for a full batch")] = 0.1
    extractor_web_port: Annotated[int, Field(ge=0, le=65535, description="Metrics and health; 0: any free port")] = 9101


class SinkSettings(BaseSettings):
    """The sink: its database, group and batches."""

    database: Annotated[SecretStr, Field(description="sqlite:///FILE or postgresql://user:password@host/name")] = (
        SecretStr("sqlite:///lagebild.db")
    )
    sink_group: Annotated[str, Field(description="Consumer group of the sinks")] = "lagebild-sink"
    sink_batch_size: Annotated[int, Field(ge=1, le=100_000, description="Messages written in one transaction")] = 500
    sink_batch_seconds: Annotated[float, Field(gt=0, le=60, description="Longest wait for a full batch")] = 0.25
    claims_seconds: Annotated[
        float, Field(gt=0, le=3600, description="Pause between two looks for claims to bring up to date")
    ] = 1.0
    sink_web_port: Annotated[int, Field(ge=0, le=65535, description="Metrics and health; 0: any free port")] = 9102


class Settings(SinkSettings, ExtractorSettings, DeadLetterSettings, KafkaSettings):
    """All settings. Read them through `get_settings`, once a process."""

    model_config = SettingsConfigDict(env_prefix="LAGEBILD_", env_file=".env", extra="ignore", frozen=True)

    producer_web_port: Annotated[
        int | None, Field(ge=0, le=65535, description="Metrics and health while a producer runs; unset: none")
    ] = None
    web_host: Annotated[str, Field(description="Address the web endpoints listen on")] = "127.0.0.1"
    stall_seconds: Annotated[float, Field(gt=0, description="Time without progress after which /livez fails")] = 60
    otlp_endpoint: Annotated[
        str | None,
        Field(
            pattern=r"^https?://", description="OpenTelemetry collector, OTLP over HTTP (port 4318); unset: no traces"
        ),
    ] = None
    data_dir: Annotated[Path, Field(description="Where the demo keeps its database and reports")] = Path("demo")
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Field(description="Least severity logged")] = (
        "info"
    )
    log_format: Annotated[Literal["console", "json"], Field(description="For people, or one JSON object a line")] = (
        "console"
    )

    @property
    def database_url(self) -> str:
        """The database's URL in clear: it may hold a password, so it is never logged."""
        return self.database.get_secret_value()


@cache
def get_settings() -> Settings:
    """The settings of this process.

    Raises:
        UserError: a variable has a value that cannot be used; the message names it.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = f"LAGEBILD_{'_'.join(str(part) for part in first['loc'])}".upper()
        raise UserError(
            f"the setting {name} cannot be used ({first['msg']})",
            remedy="`lagebild settings --describe` says what it takes",
        ) from None
