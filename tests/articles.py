"""Articles for tests of delivery, and the events that the stand-in extractor finds in them."""

from collections.abc import Iterable
from uuid import UUID

from schemas import Article, event_id, write

TEXT = "„Wir bleiben“, sagte der Sprecher. Mehr sagte er nicht."
RawRecord = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]


def article(number: int, text: str = TEXT) -> Article:
    """An article with an id and a title of its own."""
    return Article(id=f"a{number}", text=text, title=f"Meldung {number}", source="Agentur")


def message(item: Article) -> RawRecord:
    """The Kafka message of an article, as the producer sends it."""
    return item.id.encode(), write(item), []


def expected_events(articles: Iterable[Article]) -> set[UUID]:
    """Ids of the events that the stand-in finds: one for each „sagte“."""
    found = set()
    for item in articles:
        start = item.text.find("sagte")
        while start >= 0:
            found.add(event_id(item.id, "statement", start, start + 5))
            start = item.text.find("sagte", start + 1)
    return found
