"""A sentence with what the tables and grammars know of it, before the rules look for events."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.extraction.findings import Offsets
from services.extraction.normalise.dates import find_dates
from services.extraction.normalise.quantities import find_quantities
from services.extraction.rules.lexicon import Lexicon
from services.extraction.rules.sentence import Sentence


@dataclass(frozen=True)
class Scene:
    """A sentence with what is known of it before events are looked for; all offsets are the article's.

    `mentions` are parties and places that the linker knows, in order.
    """

    sentence: Sentence
    lexicon: Lexicon
    mentions: Sequence[Offsets]
    quantities: Sequence[Offsets]
    dates: Sequence[Offsets]

    @classmethod
    def of(cls, text: str, sentence: Sentence, lexicon: Lexicon, mentions: Sequence[Offsets]) -> "Scene":
        """The scene of a sentence of the article's `text`."""
        start, words = sentence.start, text[sentence.start : sentence.end]
        dates = [(start + first, start + end) for first, end in find_dates(words)]
        quantities = [(start + first, start + end) for first, end, _ in find_quantities(words)]
        return cls(sentence.without_dates(dates), lexicon, mentions, quantities, dates)

    def within(self, spans: Sequence[Offsets], stretch: Offsets) -> list[Offsets]:
        """Those of `spans` that lie in `stretch`."""
        return [span for span in spans if stretch[0] <= span[0] and span[1] <= stretch[1]]

    def preposition(self, span: Offsets) -> str:
        """The preposition that governs `span`, in small letters, or an empty string."""
        at = self.sentence.index(span[0]) - 1
        while at >= 0 and self.sentence.tags[at] in "DGA":
            at -= 1
        return self.sentence.lower[at] if at >= 0 and self.sentence.tags[at] in "PF" else ""
