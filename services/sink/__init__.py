"""The sink: articles, event records and extractions from Kafka into the database, exactly once in effect."""

from services.sink.service import Sink, run

__all__ = ["Sink", "run"]
