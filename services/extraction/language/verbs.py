"""Lemmas of verbs, the separated prefix joined: "teilte … mit" is *mitteilen*, "wies … zurück" *zurückweisen*.

Lemmas come from HanTa (Wartena 2019, "A Probabilistic Morphology Model for German Lemmatization"); which word is a
separated prefix says the tagger; to which verb it belongs says the order of words: the finite verb of a German main
clause stands second, its prefix at the end, and what stands between them may hold clauses of its own, whose verbs
stand last.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Protocol, cast

from spacy.language import Language
from spacy.tokens import Doc, Span, Token

_CACHED = 50_000
_VERBS = frozenset({"VERB", "AUX"})
# What may follow a verb that ends its clause.
_CLAUSE_ENDS = frozenset({"PUNCT", "CCONJ"})
# Words that may be a verb's separated prefix: they are where they end a clause; elsewhere the tagger decides.
_PREFIXES = frozenset(
    re.findall(
        r"\w+",
        "ab an auf aus bei bekannt bereit bevor durch ein empor entgegen fest fort frei gegenüber her "
        "heran heraus herum herunter hervor hin hinaus hinzu hoch klar kund los mit nach nahe nieder "
        "stand statt teil über überein um unter vor voran voraus vorbei vorüber weg weiter wieder zu "
        "zurück zusammen",
    )
)
_BARE = frozenset({"sein", "werden", "haben"})  # "ist frei", "wurde bekannt": no prefix
_QUOTES = frozenset("„“”\"»«'‚‘’")
_FORMS = {"Fin": ("VV(FIN)", "VM(FIN)", "VA(FIN)"), "Part": ("VV(PP)",), "Inf": ("VV(INF)", "VV(IZU)")}


class _Tagger(Protocol):
    def tag_word(self, word: str) -> list[tuple[str, float]]: ...

    def analyze(self, word: str, pos: str) -> tuple[str, str]: ...


@lru_cache(maxsize=1)
def _tagger() -> _Tagger:
    from HanTa.HanoverTagger import HanoverTagger

    return cast("_Tagger", HanoverTagger("morphmodel_ger.pgz"))


@Language.component("lagebild_lemmatizer", assigns=["token.lemma"], requires=["token.pos", "token.morph", "doc.sents"])
def lemmatise_verbs(doc: Doc) -> Doc:
    """Set `token.lemma_` of verbs and auxiliaries to the infinitive; a separated prefix has its verb's lemma.

    Other words keep an empty lemma.
    """
    for sentence in doc.sents:
        verbs = [token for token in sentence if token.pos_ in _VERBS]
        for token in verbs:
            token.lemma_ = infinitive(token.lower_, next(iter(token.morph.get("VerbForm", [])), ""))
        for verb, prefix in separated(sentence):
            verb.lemma_ = prefix.lemma_ = prefix.lower_ + verb.lemma_
    return doc


@lru_cache(maxsize=_CACHED)
def infinitive(form: str, kind: str = "") -> str:
    """The infinitive of an inflected verb.

    Args:
        form: the form in lower case.
        kind: its `VerbForm` in Universal Dependencies (Fin, Inf, Part), where known.
    """
    tags = [tag for tag, _ in _tagger().tag_word(form) if tag.startswith("V")]
    if not tags:
        return form
    wanted = _FORMS.get(kind, ())
    return _tagger().analyze(form, next((tag for tag in tags if tag in wanted), tags[0]))[0].lower()


def separated(sentence: Span) -> Iterator[tuple[Token, Token]]:
    """Each finite verb of the sentence with its separated prefix; verbs have their lemmas."""
    verbs = [token for token in sentence if token.pos_ in _VERBS and token.lower_ not in _PREFIXES]
    free = [verb for verb in verbs if "Fin" in verb.morph.get("VerbForm", [])]
    for prefix in sentence:
        if prefix.lower_ not in _PREFIXES:
            continue
        before = [verb for verb in free if verb.i < prefix.i]
        if "Vbp" not in prefix.morph.get("PartType", []):
            before = [verb for verb in before if verb.lemma_ not in _BARE]
            if not _ends_clause(prefix, _CLAUSE_ENDS):
                continue
        if before:
            verb = next((verb for verb in reversed(before) if _stands_second(verb)), before[-1])
            free.remove(verb)
            yield verb, prefix


def _stands_second(verb: Token) -> bool:
    """Whether the verb is that of a main clause: it does not end its clause, or its clause begins the sentence."""
    if not _ends_clause(verb, _CLAUSE_ENDS | _VERBS):
        return True
    return not any(token.pos_ == "PUNCT" and token.text not in _QUOTES for token in verb.doc[verb.sent.start : verb.i])


def _ends_clause(word: Token, ends: frozenset[str]) -> bool:
    """Whether the word is the last of its clause, as the verb of a subordinate one is: `ends` may follow."""
    rest = word.doc[word.i + 1 : word.sent.end]
    following = next((token for token in rest if token.text not in _QUOTES and not token.is_space), None)
    return following is None or following.pos_ in ends
