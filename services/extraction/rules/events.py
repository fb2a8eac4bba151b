"""Deployments and supplies by rules: a verb or noun of moving or giving, with forces or goods in its clause."""

from collections.abc import Iterator, Mapping, Sequence

from services.extraction.findings import Finding, Offsets
from services.extraction.goods import category_of
from services.extraction.rules.scene import Scene
from services.extraction.rules.sentence import Sentence
from services.extraction.rules.statements import cue_at

_TO = frozenset(["nach", "in", "im", "ins", "an", "am", "auf", "bei", "zu", "zur", "zum", "nahe", "vor", "entlang"])
_FROM = frozenset({"aus", "von", "vom"})
_SCORE = 0.5
_STATUS_OF_KIND = {
    "demand": "possible",
    "announce": "planned",
    "refuse": "denied",
    "deny": "denied",
    "threaten": "planned",
}


def find_events(scene: Scene, speech: Sequence[Finding]) -> list[Finding]:
    """The deployments and supplies of a sentence, `speech` being its statements."""
    return [*_movements(scene, speech), *_supplies(scene, speech)]


def _movements(scene: Scene, speech: Sequence[Finding]) -> Iterator[Finding]:
    sentence, words = scene.sentence, scene.lexicon
    for at, token in enumerate(sentence.words):
        label = words.movement_nouns.get(token.text)
        cue = None if label else cue_at(sentence, at, words.movements.apart, words.movements.whole)
        if label is None and cue is None:
            continue
        noun, stretch = label is not None, _stretch(sentence, at)
        force, rule = _force(scene, stretch, at), f"noun {token.text}"
        if cue is not None:
            if cue[0].strict and force is None:
                continue
            label, rule = cue[0].label, f"verb {cue[0].verb.lemma}"
        slots = _movement_slots(scene, at, stretch, force, withdrawn=label == "withdraw" and not noun, speech=speech)
        if force or (slots.get("actor") and slots.keys() & {"origin", "destination"}):
            yield _finding(scene, at, slots, _status(scene, at, stretch, speech), rule, movement=label)


def _stretch(sentence: Sentence, at: int) -> tuple[int, int]:
    """The clause around a word, quotation marks inside it passed over, as word numbers."""
    first, end = at, at + 1
    while first > 0 and sentence.tags[first - 1] != ",":
        first -= 1
    last = len(sentence.words) - (1 if sentence.tags[-1] == "." else 0)
    while end < last and sentence.tags[end] != ",":
        end += 1
    return first, end


def _force(scene: Scene, stretch: tuple[int, int], anchor: int) -> Offsets | None:
    """The noun phrase of the force nearest to the anchor: adjectives and noun, without number and determiner."""
    sentence = scene.sentence
    places = [
        at
        for at in range(*stretch)
        if sentence.tags[at] == "N" and at != anchor and sentence.lower[at].endswith(scene.lexicon.forces)
    ]
    if not places:
        return None
    at = min(places, key=lambda place: abs(place - anchor))
    start = at
    while start > stretch[0] and sentence.tags[start - 1] == "A":
        start -= 1
    return sentence.span(start, at + 1)


def _movement_slots(
    scene: Scene,
    at: int,
    stretch: tuple[int, int],
    force: Offsets | None,
    *,
    withdrawn: bool,
    speech: Sequence[Finding],
) -> dict[str, tuple[Offsets, ...]]:
    clause = scene.sentence.span(*stretch)
    mentions = scene.within(scene.mentions, clause)
    anchor = scene.sentence.span(at, at + 1)
    placed = {span: scene.preposition(span) for span in mentions}
    owner = _owner(placed, force, withdrawn=withdrawn) or _speaker(scene, speech, at)
    to = _nearest([span for span, word in placed.items() if word in _TO], anchor)
    away = _nearest([span for span, word in placed.items() if word in _FROM and span != owner], anchor)
    if withdrawn and away is None:
        to, away = None, to
    slots = {
        "force": force,
        "actor": owner,
        "quantity": _amount(scene, clause, force),
        "destination": to,
        "origin": away,
        "time": _nearest(scene.within(scene.dates, clause), anchor),
    }
    return {name: (span,) for name, span in slots.items() if span is not None}


def _owner(placed: Mapping[Offsets, str], force: Offsets | None, *, withdrawn: bool) -> Offsets | None:
    """Whose force: named in its noun phrase or right behind it, else the subject of the clause.

    "Truppen aus Mali" are Mali's, unless they are withdrawn from there.
    """
    behind = {""} if withdrawn else {"", *_FROM}
    if force is not None:
        for span, word in placed.items():
            if force[0] <= span[0] < force[1] or (0 < span[0] - force[1] < 12 and word in behind):
                return span
    return next((span for span, word in placed.items() if not word), None)


def _speaker(scene: Scene, speech: Sequence[Finding], at: int) -> Offsets | None:
    """The speaker of the sentence, if the event is an infinitive: "kündigte an, Truppen zu entsenden"."""
    if at and scene.sentence.lower[at - 1] == "zu":
        return next((finding.slots["speaker"][0] for finding in speech), None)
    return None


def _amount(scene: Scene, clause: Offsets, head: Offsets | None) -> Offsets | None:
    """The quantity in front of `head`, or the only one of the clause where there is no head."""
    inside = scene.within(scene.quantities, clause)
    if head is None:
        return inside[0] if len(inside) == 1 else None
    before = [span for span in inside if span[0] <= head[0] and head[0] - span[1] < 25]
    return before[-1] if before else None


def _supplies(scene: Scene, speech: Sequence[Finding]) -> Iterator[Finding]:
    sentence, words = scene.sentence, scene.lexicon
    for at, token in enumerate(sentence.words):
        noun = token.text in words.supply_nouns
        cue = None if noun else cue_at(sentence, at, words.supplies.apart, words.supplies.whole)
        if not noun and cue is None:
            continue
        stretch = _stretch(sentence, at)
        goods, amount = _goods(scene, stretch, at)
        receiving = bool(cue and cue[0].verb.lemma in words.receiving)
        slots = _supply_slots(scene, at, stretch, goods, receiving=receiving, speech=speech)
        slots |= {"quantity": (amount,)} if amount else {}
        if (goods or amount or noun) and (slots.get("supplier") or slots.get("recipient")):
            rule = f"noun {token.text}" if noun else f"verb {cue[0].verb.lemma}" if cue else ""
            status, reported = _status(scene, at, stretch, speech)
            if status == "actual" and cue:
                status = words.supply_status.get(cue[0].verb.lemma, status)
            yield _finding(scene, at, slots, (status, reported), rule)


def _goods(scene: Scene, stretch: tuple[int, int], anchor: int) -> tuple[Offsets | None, Offsets | None]:
    """The goods nearest to the anchor and their amount; of "zehn Millionen Euro" there is an amount alone."""
    sentence = scene.sentence
    known = [
        (first, end)
        for first, end in sentence.phrases(*stretch)
        if not first <= anchor < end and category_of(" ".join(w.text for w in sentence.words[first:end])) is not None
    ]
    if not known:
        return None, None
    first, end = min(known, key=lambda phrase: min(abs(phrase[0] - anchor), abs(phrase[1] - anchor)))
    goods = sentence.span(first, end)
    for amount in scene.quantities:
        if amount[0] < goods[1] and goods[0] < amount[1]:
            rest = sentence.index(amount[1])
            return (sentence.span(rest, end) if rest < end else None), amount
    return goods, _amount(scene, sentence.span(*stretch), goods)


def _supply_slots(
    scene: Scene,
    at: int,
    stretch: tuple[int, int],
    goods: Offsets | None,
    *,
    receiving: bool,
    speech: Sequence[Finding],
) -> dict[str, tuple[Offsets, ...]]:
    clause = scene.sentence.span(*stretch)
    mentions = [
        span for span in scene.within(scene.mentions, clause) if goods is None or not goods[0] <= span[0] < goods[1]
    ]
    placed = {span: scene.preposition(span) for span in mentions}
    bare = [span for span, word in placed.items() if not word]
    given = [span for span, word in placed.items() if word in ("an", "nach", "für")]
    source = [span for span, word in placed.items() if word in _FROM]
    speaker = _speaker(scene, speech, at)
    if speaker and not clause[0] <= speaker[0] < clause[1]:
        bare = [speaker, *bare]
    supplier = bare[0] if bare else None
    recipient = given[0] if given else bare[1] if len(bare) > 1 else None
    if receiving:
        supplier, recipient = (source[0] if source else None), supplier
    slots = {
        "supplier": supplier,
        "recipient": recipient,
        "goods": goods,
        "time": _nearest(scene.within(scene.dates, clause), scene.sentence.span(at, at + 1)),
    }
    return {name: (span,) for name, span in slots.items() if span is not None}


def _nearest(spans: Sequence[Offsets], anchor: Offsets) -> Offsets | None:
    return min(spans, key=lambda span: abs(span[0] - anchor[0]), default=None)


def _finding(
    scene: Scene,
    at: int,
    slots: Mapping[str, tuple[Offsets, ...]],
    status: tuple[str, bool],
    rule: str,
    *,
    movement: str | None = None,
) -> Finding:
    labels: dict[str, str | bool] = {"status": status[0], "reported": status[1]}
    return Finding(
        type="deployment" if movement else "supply",
        anchor=scene.sentence.span(at, at + 1),
        evidence=(scene.sentence.start, scene.sentence.end),
        slots=slots,
        labels=labels | ({"movement": movement} if movement else {}),
        score=_SCORE,
        reasons=dict.fromkeys([*slots, "status"], rule),
    )


def _status(scene: Scene, at: int, stretch: tuple[int, int], speech: Sequence[Finding]) -> tuple[str, bool]:
    """Status and whether it is told as a report, by the words of the clause and the statement around it."""
    cues, lower = scene.lexicon.status, scene.sentence.lower
    words = set(lower[stretch[0] : stretch[1]]) - {lower[at]}
    reported = bool(words & cues["hearsay"] or words & scene.lexicon.subjunctive)
    if words & cues["denied"]:
        return "denied", reported
    if words & {"soll", "sollen", "solle"} and {"haben", "sein", "worden"} & words:
        return "actual", True
    anchor = scene.sentence.words[at].idx
    for finding in speech:
        content = finding.slots["content"][0]
        status = _STATUS_OF_KIND.get(str(finding.labels["kind"]))
        if status and content[0] <= anchor < content[1]:
            return status, reported
    if words & cues["possible"]:
        return "possible", reported
    perfect = words & {"hat", "haben", "hatte", "hatten", "worden", "wurde", "wurden", "habe", "seien"}
    return ("planned" if words & cues["planned"] and not perfect else "actual"), reported
