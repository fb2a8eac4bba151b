"""Statements by rules: a word of saying, who says it, and the stretch of the sentence that is said."""

from collections.abc import Iterator, Mapping

from services.extraction.findings import Finding, Offsets
from services.extraction.rules.lexicon import Cue, Lexicon
from services.extraction.rules.scene import Scene
from services.extraction.rules.sentence import Sentence

_CLAUSE_OPENERS = frozenset(["dass", "daß", "ob", "wie", "wonach", "wo", "was", "warum", "wer", "inwieweit"])
_ASIDES = frozenset(
    ["und", "aber", "während", "nachdem", "als", "um", "weil", "wenn", "bevor", "obwohl", "doch", "sondern", "so"]
)
_MODALS = frozenset(["will", "wollen", "wollte", "wollten", "wolle", "mochte", "mochten", "möchte"])
_ADDRESSED = frozenset({"accuse", "condemn", "demand", "threaten", "warn", "say"})
_SCORE = 0.6


def find_statements(scene: Scene) -> list[Finding]:
    """The statements of a sentence: verbs, sources ("laut X") and nouns ("die Warnung, dass …")."""
    sentence, lexicon = scene.sentence, scene.lexicon
    found = [*_by_verb(scene), *_by_source(sentence, lexicon), *_by_noun(sentence, lexicon)]
    return [finding for finding in found if finding.slot("content") and finding.slot("speaker")]


def cue_at(
    sentence: Sentence, at: int, apart: dict[str, list[Cue]], whole: dict[str, Cue]
) -> tuple[Cue, int | None] | None:
    """The cue whose form is word `at`, with the number of its separable particle's word where that stands apart."""
    lower = sentence.lower[at]
    if lower not in apart and lower not in whole:
        return None
    if sentence.words[at].text[0].isupper() and at > 0:
        return None
    end = sentence.clause(at)[1]
    for cue in apart.get(lower, ()):
        for place in range(end - 1, at, -1):
            if sentence.lower[place] == cue.verb.particle and (
                place + 1 == end or sentence.lower[place + 1] in ("und", "oder")
            ):
                return cue, place
    joined = whole.get(lower)
    return (joined, None) if joined else None


def _by_verb(scene: Scene) -> Iterator[Finding]:
    sentence, lexicon = scene.sentence, scene.lexicon
    for at in range(len(sentence.words)):
        found = cue_at(sentence, at, lexicon.statements.apart, lexicon.statements.whole)
        if found is None or (at and sentence.lower[at - 1] == "zu"):
            continue
        cue, particle = found
        head = _finite(sentence, at, cue)
        if head is None:
            continue
        subject = _subject(sentence, head)
        content = _content(sentence, at, head, subject, object_too=not cue.strict, particle=particle)
        if subject is None or content is None or sentence.lower[subject[0]] == "es":
            continue  # "hieß es" names nobody
        status, kind = _utterance(sentence, head, at, cue.label, lexicon)
        slots = {"speaker": (sentence.span(*subject),), "content": (content,)}
        if kind in _ADDRESSED and (addressee := _addressee(scene, head, subject)):
            slots["addressee"] = (addressee,)
        yield _finding(sentence, (at, at + 1), kind, slots, f"verb {cue.verb.lemma}", status=status)


def _finite(sentence: Sentence, at: int, cue: Cue) -> int | None:
    """The finite verb of the cue's clause: the cue itself, or the auxiliary of its participle or infinitive."""
    lower = sentence.lower[at]
    first, end = sentence.clause(at)
    if lower in cue.verb.finite and not (lower.endswith("en") and _auxiliary(sentence, first, end, at) is not None):
        return at
    if cue.verb.particle and lower.startswith(cue.verb.particle) and lower[len(cue.verb.particle) :] in cue.verb.finite:
        return at
    return _auxiliary(sentence, first, end, at)


def _auxiliary(sentence: Sentence, first: int, end: int, at: int) -> int | None:
    places = [place for place in range(first, end) if sentence.tags[place] == "V" and place != at]
    return places[0] if places else None


def _subject(sentence: Sentence, head: int) -> tuple[int, int] | None:
    """The subject's words: in front of the finite verb, behind it, or in the apposition before it."""
    first, end = sentence.clause(head)
    start = first
    while start < head and sentence.tags[start] in "OT":
        start += 1
    if start < head:
        phrase = sentence.phrase_at(start, head)
        fills = phrase is not None and set(sentence.tags[phrase[1] : head]) <= {"O", "T"}
        if phrase and (fills or sentence.lower[first] in ("wie", "dass")):
            return phrase
    after = head + 1
    while after < end and sentence.tags[after] in "OT":
        after += 1
    behind = sentence.phrase_at(after, end)
    if behind is not None:
        return behind
    if first == head and first > 1:  # "Der Generalsekretär, Mark Rutte, sagte"
        before = sentence.clause(first - 2)
        phrase = sentence.phrase_at(*before)
        return phrase if phrase and phrase[1] == before[1] else None
    return None


def _content(
    sentence: Sentence, at: int, head: int, subject: tuple[int, int] | None, *, object_too: bool, particle: int | None
) -> Offsets | None:
    first, end = sentence.clause(head)
    last = len(sentence.words) - (1 if sentence.tags[-1] == "." else 0)
    comes_first = first > 2 and (first == head or sentence.lower[first] == "wie")
    if comes_first and subject and subject[0] >= first:
        more = end < last and sentence.words[end].text not in (".", "!")
        return sentence.span(0, last if more else first)
    opener = max(end, at + 1, (particle or 0) + 1)
    if opener < last and _opens_clause(sentence, opener, last):
        return sentence.span(opener, last)
    if object_too:
        start = max(head + 1, subject[1] if subject and subject[0] > head else 0)
        stop = at if at > start else particle if particle is not None else end
        if stop - start >= 1 and "N" in sentence.tags[start:stop]:
            return sentence.span(start, stop)
    return None


def _opens_clause(sentence: Sentence, opener: int, last: int) -> bool:
    """Whether what follows the mark at `opener` is what is said: a clause, a quotation, an infinitive."""
    if sentence.words[opener].text == ":" or sentence.tags[opener] == "Q":
        return True
    following = opener + 1
    if following >= last or sentence.words[opener].text != ",":
        return False
    if sentence.lower[following] in _CLAUSE_OPENERS or sentence.tags[following] == "Q":
        return True
    relative = sentence.tags[following] in "DGP" and sentence.tags[following + 1 : following + 2] in ("R", "V", "O")
    return not relative and sentence.lower[following] not in _ASIDES and last - following > 2


def _utterance(sentence: Sentence, head: int, at: int, kind: str, lexicon: Lexicon) -> tuple[str, str]:
    """Status and kind: "wollte nicht dementieren" refuses, "bestätigte nicht" denies the utterance."""
    first, end = sentence.clause(head)
    negated = not lexicon.status["denied"].isdisjoint(sentence.lower[first:end])
    if negated and sentence.lower[head] in _MODALS:
        return "actual", "refuse"
    if negated and kind in ("confirm", "deny", "refuse", "announce"):
        return "denied", kind
    return "actual", kind


def _addressee(scene: Scene, head: int, subject: tuple[int, int]) -> Offsets | None:
    sentence = scene.sentence
    start, end = sentence.span(*sentence.clause(head))
    speaker = sentence.span(*subject)
    for party in scene.mentions:
        if start <= party[0] and party[1] <= end and not (party[0] < speaker[1] and speaker[0] < party[1]):
            before = sentence.index(party[0]) - 1
            if before < 0 or sentence.tags[before] not in "PF":
                return party
    return None


def _by_source(sentence: Sentence, lexicon: Lexicon) -> Iterator[Finding]:
    last = len(sentence.words) - (1 if sentence.tags[-1] == "." else 0)
    for phrase in lexicon.sources["before"]:
        for at in _places(sentence, phrase):
            start = at + len(phrase)
            while start < last and sentence.tags[start] in "FDG":
                start += 1
            if speaker := sentence.phrase_at(start, last):
                content = sentence.span(speaker[1], last) if at == 0 and speaker[1] < last else sentence.span(0, last)
                kind = "assess" if phrase in lexicon.sources["assess"] else "say"
                slots = {"speaker": (sentence.span(*speaker),), "content": (content,)}
                yield _finding(sentence, (at, at + len(phrase)), kind, slots, "source " + " ".join(phrase))
    yield from _by_adjective(sentence, lexicon, last)
    yield from _by_so(sentence, last)
    for phrase in lexicon.sources["after"]:
        for at in _places(sentence, phrase):
            before = [p for p in sentence.phrases(0, at) if p[1] == at]
            if before:
                content = sentence.span(at + 1, last) if before[0][0] <= 2 and at + 1 < last else sentence.span(0, last)
                slots = {"speaker": (sentence.span(*before[0]),), "content": (content,)}
                yield _finding(sentence, (at, at + 1), "say", slots, "source " + " ".join(phrase))


def _by_adjective(sentence: Sentence, lexicon: Lexicon, last: int) -> Iterator[Finding]:
    """Sources named by an adjective: "nach russischer Darstellung"."""
    for phrase in (phrase for phrase in lexicon.sources["before"] if len(phrase) == 2):
        for at in range(len(sentence.words) - 2):
            if [sentence.lower[at], sentence.lower[at + 2]] == phrase and sentence.tags[at + 1] == "A":
                start = at + 3 if at == 0 and at + 3 < last else 0
                slots = {"speaker": (sentence.span(at + 1, at + 2),), "content": (sentence.span(start, last),)}
                yield _finding(sentence, (at, at + 3), "say", slots, "source " + " ".join(phrase))


def _by_so(sentence: Sentence, last: int) -> Iterator[Finding]:
    """Sources behind what they say: "…, so der Sprecher"."""
    for at in range(3, last - 1):
        if sentence.lower[at] == "so" and sentence.tags[at - 1] == ",":
            end = sentence.clause(at)[1]
            speaker = sentence.phrase_at(at + 1, end)
            if speaker and speaker[1] == end:
                stop = last if end < last else at - 1
                slots = {"speaker": (sentence.span(*speaker),), "content": (sentence.span(0, stop),)}
                yield _finding(sentence, (at, at + 1), "say", slots, "source so")


def _places(sentence: Sentence, phrase: list[str]) -> Iterator[int]:
    width = len(phrase)
    return (at for at in range(len(sentence.words) - width + 1) if sentence.lower[at : at + width] == phrase)


def _by_noun(sentence: Sentence, lexicon: Lexicon) -> Iterator[Finding]:
    for at, word in enumerate(sentence.words):
        kind = lexicon.speech_nouns.get(word.text)
        end = sentence.clause(at)[1] if kind else 0
        if kind is None or end >= len(sentence.words) - 1 or sentence.words[end].text != ",":
            continue
        if not _opens_clause(sentence, end, len(sentence.words)):
            continue
        speaker = sentence.phrase_at(at + 1, end)
        if speaker is None and at and sentence.lower[at - 1][:3] in ("sei", "ihr"):
            speaker = (at - 1, at)
        if (speaker and speaker[1] == end) or (speaker and speaker[1] == at):
            stop = sentence.clause(end + 1)[1]
            slots = {"speaker": (sentence.span(*speaker),), "content": (sentence.span(end + 1, stop),)}
            yield _finding(sentence, (at, at + 1), kind, slots, f"noun {word.text}")


def _finding(
    sentence: Sentence,
    anchor: tuple[int, int],
    kind: str,
    slots: Mapping[str, tuple[Offsets, ...]],
    rule: str,
    *,
    status: str = "actual",
) -> Finding:
    return Finding(
        type="statement",
        anchor=sentence.span(*anchor),
        evidence=(sentence.start, sentence.end),
        slots=slots,
        labels={"status": status, "reported": False, "kind": kind},
        score=_SCORE,
        reasons=dict.fromkeys([*slots, "kind"], rule),
    )
