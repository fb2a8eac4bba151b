"""What a browser makes of a page. Tests alone."""

import re
from html.parser import HTMLParser

LOADING = {"base", "embed", "iframe", "img", "link", "object", "script", "source"}
"""Elements that load something, or run."""


class Page(HTMLParser):
    """A page's elements, ids, links and words.

    Attributes:
        tags: names of the elements, in their order.
        ids: values of id.
        targets: values of href.
        sources: values of src.
        fields: names of form fields.
        handlers: names of attributes that run something.
        words: what is shown, and the styles.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.sources: list[str] = []
        self.fields: list[str] = []
        self.handlers: list[str] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            kept = {"id": self.ids, "href": self.targets, "src": self.sources, "name": self.fields}.get(name)
            if kept is not None and value:
                kept.append(value)
            if name.startswith("on"):
                self.handlers.append(name)

    def handle_data(self, data: str) -> None:
        self.words += data

    def check(self) -> None:
        """See that nothing is loaded or run, that ids are unique, and that links within the page have a target."""
        assert not LOADING & set(self.tags)
        assert self.sources == self.handlers == []
        assert not re.search(r"@import|url\(", self.words)
        assert len(self.ids) == len(set(self.ids))
        inner = [target for target in self.targets if not target.startswith(("https://", "http://"))]
        assert [target for target in inner if not (target.startswith("#") and target[1:] in self.ids)] == []
