"""Feeds and pages: parsing from files, fetching from a server on this machine, and what is refused."""

import gzip
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import Article
from services.producer import BadInput, FetchLimits, ReadOptions, fetch, read_articles
from services.producer.feeds import published
from services.producer.fetch import is_public, without_password

PARAGRAPHS = (
    "Das Verteidigungsministerium in Oslo kündigte am Montag an, 400 Soldaten in den Norden des Landes zu verlegen.",
    "Ein Sprecher bestätigte den Schritt und sagte, „die Lage“ sei ernst. Die Verlegung beginne Ende Mai.",
)
PAGE = f"""<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Truppen | Beispielzeitung</title>
<meta property="og:title" content="Truppen für Finnmark"><meta property="og:site_name" content="Beispielzeitung"></head>
<body><nav><a href="/">Start</a><a href="/politik">Politik</a></nav><article><p>{PARAGRAPHS[0]}</p>
<p>{PARAGRAPHS[1]}</p><script>alert("x")</script></article><footer>Impressum und Datenschutz</footer></body></html>"""


def rss(*items: str, head: str = "<title>Beispielzeitung</title><language>de-DE</language>") -> bytes:
    entries = "".join(f"<item>{item}</item>" for item in items)
    space = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    declaration = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{declaration}\n<rss version="2.0" {space}><channel>{head}{entries}</channel></rss>'.encode()


ATOM = f"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title type="html">Nachrichten &lt;b&gt;Nord&lt;/b&gt;</title>
<id>urn:nord</id><updated>2024-06-01T00:00:00Z</updated>
<entry><title type="html">Truppen &lt;i&gt;für&lt;/i&gt; Finnmark</title><id>urn:nord:1</id>
<published>2024-05-02T08:00:00+02:00</published><updated>2024-05-09T08:00:00+02:00</updated>
<content type="html">&lt;p&gt;{PARAGRAPHS[0]}&lt;/p&gt;&lt;p&gt;{PARAGRAPHS[1]}&lt;/p&gt;</content></entry>
<entry><title>Nur berichtigt</title><id>urn:nord:2</id><updated>2024-05-09T08:00:00+02:00</updated>
<summary>{PARAGRAPHS[0]}</summary></entry>
</feed>"""


class Handler(BaseHTTPRequestHandler):
    """The pages; `server.asked` remembers what was asked for, by Host header and path."""

    server: "Server"

    def do_GET(self) -> None:
        self.server.asked.append((self.headers["Host"], self.path))
        answer = getattr(self, "get" + self.path.partition("?")[0].replace("/", "_").replace(".", "_"), None)
        if answer is None:
            self.send_error(404)
        else:
            answer()

    def reply(self, body: bytes, kind: str = "text/html; charset=utf-8", **headers: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def redirect(self, target: str) -> None:
        self.send_response(302)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def get_feed_xml(self) -> None:
        date_ = "<pubDate>Mon, 28 Oct 2024 10:00:00 +0100</pubDate>"
        item = f"<title>Truppen</title><link>/a.html</link><guid isPermaLink='false'>17</guid>{date_}"
        self.reply(rss(item, "<title>Fehlt</title><link>/missing.html</link>"), "application/rss+xml")

    def get_a_html(self) -> None:
        self.reply(PAGE.encode())

    def get_latin_html(self) -> None:
        page = PAGE.replace('<meta charset="utf-8">', "")
        self.reply(page.encode("cp1252"), "text/html; charset=windows-1252")

    def get_empty_html(self) -> None:
        self.reply(b"<html><body></body></html>")

    def get_huge_html(self) -> None:
        self.reply(PAGE.encode() + b" " * 3_000_000)

    def get_moved(self) -> None:
        self.redirect("/a.html")

    def get_loop(self) -> None:
        self.redirect("/loop")

    def get_away(self) -> None:
        self.redirect(f"http://127.0.0.2:{self.server.server_address[1]}/a.html")

    def get_file(self) -> None:
        self.redirect("file:///etc/hostname")

    def get_big(self) -> None:
        self.reply(b"x" * 200_000)

    def get_bomb(self) -> None:
        self.reply(gzip.compress(b"x" * 20_000_000), Content_Encoding="gzip")

    def get_slow(self) -> None:
        self.send_response(200)
        self.end_headers()
        # A byte now and then: no single read is ever long.
        while not self.server.closing.wait(0.05):
            try:
                self.wfile.write(b"x")
            except OSError:
                return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    asked: list[tuple[str, str]]
    closing: threading.Event


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        running.asked, running.closing = [], threading.Event()
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.closing.set()
        running.shutdown()
        thread.join()


def url(server: Server, path: str, host: str = "127.0.0.1") -> str:
    return f"http://{host}:{server.server_address[1]}{path}"


HERE = FetchLimits(allow_private=True)


def read(source: str | Path, limits: FetchLimits = HERE) -> list[Article | BadInput]:
    return list(read_articles([source], ReadOptions(fetch=limits)))


def refused(source: str, limits: FetchLimits = HERE) -> str:
    (bad,) = read(source, limits)
    assert isinstance(bad, BadInput)
    assert bad.source == source
    return bad.reason


def test_an_atom_file_gives_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "nord.atom"
    path.write_text(ATOM, encoding="utf-8")
    first, second = read(path)
    assert isinstance(first, Article)
    assert isinstance(second, Article)
    assert first.text == "\n".join(PARAGRAPHS)
    assert first.title == "Truppen für Finnmark"
    assert (first.source, first.language) == ("Nachrichten Nord", "de")
    assert first.published_at == datetime(2024, 5, 2, 8, tzinfo=timezone(timedelta(hours=2)))
    assert first.url is None
    assert second.text == PARAGRAPHS[0]
    assert second.published_at is None  # the day of a correction is not the day of publication
    assert first.id != second.id
    assert [first, second] == read(path)


def read_feed(data: bytes, folder: Path, options: ReadOptions | None = None) -> list[Article | BadInput]:
    path = folder / "f.xml"
    path.write_bytes(data)
    return list(read_articles([path], options or ReadOptions()))


def test_full_content_goes_before_the_summary(tmp_path: Path) -> None:
    content = f"<content:encoded>&lt;p&gt;{PARAGRAPHS[0]}&lt;/p&gt;</content:encoded>"
    item = f"<title>T</title><description>Kurz.</description>{content}"
    (found,) = read_feed(rss(item), tmp_path, ReadOptions(source="Ticker"))
    assert isinstance(found, Article)
    assert (found.text, found.source, found.language) == (PARAGRAPHS[0], "Ticker", "de-DE")


@pytest.mark.parametrize(
    ("data", "reasons"),
    [
        (rss(), ["the feed has no entries"]),
        (rss("<title>Leer</title>"), ["the entry has neither a link nor a text"]),
        (rss(f"<description>{PARAGRAPHS[0]}</description>")[:-20], ["not well-formed XML"]),
        (b"<html><body>Seite</body></html>", ["neither RSS nor Atom"]),
    ],
)
def test_a_faulty_feed_is_said_to_be_one(data: bytes, reasons: list[str], tmp_path: Path) -> None:
    bad = [item for item in read_feed(data, tmp_path) if isinstance(item, BadInput)]
    assert len(bad) == len(reasons)
    for item, reason in zip(bad, reasons, strict=True):
        assert item.source.startswith(str(tmp_path / "f.xml"))
        assert reason in item.reason


def test_a_broken_feed_gives_what_stands_before_the_fault_and_its_line(tmp_path: Path) -> None:
    data = rss(f"<description>{PARAGRAPHS[0]}</description>", "\n\n<description>&nbsp < </description>")
    good, *_others, bad = read_feed(data, tmp_path)
    assert isinstance(good, Article)
    assert isinstance(bad, BadInput)
    assert "not well-formed XML" in bad.reason
    assert bad.line == 4


def test_a_feed_from_the_web_gives_the_text_of_the_pages_it_links_to(server: Server) -> None:
    good, bad = read(url(server, "/feed.xml"))
    assert isinstance(good, Article)
    assert good.text == "\n".join(PARAGRAPHS)
    assert (good.title, good.url, good.source) == ("Truppen", url(server, "/a.html"), "Beispielzeitung")
    assert good.published_at == datetime(2024, 10, 28, 9, tzinfo=UTC)
    assert isinstance(bad, BadInput)
    assert bad.source == f"{url(server, '/feed.xml')}, entry 2 (/missing.html)"
    assert bad.reason == "not fetched: the server answers 404"


def test_a_page_is_an_article_that_keeps_the_address_it_was_asked_by(server: Server) -> None:
    (page,) = read(url(server, "/a.html"))
    (moved,) = read(url(server, "/moved"))
    assert isinstance(page, Article)
    assert isinstance(moved, Article)
    assert page.text == moved.text == "\n".join(PARAGRAPHS)
    assert (page.title, page.source, page.published_at) == ("Truppen für Finnmark", "Beispielzeitung", None)
    assert moved.url == url(server, "/moved")


def test_the_encoding_is_the_one_the_server_names(server: Server) -> None:
    (found,) = read(url(server, "/latin.html"))
    assert isinstance(found, Article)
    assert found.text == "\n".join(PARAGRAPHS)


def test_a_password_in_a_url_stays_out_of_records_and_messages(server: Server) -> None:
    secret = f"http://leser:geheim@127.0.0.1:{server.server_address[1]}"
    (page,) = read(f"{secret}/a.html")
    (bad,) = read(f"{secret}/nothing")
    assert isinstance(page, Article)
    assert page.url == url(server, "/a.html")
    assert "geheim" not in f"{page}{bad}"
    assert without_password("https://u:p@[2001:db8::1]:8/x?y=a@b") == "https://[2001:db8::1]:8/x?y=a@b"


@pytest.mark.parametrize(
    ("path", "limits", "reason"),
    [
        ("/nothing", HERE, "the server answers 404"),
        ("/empty.html", HERE, "no article text was found in the page"),
        ("/huge.html", HERE, "the page is larger than 3000000 bytes"),
        ("/loop", replace(HERE, max_redirects=3), "more than 3 redirects"),
        ("/file", HERE, "file"),
        ("/big", replace(HERE, max_bytes=100_000), "larger than 100000 bytes"),
        ("/bomb", replace(HERE, max_bytes=1_000_000), "larger than 1000000 bytes"),
        ("/slow", replace(HERE, seconds=0.4), "it took longer than 0.4 s"),
    ],
)
def test_a_fetch_keeps_to_its_limits(path: str, limits: FetchLimits, reason: str, server: Server) -> None:
    assert reason in refused(url(server, path), limits)


def test_nobody_there(server: Server) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert "not fetched" in refused(f"http://127.0.0.1:{closed.getsockname()[1]}/")
    assert refused("https://nirgends.invalid/feed") == "not fetched: the host 'nirgends.invalid' is not known"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "[::ffff:127.0.0.1]"])
def test_private_addresses_are_refused_before_anything_is_sent(host: str, server: Server) -> None:
    assert "--allow-private permits it" in refused(url(server, "/a.html", host), FetchLimits())
    assert server.asked == []


def test_a_redirect_into_a_private_network_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "is_public", lambda address: address == "127.0.0.1")
    assert "private address 127.0.0.2" in refused(url(server, "/away"), FetchLimits())
    assert [path for _host, path in server.asked] == ["/away"]


def test_the_address_that_was_checked_is_the_one_that_is_reached(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that means another address the next time it is asked for (DNS rebinding)."""
    answers = iter(["127.0.0.1", "127.0.0.2", "127.0.0.2"])
    look_up = socket.getaddrinfo

    def getaddrinfo(host: str, *args: object, **options: object) -> object:
        return look_up(next(answers) if host == "feed.example" else host, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(fetch, "is_public", lambda address: address == "127.0.0.1")
    (page,) = read(url(server, "/a.html", "feed.example"), FetchLimits())
    assert isinstance(page, Article)
    assert server.asked == [(f"feed.example:{server.server_address[1]}", "/a.html")]
    assert next(answers) == "127.0.0.2"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1%eth0", "fc00::1", "ff02::1"),
        *("::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"),
    ],
)
def test_what_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_what_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("Mon, 28 Oct 2024 10:00:00 GMT", datetime(2024, 10, 28, 10, tzinfo=UTC)),
        ("28 Oct 2024 10:00 +0100", datetime(2024, 10, 28, 9, tzinfo=UTC)),
        ("2024-10-28T10:00:00Z", datetime(2024, 10, 28, 10, tzinfo=UTC)),
        ("2024-10-28", date(2024, 10, 28)),
        ("2024-10-28T23:30:00", date(2024, 10, 28)),
        ("Mon, 28 Oct 2024 23:30:00", date(2024, 10, 28)),
        ("Mon, 28 Oct 2024 23:30:00 MEZ", date(2024, 10, 28)),
        ("Mon, 28 Oct 2024 10:00:00 +0100 (MEZ)", datetime(2024, 10, 28, 9, tzinfo=UTC)),
        ("vorgestern", None),
        ("32 Oct 2024 10:00:00 GMT", None),
    ],
)
def test_dates_are_read_as_written_and_no_zone_is_guessed(written: str, read_as: date | None) -> None:
    found = published(written)
    assert found == read_as
    assert type(found) is type(read_as)


zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(min_value=datetime(1990, 1, 1), timezones=zones))  # noqa: DTZ001 - a bound, the zone is drawn
def test_every_moment_survives_both_notations(moment: datetime) -> None:
    assert published(moment.isoformat()) == moment
    assert published(format_datetime(moment)) == moment.replace(microsecond=0)
