"""Dead letters: messages that could not be processed, kept with all they carried and the reason.

A library of the services that read from Kafka, and of `lagebild dead-letters`:

- `message`: a message to be sent;
- `record`: what a dead letter looks like on the wire (Kafka Connect's error headers), both directions;
- `limit`: how many dead letters are too many, so that a fault of ours does not drain a topic into them;
- `reading` and `requeue`: what a person does with them.
"""
