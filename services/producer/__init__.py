"""The producer: articles from files, standard input and feeds into the articles topic."""

from services.producer.inputs import BadInput, FetchLimits, ReadOptions
from services.producer.send import SendOptions, Summary, produce
from services.producer.sources import read_articles

__all__ = [
    "BadInput",
    "FetchLimits",
    "ReadOptions",
    "SendOptions",
    "Summary",
    "produce",
    "read_articles",
]
