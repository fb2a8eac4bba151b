"""The whole stream on one machine, for the time of a demonstration."""

from services.demo.stream import Stream

__all__ = ["Stream"]
