"""The local Kafka of the demo and the tests: real Apache Kafka from Maven Central, started and stopped as a child.

with LocalBroker() as broker:
    ...  # broker.bootstrap_servers
"""

from services.broker.jars import fetch_jars
from services.broker.local import LocalBroker

__all__ = ["LocalBroker", "fetch_jars"]
