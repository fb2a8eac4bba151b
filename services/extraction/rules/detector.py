"""The rule detector as a spaCy component: ``lagebild_rules``."""

from spacy.language import Language
from spacy.tokens import Doc

from services.extraction.findings import Finding, Offsets
from services.extraction.rules.events import Scene, find_events
from services.extraction.rules.lexicon import lexicon
from services.extraction.rules.sentence import Sentence, sentences
from services.extraction.rules.statements import find_statements

RULES_VERSION = "1.0"


@Language.component("lagebild_rules", assigns=["doc._.findings"], requires=["doc.sents", "doc._.context"])
def find_by_rules(doc: Doc) -> Doc:
    """Set ``doc._.findings`` by the rules of this package."""
    words, text = lexicon(), doc.text  # spaCy joins the tokens anew each time it is asked for the text
    mentions = sorted((start, end) for start, end, _ in doc._.context.mentions())
    found: list[Finding] = []
    first = 0
    for sentence in sentences(doc, words.verbs):
        while first < len(mentions) and mentions[first][0] < sentence.start:
            first += 1
        inside = _inside(sentence, mentions, first)
        speech = find_statements(sentence, words, inside)
        found += speech + find_events(Scene.of(text, sentence, words, inside, speech))
    doc._.findings = tuple(found)
    return doc


def _inside(sentence: Sentence, mentions: list[Offsets], first: int) -> list[Offsets]:
    inside = []
    for mention in mentions[first:]:
        if mention[0] >= sentence.end:
            break
        inside.append(mention)
    return inside
