"""What the network's outputs stand for: the order of types, slots, labels and tags. Saved with the network."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Scheme:
    """Names in the order of the network's outputs.

    `fields` maps a type's slots to the record's names; `labels` a label to its values; `labels_of` a type to its
    labels; `tags` a feature to its values, where "_" means that a word has none.
    """

    types: tuple[str, ...]
    slots: tuple[str, ...]
    fields: Mapping[str, Mapping[str, str]]
    labels: Mapping[str, tuple[str, ...]]
    labels_of: Mapping[str, tuple[str, ...]]
    entity_tags: tuple[str, ...]
    tags: Mapping[str, tuple[str, ...]]

    def best_values(self, logits: NDArray[np.floating[Any]]) -> dict[str, NDArray[np.intp]]:
        """By tag, the index of the best value in each row of logits (words x values of all tags)."""
        bounds = np.cumsum([len(values) for values in self.tags.values()])[:-1]
        parts = np.split(logits, bounds, axis=1) if self.tags else []
        return {tag: part.argmax(1) for tag, part in zip(self.tags, parts, strict=True)}

    def to_bytes(self) -> bytes:
        """The scheme as UTF-8 JSON; order is kept."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Scheme":
        """Reads what `to_bytes` wrote.

        Raises:
            ValueError: the bytes are not such a scheme.
        """
        try:
            content = json.loads(data)
            return cls(
                types=tuple(content["types"]),
                slots=tuple(content["slots"]),
                fields=content["fields"],
                labels=_tuples(content["labels"]),
                labels_of=_tuples(content["labels_of"]),
                entity_tags=tuple(content["entity_tags"]),
                tags=_tuples(content["tags"]),
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"not a scheme of network outputs: {error!r}") from error


def _tuples(lists: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in lists.items()}
