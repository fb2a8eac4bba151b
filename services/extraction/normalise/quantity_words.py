"""The words around a number that set its bounds, and those that show it to be no amount at all."""

from __future__ import annotations

import re

_DEAL = ("vertrag", "verkauf", "kauf", "auftrag", "kredit", "abkommen", "rechnung", "paket", "scheck", "darlehen")
_NOT_AFTER_A_DEAL = "".join(rf"(?<!{noun} )" for noun in _DEAL)
_FEW = "zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf"
# What the words do to the number after them. Longer ones first: "nicht mehr als" is not "mehr als".
_MODIFIERS = {
    "upper": r"nicht mehr als|(?:deutlich |weit |noch )?weniger als|bis zu|höchstens|maximal|allenfalls|bestenfalls"
    r"|max\.|nicht einmal|keine",
    "lower": r"nicht weniger als|(?:deutlich |weit |noch |wesentlich )?mehr als|mindestens|wenigstens|zumindest"
    r"|mind\.|minimal|(?:deutlich |weit )über",
    "lower_about": r"etwas mehr als|gut und gerne?|gut|(?:eine?[mnr]? )?gute[nrs]?",
    "upper_about": r"etwas weniger als",
    "about": r"kaum mehr als|kaum|etwa|in etwa|rund|rd\.|ungefähr|circa|ca\.?|zirka"
    r"|knapp|(?:eine?[mnr]? )?knappe[nrs]?|fast|nahezu|beinahe|annähernd"
    r"|schätzungsweise|um die|so um die|vielleicht|umgerechnet|grob",
    "several": r"ein paar|einige[rn]?|mehrere[rn]?|etliche[rn]?|viele[rn]?|manche",
    "each": r"je|jeweils",
    "plain": r"insgesamt|zusammen|weitere[rn]?|nur noch|nur|noch|gerade einmal|gerade mal|lediglich|genau|exakt"
    r"|jährlich|monatlich|wöchentlich|täglich|alle|ganze",
}
# "über" is a bound in "über 500 Soldaten" and a preposition in "Vertrag über 500 Panzer", "über zwei Länder".
_OVER = {False: rf"{_NOT_AFTER_A_DEAL}über(?! (?:{_FEW}) (?!mill|mrd|dutz))", True: "über"}
# Prepositions first of all: bounds only where the phrase is known to be a quantity.
_KNOWN_ONLY = {
    "about": r"gegen|an die",
    "upper": r"unter|\Abis",
    "lower": "ab",
    "plain": r"(?:der |die |den |das )?(?:ersten?|letzten?|nächsten?|anderen)|der|die|das|den|um|derzeit|bereits"
    r"|zuletzt",
}
_SPACE = "[ \u00a0]+"


def _patterns(known: bool) -> tuple[re.Pattern[str], re.Pattern[str]]:
    words = {
        kind: f"{some}|{_KNOWN_ONLY[kind]}" if known and kind in _KNOWN_ONLY else some
        for kind, some in _MODIFIERS.items()
    }
    words["over"] = _OVER[known]
    one = "|".join(f"(?P<{kind}>{some})" for kind, some in words.items())
    bare = "|".join(words.values())
    return (
        re.compile(rf"(?<!\w)(?:(?:{bare}){_SPACE})+", re.IGNORECASE),
        re.compile(rf"(?<!\w)(?:{one})(?={_SPACE})", re.IGNORECASE),
    )


# By whether the text is known to be a quantity: runs of modifiers, and a single one named by its kind.
MODIFIERS = {False: _patterns(False), True: _patterns(True)}
BETWEEN = re.compile(rf"(?<!\w)zwischen{_SPACE}\Z", re.IGNORECASE)
FROM = re.compile(rf"(?<!\w)von{_SPACE}(?:(?:derzeit|bisher|bislang|zuletzt|ursprünglich){_SPACE})?\Z", re.IGNORECASE)
# Between two numbers of one phrase: "20 bis 30", "fünf- bis sechstausend", "(von) vier auf sieben".
JOINT = re.compile(
    r"-?\s*(?:(?P<range>bis(?: zu)?|[-–—])|(?P<and>und)|(?P<or>oder)|(?P<onto>auf)"
    r"|(?P<but>,\s*(?:und|aber|jedoch)?|aber|jedoch))\s*"
)
OR_MORE = re.compile(r"\s+(?:oder|und) mehr(?!\w)")
FURTHER = re.compile(r"\s+weitere[rn]?(?!\w)")
SEVERAL = re.compile(r"(?<!\w)(?:ein paar|mehrere[rn]?|einige[rn]?|etliche[rn]?)(?!\w)", re.IGNORECASE)
NONE = re.compile(r"(?<!\w)kein(?:e[rnms]?|s)?(?!\w)", re.IGNORECASE)
# Amounts without a number of their own: a share, a remainder, a lot.
FRACTION = re.compile(r"\s*(?:drittel|viertel|fünftel|sechstel|achtel|zehntel)n?(?!\w)", re.IGNORECASE)
SHARE = re.compile(
    r"(?<!\w)(?:\w*mengen?|(?:groß|bruch)?teile?[ns]?|rest|hälfte|\w*(?:drittel|viertel|fünftel|zehntel)n?|viertelprozent"
    r"|zahl|anzahl|vielzahl|handvoll|summe|umfang|reihe|viele[rn]?|zahlreiche[rn]?|wenige[rn]?|meisten)(?!\w)",
    re.IGNORECASE,
)
UNCOUNTED = re.compile(r"(?<!\w)(?:sämtliche[rn]?|aller?|weitere[rsn]?|ebenso viele?)(?!\w)", re.IGNORECASE)
# "das erste der vier Systeme", "einen Teil der 640": one of them, some of them, not all.
ONE_OF = re.compile(
    r"(?<!\w)(?:(?:erste|zweite|dritte|\w+(?<=[nhfs])te)[rsn]?|einzige[rsn]?|eine[rsn]?)\s+(?:der|von)\s+\Z",
    re.IGNORECASE,
)
SOME_OF = re.compile(rf"{SHARE.pattern}\s+(?:der|von|ihrer|seiner)\s+\Z", re.IGNORECASE)
_NAMED = (
    r"artikel|art\.|absatz|paragra(?:f|ph)en|paragra(?:f|ph)|§|resolution|kapitel|seite|platz|rang|nummer|nr\.|typs?|boeing"
    r"|airbus|antonow|iljuschin|tupolew|mirage|(?:panzer)?haubitze|leopard|leclerc|challenger|marder|gepard|gruppe|agenda"
    r"|block|phase|stufe|tag|zone|klasse|version|kanal|\w*sender|route|modell|raum|halle|liga|runde|teil|band|baujahr"
    r"|kalibers?|tel\.|minute|\w*stützpunkt|rossija"
)
_DESIGNATION = re.compile(rf"(?<!\w)(?:{_NAMED})[ \u00a0]\Z", re.IGNORECASE)


def designates(text: str, start: int, end: int) -> bool:
    """Whether the digits ``text[start:end]`` belong to a name: "Artikel 5", "Leopard 2", "28-Punkte-Plan"."""
    if _DESIGNATION.search(text, max(0, start - 24), start):
        return True
    if text[end : end + 1] == "-" or text[end : end + 1].isalpha():
        return not re.match(r"-mann(?!\w)", text[end:], re.IGNORECASE)
    return False


def is_ordinal(text: str, end: int, value: float) -> bool:
    """Whether digits that end at ``end`` are an ordinal: "12. Brigade", small, and the sentence goes on."""
    return value < 1000 and bool(re.match(r"\.\s*[\w„\"]", text[end:]))


def begins_sentence(text: str, position: int) -> bool:
    """Whether a capital letter at ``position`` may be due to the sentence's beginning."""
    return bool(re.search(r"(?:^|[.!?:;„“\"»«(–-]\s*|\n\s*)\Z", text[max(0, position - 3) : position]))
