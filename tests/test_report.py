"""The HTML page of an article with its findings."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from schemas import (
    Article,
    ArticleReference,
    Party,
    Quantity,
    Span,
    StatementEvent,
    SupplyEvent,
    event_id,
    extraction_id,
)
from services.report import render
from services.report.marks import segments

TEXT = "Frankreich liefere 40 Panzer, sagte <b>Lecornu</b> & fügte nichts hinzu."
ARTICLE = Article(id="a", text=TEXT, title="<script>alert(1)</script>", source='"><img src=x onerror=alert(2)>')


def at(words: str) -> dict[str, object]:
    start = TEXT.index(words)
    return {"text": words, "start": start, "end": start + len(words)}


def events() -> list[StatementEvent | SupplyEvent]:
    common = {
        "extraction_id": extraction_id(ARTICLE, "t"),
        "extractor": "t",
        "article": ArticleReference.of(ARTICLE),
        "evidence": Span(**at(TEXT)),
        "status": "actual",
        "reported": False,
    }
    supply = SupplyEvent(
        event_id=event_id("a", "supply", 11, 18),
        anchor=Span(**at("liefere")),
        supplier=(Party(**at("Frankreich"), name="Frankreich", code="FRA", kind="state"),),
        goods=Span(**at("Panzer")),
        quantity=Quantity(**at("40"), min=40, max=None),
        **common,
    )
    statement = StatementEvent(
        event_id=event_id("a", "statement", 30, 35),
        anchor=Span(**at("sagte")),
        speaker=(Party(**at("<b>Lecornu</b>"), name="Sébastien Lecornu"),),
        content=Span(**at("Frankreich liefere 40 Panzer")),
        **common,
    )
    return [supply, statement]


class Page(HTMLParser):
    """Collects what a browser would make of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if name == "href" and value:
                self.targets.append(value)

    def handle_data(self, data: str) -> None:
        self.words += data


def test_shows_the_records_with_their_meaning() -> None:
    html = render([(ARTICLE, events())])
    for words in ("FRA", "at least 40", "Sébastien Lecornu", "supply", "statement"):
        assert words in html


def test_what_comes_from_an_article_is_shown_as_text() -> None:
    page = Page(render([(ARTICLE, events())]))
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert "<script>alert(1)</script>" in page.words
    assert "<b>Lecornu</b>" in page.words


def test_loads_nothing_and_every_link_has_its_target() -> None:
    page = Page(render([(ARTICLE, events()), (Article(id="b", text="Nichts."), [])]))
    assert not {"link", "iframe", "object"} & set(page.tags)
    assert page.targets
    assert all(target.startswith("#") and target[1:] in page.ids for target in page.targets)
    assert len(page.ids) == len(set(page.ids))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1), st.data())
def test_segments_joined_are_the_text(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    span = Span(text=text[start:end], start=start, end=end)
    event = events()[1].model_copy(update={"anchor": span, "content": span, "speaker": ()})
    assert "".join(segment.text for segment in segments(text, [event])) == text
