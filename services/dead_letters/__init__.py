"""Dead letters: messages that could not be processed, kept with all they carried and the reason.

A library of the services that read from Kafka, and of `lagebild dead-letters`:

- `message`: a message to be sent;
- `record`: what a dead letter looks like on the wire (Kafka Connect's error headers), both directions;
- `limit`: how many dead letters are too many, so that a fault of ours does not drain a topic into them;
- `reading` and `requeue`: what a person does with them.
"""

from services.dead_letters.limit import DeadLetterLimit
from services.dead_letters.message import Headers, Message, send
from services.dead_letters.reading import read_dead_letters
from services.dead_letters.record import Failure, Origin, dead_letter, parse, requeue_marker
from services.dead_letters.requeue import Requeued, requeue

__all__ = [
    "DeadLetterLimit",
    "Failure",
    "Headers",
    "Message",
    "Origin",
    "Requeued",
    "dead_letter",
    "parse",
    "read_dead_letters",
    "requeue",
    "requeue_marker",
    "send",
]
