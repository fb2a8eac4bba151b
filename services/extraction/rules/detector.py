"""The rule detector as a spaCy component: ``lagebild_rules``."""

from spacy.language import Language
from spacy.tokens import Doc

from services.extraction.findings import Finding, Offsets
from services.extraction.linking import ArticleContext
from services.extraction.rules.events import find_events
from services.extraction.rules.lexicon import lexicon
from services.extraction.rules.scene import Scene
from services.extraction.rules.sentence import Sentence, sentences
from services.extraction.rules.statements import find_statements

RULES_VERSION = "1.0"


@Language.component("lagebild_rules", assigns=["doc._.findings"], requires=["doc.sents", "doc._.context"])
def find_by_rules(doc: Doc) -> Doc:
    """Set ``doc._.findings`` by the rules of this package."""
    words, text = lexicon(), doc.text  # spaCy joins the tokens anew each time it is asked for the text
    mentions = _known(doc._.context, text, words.forces)
    found: list[Finding] = []
    first = 0
    for sentence in sentences(doc, words.verbs):
        while first < len(mentions) and mentions[first][0] < sentence.start:
            first += 1
        scene = Scene.of(text, sentence, words, _inside(sentence, mentions, first))
        speech = find_statements(scene)
        found += speech + find_events(scene, speech)
    doc._.findings = tuple(found)
    return doc


def _known(context: ArticleContext, text: str, forces: tuple[str, ...]) -> list[Offsets]:
    """The innermost mentions that the linker gives a code, in order; troops belong to somebody, they are nobody."""
    kept: list[Offsets] = []
    for start, end in sorted({(start, end) for start, end, _ in context.mentions()}, key=lambda m: (m[1], -m[0])):
        if kept and start <= kept[-1][0]:
            continue  # it holds a smaller one
        if not text[start:end].lower().endswith(forces) and context.party(start, end).code is not None:
            kept.append((start, end))
    return kept


def _inside(sentence: Sentence, mentions: list[Offsets], first: int) -> list[Offsets]:
    inside = []
    for mention in mentions[first:]:
        if mention[0] >= sentence.end:
            break
        inside.append(mention)
    return inside
