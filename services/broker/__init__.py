"""The local Kafka of the demo and the tests: real Apache Kafka from Maven Central, started and stopped as a child.

with LocalBroker() as broker:
    ...  # broker.bootstrap_servers

On a machine without Java and Maven the demo takes it from a container instead: `available_broker`.
"""

from pathlib import Path

from services.broker import tools
from services.broker.docker import DockerBroker, docker
from services.broker.jars import fetch_jars
from services.broker.local import LocalBroker
from services.common.errors import UserError

__all__ = ["DockerBroker", "LocalBroker", "available_broker", "fetch_jars"]


def available_broker(log_file: Path) -> LocalBroker | DockerBroker:
    """A broker that this machine can run, not started yet: by Java and Maven, else by Docker.

    Raises:
        UserError: it can run neither; the message says what to install.
    """
    try:
        tools.java()
        fetch_jars()
    except UserError as error:
        if (program := docker()) is None:
            raise UserError(error.message, remedy=f"{error.remedy}; or install Docker") from None
        return DockerBroker(program, log_file=log_file)
    return LocalBroker(log_file=log_file)
