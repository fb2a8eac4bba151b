"""What was sent, as one word that can be compared: the first noun's stem, or a kind of force."""

import re
from functools import lru_cache
from typing import Final

from schemas import Category, DeploymentEvent, Span, SupplyEvent

ARMS: Final[frozenset[Category]] = frozenset({"weapons", "ammunition", "vehicles", "aircraft", "ships", "technology"})
"""Categories whose goods are told apart by their nouns. Money, relief, training and energy are of one kind each."""
VAGUE: Final = (
    *("waffe", "ausrüstung", "gerät", "gut", "güter", "material", "lieferung", "hilfe", "unterstützung", "system"),
    *("technik", "technologie", "paket", "bestand", "dutzend", "tausend", "million", "milliarde", "menge"),
)
"""Ends of nouns that leave open what is meant: "Kriegsgerät", "Rüstungsgüter", "Militärhilfe"."""
FORCES: Final = {
    "ships": ("schiff", "träg", "fregatt", "zerstör", "korvett", "boot", "kreuz", "flott"),
    "aircraft": ("flugzeug", "jet", "flieg", "hubschraub", "drohn", "bomb", "maschin"),
    "missiles": ("raket", "batteri", "flugabwehr", "luftabwehr", "system", "patriot"),
    "vehicles": ("panz", "haubitz", "geschütz", "fahrzeug"),
}
"""Kinds of force by the ends of nouns without their inflection; soldiers and units of soldiers are what is left."""
TROOPS: Final = "troops"
PRONOUNS: Final = frozenset({"Sie", "Er", "Es", "Diese", "Dieser", "Jene", "Ihnen", "Ihre", "Welche"})
_WORD: Final = re.compile(r"[^\W_]+(?:[-’/][^\W_]+)*")
_ENDING: Final = re.compile(r"(?<=[^\W_]{3})(?:ern|er|en|em|es|e|n|s)$")
_ATTRIBUTE: Final = re.compile(r".{3,}(?:e|en|er|es|em)$|Die|Der|Das|Den|Dem|Des|Ein|Eine|Einen|Einem|Einer|Eines")


def kind_of_goods(event: DeploymentEvent | SupplyEvent) -> str:
    """A word by which goods are compared (`groups.group_members`); empty where nothing is told of them."""
    noun = first_noun(event.force if isinstance(event, DeploymentEvent) else event.goods, event.evidence.start)
    if isinstance(event, DeploymentEvent):
        return _force(noun) if noun else ""
    if event.category not in ARMS:
        return ""
    if event.category == "ammunition":  # shells, rounds and ammunition are called by each other's names
        return "munition"
    return "" if noun is None or _is_vague(noun) else stem(noun)


def class_of(event: SupplyEvent) -> str:
    """The class of a supply's category: arms, or the category itself."""
    return "arms" if event.category in ARMS else event.category


def first_noun(span: Span | None, sentence: int) -> str | None:
    """The head of the first noun of a phrase: of "Leopard-Panzern vom Typ 2" it is "Panzern".

    Args:
        span: the phrase.
        sentence: where its sentence begins: there an adjective has a capital letter too.
    """
    words: list[str] = _WORD.findall(span.text) if span else []
    capital = [word for word in words if word[0].isupper()]
    if span and span.start == sentence and len(capital) > 1 and capital[0] == words[0] and capital[1] == words[1]:
        capital = capital[1:] if _ATTRIBUTE.fullmatch(capital[0]) else capital
    if not capital or capital[0] in PRONOUNS:
        return None
    head = capital[0].rpartition("-")[2]
    return head if sum(map(str.isalpha, head)) >= 3 else capital[0]


@lru_cache(maxsize=16_384)
def stem(noun: str) -> str:
    """A noun in small letters without its inflection: "Panzern" and "Panzer" are "panz"."""
    return _ENDING.sub("", noun.casefold())


@lru_cache(maxsize=16_384)
def _is_vague(noun: str) -> bool:
    return stem(noun).endswith(tuple(stem(word) for word in VAGUE))


@lru_cache(maxsize=16_384)
def _force(noun: str) -> str:
    return next((kind for kind, ends in FORCES.items() if stem(noun).endswith(ends)), TROOPS)
