"""The connection to Kafka: one place for security, one for the words in which its failures are told."""

import asyncio
import ssl
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    UnsupportedSaslMechanismError,
)
from aiokafka.helpers import create_ssl_context
from aiokafka.protocol.metadata import MetadataRequest

from services.common.errors import UserError
from services.common.settings import KafkaSettings

CONNECT_TIMEOUT_SECONDS = 5.0


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Keyword arguments that every aiokafka client takes: addresses and security.

    Raises:
        UserError: a certificate file is missing or unreadable, or SASL has no user.
    """
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap_servers,
        "security_protocol": settings.security_protocol,
    }
    if settings.security_protocol.startswith("SASL"):
        options |= _sasl_options(settings)
    if settings.security_protocol.endswith("SSL"):
        options["ssl_context"] = ssl_context(settings)
    return options


def _sasl_options(settings: KafkaSettings) -> dict[str, Any]:
    if not settings.sasl_username or settings.sasl_password is None:
        raise UserError(
            f"the broker is to be reached by {settings.security_protocol}, but there is no user or password",
            remedy="set LAGEBILD_SASL_USERNAME and LAGEBILD_SASL_PASSWORD",
        )
    return {
        "sasl_mechanism": settings.sasl_mechanism,
        "sasl_plain_username": settings.sasl_username,
        "sasl_plain_password": settings.sasl_password.get_secret_value(),
    }


def ssl_context(settings: KafkaSettings) -> ssl.SSLContext:
    """The TLS context of the settings.

    Raises:
        UserError: a certificate file is missing or is not PEM.
    """
    try:
        context: ssl.SSLContext = create_ssl_context(
            cafile=settings.ssl_cafile, certfile=settings.ssl_certfile, keyfile=settings.ssl_keyfile
        )
    except OSError as error:  # ssl.SSLError is one
        raise UserError(
            f"the certificate files cannot be used ({error})",
            remedy="check LAGEBILD_SSL_CAFILE, LAGEBILD_SSL_CERTFILE and LAGEBILD_SSL_KEYFILE: PEM files, readable",
        ) from None
    context.check_hostname = settings.ssl_check_hostname
    return context


def make_producer(settings: KafkaSettings) -> AIOKafkaProducer:
    """An idempotent producer that confirms every record by all replicas in sync. Call inside a running loop."""
    return AIOKafkaProducer(
        **client_options(settings),
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        linger_ms=5,
        max_batch_size=262_144,
        max_request_size=settings.max_message_bytes,
    )


async def probe(settings: KafkaSettings) -> None:
    """Connect to one of the brokers, security handshake included, and leave again.

    aiokafka's clients hide why they could not connect; a single connection does not.

    Raises:
        UserError: no broker could be reached; the message gives the reason and the remedy.
    """
    options = client_options(settings)
    servers = [_address(server.strip()) for server in options.pop("bootstrap_servers").split(",")]
    failure: Exception = KafkaError("no broker given")
    for host, port in servers:
        try:
            return await asyncio.wait_for(_greet(host, port, options), CONNECT_TIMEOUT_SECONDS)
        except (OSError, KafkaError, TimeoutError) as error:
            failure = error
    if isinstance(failure, KafkaConnectionError):
        raise BrokerUnreachable(
            f"what listens at {settings.bootstrap_servers} closes the connection by {settings.security_protocol}",
            remedy="check LAGEBILD_SECURITY_PROTOCOL, or whether the broker is still starting",
        )
    raise explain(failure, settings)


def _address(server: str) -> tuple[str, int]:
    host, _, port = server.rpartition(":")
    if not port.isdecimal():
        raise UserError(
            f"{server!r} is no broker address", remedy="LAGEBILD_BOOTSTRAP_SERVERS takes host:port,host:port"
        )
    return host, int(port)


async def _greet(host: str, port: int, options: dict[str, Any]) -> None:
    connection = await create_conn(host, port, **options)
    try:
        # A broker that asks for a password lets anybody connect, and closes at the first request.
        await connection.send(MetadataRequest([], False))
    finally:
        connection.close()


async def wait_for_broker(settings: KafkaSettings, timeout: float) -> None:  # noqa: ASYNC109 - the caller's own limit
    """Wait until a broker answers.

    Args:
        settings: where it is.
        timeout: seconds; 0 tries once.

    Raises:
        UserError: it did not answer in time, or it refuses this client, which no waiting mends.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout
    while True:
        try:
            await probe(settings)
        except BrokerUnreachable:
            if loop.time() >= end:
                raise
            await asyncio.sleep(min(1.0, max(0.0, end - loop.time())))
        else:
            return


class BrokerUnreachable(UserError):
    """Nothing answers at the broker's address: waiting may help."""


def explain(error: Exception, settings: KafkaSettings) -> UserError:
    """What a Kafka client's error means, in one sentence with the remedy."""
    if isinstance(error, AuthenticationFailedError | SaslAuthenticationFailed | IllegalSaslStateError):
        return UserError(
            f"the broker at {settings.bootstrap_servers} refuses the user {settings.sasl_username!r}",
            remedy="check LAGEBILD_SASL_USERNAME and LAGEBILD_SASL_PASSWORD",
        )
    if isinstance(error, UnsupportedSaslMechanismError):
        return UserError(
            f"the broker does not speak {settings.sasl_mechanism}",
            remedy="set LAGEBILD_SASL_MECHANISM to one it offers",
        )
    if isinstance(
        error, TopicAuthorizationFailedError | GroupAuthorizationFailedError | ClusterAuthorizationFailedError
    ):
        return UserError(
            f"the user {settings.sasl_username!r} may not use {_resource(error)} in this way",
            remedy="add the access rule (ACL) that docs/security.md names for this service",
        )
    if isinstance(error, UnknownTopicOrPartitionError):
        return UserError("a topic does not exist", remedy="create the topics with `lagebild topics create`")
    if isinstance(error, MessageSizeTooLargeError):
        return UserError(
            "the broker does not take a message of this size", remedy="raise max.message.bytes or lower the limits here"
        )
    return _explain_connection(error, settings)


def _explain_connection(error: Exception, settings: KafkaSettings) -> UserError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            reason = getattr(cause, "verify_message", None) or cause.reason or str(cause)
            return UserError(
                f"the TLS connection to {settings.bootstrap_servers} failed ({reason})",
                remedy="check the broker's certificate, LAGEBILD_SSL_CAFILE and LAGEBILD_SECURITY_PROTOCOL",
            )
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, BrokerResponseError):
        return UserError(f"the broker refuses the request ({_name(error)}: {error})", remedy="see the broker's log")
    return BrokerUnreachable(
        f"no Kafka broker answers at {settings.bootstrap_servers}",
        remedy="start one (`lagebild broker`, or docker compose up) or set LAGEBILD_BOOTSTRAP_SERVERS",
    )


def _resource(error: Exception) -> str:
    """What a refusal is about; aiokafka gives names as text or as a set, or none."""
    kind = type(error).__name__.removesuffix("AuthorizationFailedError").lower()
    named = error.args[0] if error.args else ()
    names = [named] if isinstance(named, str) else sorted(named)
    return " ".join([f"the {kind}", *names])


def _name(error: Exception) -> str:
    return type(error).__name__
