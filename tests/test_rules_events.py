"""The rule detector finds deployments and supplies: who, what, where, how many, and whether it is so."""

import pytest

from schemas import Article, DeploymentEvent, SupplyEvent
from services.extraction import load_extractor


def events(text: str) -> list[DeploymentEvent | SupplyEvent]:
    _, found = load_extractor("rules").extract_with_doc(Article(id="a1", text=text))
    return [event for event in found if isinstance(event, DeploymentEvent | SupplyEvent)]


def test_a_deployment_with_everything_said() -> None:
    (event,) = events("Mindestens 400 norwegische Soldaten wurden am Dienstag nach Litauen verlegt.")
    assert isinstance(event, DeploymentEvent)
    assert event.force is not None
    assert event.force.text == "norwegische Soldaten"
    assert [party.code for party in event.actor] == ["NOR"]
    assert event.destination is not None
    assert event.destination.country == "LTU"
    assert event.quantity is not None
    assert (event.quantity.min, event.quantity.max) == (400, None)
    assert event.time is not None
    assert event.time.text == "am Dienstag"
    assert (event.status, event.movement) == ("actual", "deploy")


def test_a_withdrawal_leaves_its_place() -> None:
    (event,) = events("Frankreich zieht seine Truppen aus Mali ab.")
    assert isinstance(event, DeploymentEvent)
    assert event.movement == "withdraw"
    assert event.origin is not None
    assert event.origin.country == "MLI"


def test_a_supply_has_both_parties_and_the_goods() -> None:
    (event,) = events("Schweden liefert der Ukraine zwölf Haubitzen.")
    assert isinstance(event, SupplyEvent)
    assert [party.code for party in event.supplier] == ["SWE"]
    assert [party.code for party in event.recipient] == ["UKR"]
    assert event.goods is not None
    assert (event.goods.text, event.category) == ("Haubitzen", "weapons")
    assert event.quantity is not None
    assert event.quantity.min == event.quantity.max == 12


def test_who_receives_is_no_supplier() -> None:
    (event,) = events("Estland erhält von Deutschland sechs Panzer.")
    assert isinstance(event, SupplyEvent)
    assert [party.code for party in event.supplier] == ["DEU"]
    assert [party.code for party in event.recipient] == ["EST"]


@pytest.mark.parametrize(
    ("text", "status", "reported"),
    [
        ("Dänemark hat Soldaten nach Grönland verlegt.", "actual", False),
        ("Dänemark will Soldaten nach Grönland verlegen.", "planned", False),
        ("Dänemark könnte Soldaten nach Grönland verlegen.", "possible", False),
        ("Dänemark hat keine Soldaten nach Grönland verlegt.", "denied", False),
        ("Dänemark soll Soldaten nach Grönland verlegt haben.", "actual", True),
        ("Schweden forderte Dänemark auf, Soldaten nach Grönland zu verlegen.", "possible", True),
        ("Dänemark kündigte an, Soldaten nach Grönland zu verlegen.", "planned", True),
        ("Dänemark bestritt, dass es Soldaten nach Grönland verlegt.", "denied", True),
    ],
)
def test_status_by_tense_mood_negation_and_the_statement_around(text: str, status: str, reported: bool) -> None:
    (event,) = events(text)
    assert (event.status, event.reported) == (status, reported)


@pytest.mark.parametrize(
    "text",
    [
        "Der Trainer schickte zwei neue Stürmer auf den Platz.",
        "Die Bäckerei liefert Brot in die Schule.",
        "Die Bücher stehen im Regal.",
    ],
)
def test_daily_life_is_no_event(text: str) -> None:
    assert events(text) == []
