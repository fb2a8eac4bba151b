"""The HTML page of an article with its findings."""

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
from tests.pages import Page

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
    assert page.targets
    page.check()


def test_records_that_share_words_are_linked_each() -> None:
    """One anchor inside of another, one cut by a slot's mark."""
    supply, statement = events()
    outer = supply.model_copy(update={"anchor": supply.evidence, "event_id": event_id("a", "supply", 0, len(TEXT))})
    page = Page(render([(ARTICLE, [outer, statement, supply])]))
    page.check()
    assert {"mark-1-1", "mark-1-2", "mark-1-3"} <= set(page.ids)


def test_a_text_that_is_not_the_records_is_shown_without_marks() -> None:
    page = Page(render([(ARTICLE.model_copy(update={"text": "Kurz."}), events())]))
    page.check()
    assert "mark" not in page.tags
    assert "The text has changed since it was read" in page.words
    assert TEXT in page.words


def test_a_number_without_bounds_is_shown_as_written() -> None:
    vague = events()[0].model_copy(update={"quantity": Quantity(**at("40"))})
    assert "quantity" in Page(render([(ARTICLE, [vague])])).words


def test_only_addresses_of_the_web_become_links() -> None:
    addresses = ("https://zeitung.example/a", "javascript:alert(3)", "data:text/html,x")
    page = Page(render([(ARTICLE.model_copy(update={"id": url, "url": url}), []) for url in addresses]))
    assert [target for target in page.targets if not target.startswith("#")] == ["https://zeitung.example/a"]
    assert "javascript:alert(3)" in page.words


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1), st.data())
def test_segments_joined_are_the_text(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    span = Span(text=text[start:end], start=start, end=end)
    event = events()[1].model_copy(update={"anchor": span, "content": span, "speaker": ()})
    assert "".join(segment.text for segment in segments(text, [event])) == text
