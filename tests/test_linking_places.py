"""Places: from a mention in invented German sentences to country, position and GeoNames id."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.extraction.linking import LinkedPlace, load_linker
from services.extraction.linking.measure import sentences


def place(text: str, mention: str, *, nth: int = 0) -> LinkedPlace:
    """Link the nth occurrence of a mention."""
    start = -1
    for _ in range(nth + 1):
        start = text.index(mention, start + 1)
    return load_linker().article(text, None, sentences(text)).place(start, start + len(mention))


@pytest.mark.parametrize(
    ("mention", "name", "country"),
    [
        ("Russlands", "Russland", "RUS"),
        ("Graz", "Graz", "AUT"),
        ("Goma", "Goma", "COD"),
        ("Ost-Russland", "Ost-Russland", "RUS"),
        ("Südlibanon", "Südlibanon", "LBN"),
        ("Krim", "Krim", "UKR"),
        ("Gazastreifens", "Gazastreifen", "PSE"),
        ("Guantánamo", "Guantánamo", "CUB"),
        ("Texas", "Texas", "USA"),
        ("Stützpunkt Al-Udeid in Katar", "Stützpunkt Al-Udeid in Katar", "QAT"),
        ("US-Stützpunkt Ramstein", "US-Stützpunkt Ramstein", "DEU"),
    ],
)
def test_countries_towns_regions_and_bases(mention: str, name: str, country: str) -> None:
    found = place(f"Die Einheit wurde am Montag nach {mention} verlegt.", mention)
    assert (found.name, found.country) == (name, country)


@pytest.mark.parametrize(
    "mention",
    [
        "Ostsee",
        "Schwarze Meer",
        "Nahen Osten",
        "Irak und Syrien",
        "Grenze zu Kolumbien",
        "Straße von Hormus",
        "Baltikum",
    ],
)
def test_seas_borders_and_regions_of_several_countries_have_no_country(mention: str) -> None:
    assert place(f"Venezuela verlegt Schiffe in Richtung {mention} und zurück.", mention).country is None


def test_position_and_geonames_id_come_from_geonames() -> None:
    found = place("Die Truppe steht in Wilhelmshaven.", "Wilhelmshaven")
    assert found.geonames_id == 2808720
    assert (found.latitude, found.longitude) == pytest.approx((53.53, 8.11), abs=0.05)


def test_a_capital_has_the_position_of_the_town_and_a_country_its_own() -> None:
    text = "Aus Kiew in die Ukraine."
    assert place(text, "Kiew").geonames_id == 703448
    country = place(text, "Ukraine")
    assert country.geonames_id == 690791
    assert (country.latitude, country.longitude) == (49, 32)


def test_ambiguous_towns_follow_the_articles_other_places() -> None:
    assert place("In Tripoli kam es zu Kämpfen.", "Tripoli").country == "LBY"
    text = "Der Libanon verlegt Truppen. In Tripoli kam es zu Kämpfen."
    assert place(text, "Tripoli").country == "LBN"


def test_bare_words_take_up_the_place_named_before() -> None:
    text = "Die Bundeswehr schickt Soldaten nach Mali. In dem Land sind bereits Franzosen. Die Lage dort ist schlecht."
    assert place(text, "Land").name == "Mali"
    assert place(text, "dort").country == "MLI"


def test_an_epithet_means_the_fitting_place_only() -> None:
    text = "Die USA verlegen Schiffe nach Zypern. Auch Frankreich schickte Flugzeuge auf die Insel."
    assert place(text, "Insel").country == "CYP"


def test_a_neighbour_is_a_country_next_to_the_one_that_acts() -> None:
    text = "Brasilien lobt Ruanda. Ruanda schickte Soldaten in den Kongo. Im Nachbarland sind sie willkommen."
    assert place(text, "Nachbarland").country == "COD"


def test_former_states_lie_in_a_country_of_today() -> None:
    assert place("Die Raketen kamen aus der Sowjetunion.", "Sowjetunion").country == "RUS"


def test_a_country_brought_in_by_ein_is_not_the_one_named_before() -> None:
    text = "Polen stimmt zu. Die Soldaten sollen in einem Mitgliedstaat stationiert werden."
    assert place(text, "einem Mitgliedstaat").country is None


@given(st.text(max_size=60), st.integers(-3, 70), st.integers(-3, 70))
def test_any_text_and_span_gives_a_place_alike_each_time(text: str, start: int, end: int) -> None:
    context = load_linker().article(text, None, sentences(text))
    found = context.place(start, end)
    assert found == context.place(start, end)
    assert (found.latitude is None) == (found.longitude is None)
