"""German news text in, typed event records out: a library without Kafka, clock or network."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.extraction.pipeline import Extractor

__all__ = ["load_extractor"]


def load_extractor(path: str | None = None) -> "Extractor":
    """The extractor, loaded once in a process; loading imports spaCy.

    Args:
        path: folder of a spaCy pipeline whose components leave findings on ``doc._.findings``; "rules" for the rule
            detector; None for the shipped model (docs/models.md), or the rules where it is not installed.

    Raises:
        services.common.errors.UserError: the folder is not a spaCy pipeline.
    """
    from services.extraction.pipeline import load

    return load(path)
