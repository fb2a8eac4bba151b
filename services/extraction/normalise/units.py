"""Units of German quantities: the words that name one and the one form each is given.

A unit says what is counted or measured *instead of* the force or the goods (GUIDE, "Values"): money, weights, volumes,
``Schuss``, ``Stück``. The noun that is itself the force or the goods ("Soldaten", "Panzer") is none. Formations and
loads ("Bataillone", "Lastwagen") are units only where the quantity's own words include them.
"""

from __future__ import annotations

import re

_MEASURES = {
    "Euro": "euro euros eur €",
    "Dollar": "dollar dollars $",
    "US-Dollar": "us-dollar us-dollars usd us$",
    "Pfund": "pfund pfund£ £ gbp",
    "Franken": "franken chf sfr",
    "Rubel": "rubel rubeln",
    "Yuan": "yuan renminbi",
    "Yen": "yen",
    "Won": "won",
    "Kronen": "krone kronen",
    "Zloty": "zloty złoty",
    "Forint": "forint",
    "Lira": "lira lire",
    "Hrywnja": "hrywnja hrywna griwna griwnja",
    "Rupien": "rupie rupien",
    "Schekel": "schekel",
    "Rial": "rial riyal",
    "Dinar": "dinar dinare dinaren",
    "Dirham": "dirham",
    "Peso": "peso pesos",
    "Rand": "rand",
    "Mark": "mark d-mark dm",
    "Schilling": "schilling",
    "Lei": "lei",
    "Lew": "lew lewa",
    "Cent": "cent",
    "Tonnen": "tonne tonnen t",
    "Kilogramm": "kilogramm kilo kilos kg",
    "Gramm": "gramm",
    "Liter": "liter litern",
    "Kiloliter": "kiloliter kilolitern",
    "Kubikmeter": "kubikmeter kubikmetern",
    "Barrel": "barrel barrels",
    "Fass": "fass fässer fässern",
    "Gallonen": "gallone gallonen",
    "Megawatt": "megawatt",
    "Gigawatt": "gigawatt",
    "Megawattstunden": "megawattstunde megawattstunden",
    "Kilowattstunden": "kilowattstunde kilowattstunden",
    "Prozent": "prozent %",
    "Schuss": "schuss schuß",
    "Stück": "stück",
    "Dosen": "dosis dosen impfdosen",
    "Rationen": "ration rationen",
    "Lastwagenladungen": "lastwagenladung lastwagenladungen lkw-ladungen lkw-ladung",
    "Schiffsladungen": "schiffsladung schiffsladungen",
    "Wagenladungen": "wagenladung wagenladungen",
}
_COUNTERS = {
    "Armeen": "armee armeen",
    "Batterien": "batterie batterien",
    "Bataillone": "bataillon bataillone bataillonen bataillons",
    "Brigaden": "brigade brigaden",
    "Divisionen": "division divisionen",
    "Geschwader": "geschwader geschwadern",
    "Kompanien": "kompanie kompanien",
    "Kontingente": "kontingent kontingente kontingenten",
    "Regimenter": "regiment regimenter regimentern",
    "Staffeln": "staffel staffeln",
    "Züge": "zug züge zügen",
    "Container": "container containern",
    "Kisten": "kiste kisten",
    "Ladungen": "ladung ladungen",
    "Lastwagen": "lastwagen lastwägen",
    "Lkw": "lkw lkws",
    "Paletten": "palette paletten",
    "Pakete": "paket pakete paketen",
    "Säcke": "sack säcke säcken",
    "Waggons": "waggon waggons",
}


def _by_word(table: dict[str, str]) -> dict[str, str]:
    return {word: unit for unit, words in table.items() for word in words.split()}


MEASURES = _by_word(_MEASURES)
COUNTERS = _by_word(_COUNTERS)
CURRENCY_BEFORE = re.compile(r"(?:us\$|[$€£]|\b(?:usd|eur|chf|gbp))\s?\Z", re.IGNORECASE)
# "australische Dollar", "Schweizer Franken": whose currency it is belongs to the unit.
_ORIGIN = r"(?:(?P<origin>[^\W\d_]+(?:-[^\W\d_]+)?ische[nr]?|Schweizer)[ ])?"
_AFTER = re.compile(
    rf"[ \u00a0\u2009\u202f-]?{_ORIGIN}(?P<word>us-dollars?|[^\W\d_]+(?:-[^\W\d_]+)?|us\$|[$€£%])(?!\w)", re.IGNORECASE
)
_MONEY = frozenset(list(_MEASURES)[: list(_MEASURES).index("Tonnen")])

# Nouns after a number that make it a time, an age, a length, a rank: never an amount of forces or goods.
NOT_AN_AMOUNT = re.compile(
    r"[ \u00a0-]?(?:uhr|sekunden?|minuten?|stunden?|tage?[ns]?|tägig\w*|wochen?|wöchig\w*|monat(?:e[ns]?|s)?|monatig\w*"
    r"|jahr(?:e[ns]?|s|zehnte[n]?|hunderte?[n]?)?|jährig\w*|jährlich\w*|nächten?|mal|grad|(?:kilo|zenti|milli|quadrat(?:kilo)?)?meter[ns]?"
    r"|km²?|mm|cm|m²|hektar|seemeilen?|meilen?|fuß|kilometer\w*|stundenkilometer|knoten|prozentpunkten?|punkte?|fach"
    r"|drittel[ns]?|viertel[ns]?|fünftel[ns]?|zehntel[ns]?|er[ -]jahren?)(?![^\W\d_])",
    re.IGNORECASE,
)


def unit_after(text: str, position: int, counters: bool) -> tuple[int, str] | None:
    """The unit that follows at ``position`` of ``text``: its end offset and its one form.

    ``counters`` says whether formations and loads ("Bataillone", "Lastwagen") count as units.
    """
    if not (match := _AFTER.match(text, position)):
        return None
    word = match["word"].lower()
    unit = MEASURES.get(word) or (COUNTERS.get(word) if counters else None)
    if unit is None or (match["origin"] and unit not in _MONEY):
        return None
    if word == "t" and match["word"] != "t":
        return None
    return match.end(), f"{match['origin']} {unit}" if match["origin"] else unit


def currency_before(text: str, position: int) -> tuple[int, str] | None:
    """The currency sign that ends at ``position`` ("$", "EUR"): its start offset and the unit."""
    match = CURRENCY_BEFORE.search(text, max(0, position - 5), position)
    return (match.start(), MEASURES[match[0].strip().lower()]) if match else None
