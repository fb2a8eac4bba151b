"""What the producer makes of files, folders and standard input."""

import io
import json
import os
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import Article
from services.common.errors import UserError
from services.producer import BadInput, ReadOptions, read_articles
from services.producer.lines import MAX_LINE_BYTES, json_lines

TEXT = "Norwegen verlegte 400 Soldaten nach Finnmark.\nDas teilte das Ministerium mit.\n"


def read(*paths: Path, options: ReadOptions | None = None) -> list[Article | BadInput]:
    return list(read_articles(paths, options or ReadOptions()))


def article(path: Path, options: ReadOptions | None = None) -> Article:
    (only,) = read(path, options=options)
    assert isinstance(only, Article), only
    return only


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_text_file_is_one_article_named_after_its_file(tmp_path: Path) -> None:
    found = article(write(tmp_path / "finnmark.txt", TEXT))
    assert found.text == TEXT
    assert found.title == "finnmark"
    assert found.published_at is None
    assert found.source is None


def test_a_first_line_before_a_blank_one_is_the_title_and_stays_in_the_text(tmp_path: Path) -> None:
    text = "Truppen für Finnmark\r\n\r\n" + TEXT
    found = article(write(tmp_path / "a.txt", text))
    assert found.title == "Truppen für Finnmark"
    assert found.text == text


@pytest.mark.parametrize("text", ["Nur eine Zeile.\n\n", "x" * 201 + "\n\nMehr.", "\n\nErst Leerzeilen.", TEXT])
def test_what_is_no_title_line_is_not_taken_for_one(text: str, tmp_path: Path) -> None:
    assert article(write(tmp_path / "datei.txt", text)).title == "datei"


def test_a_sidecar_says_what_the_text_does_not(tmp_path: Path) -> None:
    known = {
        "id": "nn-1",
        "title": "Nach Norden",
        "source": "NN",
        "url": "https://nn.example/1",
        "published_at": "2024-10-28T18:30:00+01:00",
        "language": "de-AT",
    }
    write(tmp_path / "a.json", json.dumps(known | {"note": "dated by its second sentence"}))
    found = article(write(tmp_path / "a.txt", "Titel\n\n" + TEXT), ReadOptions(source="other", published_at=date.min))
    assert found.model_dump(mode="json", include=set(known)) == known


@pytest.mark.parametrize(
    ("sidecar", "reason"),
    [
        ('{"publishedAt": "2024-10-28"}', "unknown field 'publishedAt'; known are id, language, published_at"),
        ('{"text": "other"}', "unknown field 'text'"),
        ("[]", "its sidecar a.json is not a JSON object"),
        ('{"title": ', "its sidecar a.json is not JSON"),
        (b'{"title": "\xff"}', "its sidecar a.json is not JSON"),
        ('{"published_at": "2024-10-28T10:00"}', "published_at: .*needs its time zone"),
    ],
)
def test_a_faulty_sidecar_stops_its_article(sidecar: str | bytes, reason: str, tmp_path: Path) -> None:
    write(tmp_path / "a.json", sidecar)
    (bad,) = read(write(tmp_path / "a.txt", TEXT))
    assert isinstance(bad, BadInput)
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(bad.reason)


def test_options_fill_what_the_input_leaves_open_and_nothing_else(tmp_path: Path) -> None:
    lines = '{"text": "Eins."}\n{"text": "Zwei.", "source": "NN", "published_at": "2024-05-02"}\n'
    moment = datetime(2024, 10, 28, 12, tzinfo=UTC)
    first, second = read(write(tmp_path / "a.jsonl", lines), options=ReadOptions(published_at=moment, source="Ticker"))
    assert isinstance(first, Article)
    assert isinstance(second, Article)
    assert (first.source, first.published_at) == ("Ticker", moment)
    assert (second.source, second.published_at) == ("NN", date(2024, 5, 2))


def test_ids_are_given_or_of_the_url_or_of_the_text_and_the_same_in_every_run(tmp_path: Path) -> None:
    rows: list[dict[str, str | None]] = [
        {"id": "nn-1", "text": "Eins.", "url": "https://nn.example/1"},
        {"id": None, "text": "Eins.", "url": "https://nn.example/1"},
        {"text": "Eins, berichtigt.", "url": "https://nn.example/1"},
        {"text": "Eins."},
        {"id": "", "text": "Eins."},
    ]
    path = write(tmp_path / "a.jsonl", "\n".join(json.dumps(row) for row in rows))
    ids = [item.id for item in read(path) if isinstance(item, Article)]
    assert ids[0] == "nn-1"
    assert ids[1] == ids[2]
    assert ids[3] == ids[4] == article(write(tmp_path / "b.txt", "Eins.")).id
    assert len({*ids}) == 3
    assert ids == [item.id for item in read(path) if isinstance(item, Article)]


def test_fields_that_no_article_has_are_ignored(tmp_path: Path) -> None:
    line = json.dumps({"id": "a", "text": "Eins.", "events": [{"type": "statement"}], "editor": "NN"})
    assert article(write(tmp_path / "a.jsonl", line)).id == "a"


@pytest.mark.parametrize(
    ("name", "content", "line", "reason"),
    [
        ("a.txt", b"", None, "empty"),
        ("a.txt", b" \n\t\n", None, "empty"),
        ("a.txt", "Zeile\nGrüße".encode("cp1252"), 2, "not UTF-8 (byte 0xfc at byte 8)"),
        ("a.txt", b"Zeile\n\nPK\x03\x04\x00", 3, "binary data"),
        ("a.txt", b"x" * 2001, None, "too large: more than 2000 bytes"),
        ("a.txt", b"x" * 1990, None, "too large: 2"),
        ("a.jsonl", b'\n{"text": "Eins."', 2, "not JSON"),
        ("a.jsonl", b'{"text": "Gr\xfc\xdfe"}', 1, "not UTF-8"),
        ("a.jsonl", b'{"text": "Eins."}\x00', 1, "binary data"),
        ("a.jsonl", b'["Eins."]', 1, "a JSON object is needed, not an array"),
        ("a.jsonl", b'{"title": "Ohne Text"}', 1, "not an article: text: Field required"),
        ("a.jsonl", b'{"id": "a", "text": 7}', 1, "not an article: text:"),
        ("a.jsonl", b'{"id": 7, "text": "Eins."}', 1, "not an article: id:"),
        ("a.jsonl", b'{"text": "  "}', 1, "the text is blank"),
        ("a.jsonl", b'{"text": "a\\u0000b"}', 1, "U+0000"),
        ("a.jsonl", b'{"text": "\\ud800"}', 1, "not an article: text:"),
        ("a.jsonl", b'{"text": "Eins.", "text": "Zwei."}', 1, "the key 'text' stands twice"),
        ("a.jsonl", b'{"text": "Eins.", "published_at": "gestern"}', 1, "not a date in ISO 8601"),
        ("a.jsonl", b'{"text": "Eins.", "published_at": 1730102400}', 1, "a date is written as text"),
        ("a.jsonl", b'{"text": "Eins.", "schema_version": "2.0"}', 1, "schema version '2.0'"),
        ("a.jsonl", b'{"text": "Eins.", "x": ' + b"[" * 100 + b"]" * 100 + b"}", 1, "nested deeper"),
        ("a.jsonl", b'{"text": "' + b"x" * 2000 + b'"}', 1, "too large: 2"),
        ("a.xml", b"kein Feed", None, "neither RSS nor Atom"),
        ("a.xml", b"<html><body><p>Seite</p></body></html>", None, "neither RSS nor Atom"),
    ],
)
def test_bad_input_is_named_with_file_line_and_reason(
    name: str, content: bytes, line: int | None, reason: str, tmp_path: Path
) -> None:
    path = write(tmp_path / name, content)
    (bad,) = read(path, options=ReadOptions(max_article_bytes=2000))
    assert isinstance(bad, BadInput)
    assert (bad.source, bad.line) == (str(path), line)
    assert reason in bad.reason
    assert str(bad).startswith(f"{path}:{line}: " if line else f"{path}: ")


def test_a_bad_line_costs_no_good_one(tmp_path: Path) -> None:
    lines = [json.dumps({"id": str(number), "text": f"Satz {number}."}) for number in range(50)]
    lines[7] = lines[30] = "{"
    found = read(write(tmp_path / "a.jsonl", "\r\n".join(lines)))
    assert [item.id for item in found if isinstance(item, Article)] == [str(n) for n in range(50) if n not in (7, 30)]
    assert [item.line for item in found if isinstance(item, BadInput)] == [8, 31]


def test_a_line_too_long_to_hold_is_passed_over() -> None:
    data = b'{"text": "' + b"x" * (2 * MAX_LINE_BYTES + 5) + b'"}\n{"text": "Danach."}'
    bad, good = json_lines(io.BytesIO(data), "-", ReadOptions())
    assert isinstance(bad, BadInput)
    assert (bad.line, bad.reason) == (1, f"the line is longer than {MAX_LINE_BYTES} bytes")
    assert isinstance(good, Article)
    assert good.text == "Danach."


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    assert article(write(tmp_path / "a.txt", b"\xef\xbb\xbfEins.")).text == "Eins."
    assert article(write(tmp_path / "a.jsonl", b'\xef\xbb\xbf{"text": "Eins."}')).text == "Eins."


def test_a_folder_gives_all_it_holds_in_order(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a/a.TXT", ".versteckt/c.txt", "a/.d.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        write(path, f"Inhalt von {name}.")
    write(tmp_path / "c.jsonl", '{"text": "Inhalt von c."}')
    write(tmp_path / "README.md", "kein Artikel")
    write(tmp_path / "b.json", "{}")
    texts = [item.text for item in read(tmp_path) if isinstance(item, Article)]
    assert texts == ["Inhalt von a/a.TXT.", "Inhalt von a/z.txt.", "Inhalt von b.txt.", "Inhalt von c."]


def test_a_file_without_a_known_ending_is_taken_for_what_it_begins_with(tmp_path: Path) -> None:
    assert article(write(tmp_path / "zeilen", ' {"text": "Eins."}')).text == "Eins."
    assert article(write(tmp_path / "prosa.md", "Eins.")).text == "Eins."
    (bad,) = read(write(tmp_path / "seite", "<html></html>"))
    assert isinstance(bad, BadInput)


@pytest.mark.parametrize(
    ("content", "texts"),
    [(b'{"text": "Eins."}\n{"text": "Zwei."}\n', ["Eins.", "Zwei."]), (b"Eins.\nZwei.", ["Eins.\nZwei."])],
)
def test_standard_input(content: bytes, texts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with write(tmp_path / "in", content).open() as file:
        for stdin in (file, io.TextIOWrapper(io.BytesIO(content))):
            monkeypatch.setattr("sys.stdin", stdin)
            found = list(read_articles(["-"]))
            assert [item.text for item in found if isinstance(item, Article)] == texts


@pytest.mark.parametrize(
    ("paths", "options", "reason"),
    [
        (["nirgends.txt"], ReadOptions(), "nirgends.txt does not exist: give a file"),
        (["leer"], ReadOptions(), "the folder leer holds no .txt"),
        (["-", "-"], ReadOptions(), "only once"),
        (["-"], ReadOptions(repeat=2), "only once"),
    ],
)
def test_a_path_that_cannot_be_read_is_said_before_anything_is(
    paths: list[str], options: ReadOptions, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("leer").mkdir()
    with pytest.raises(UserError, match=reason):
        read_articles(paths, options)


def test_a_file_that_vanishes_is_bad_input(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", TEXT)
    items = read_articles([path])
    path.unlink()
    (bad,) = items
    assert isinstance(bad, BadInput)
    assert "No such file" in bad.reason


def test_repeating_reads_again_and_complains_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "Eins."}\n{\n{"text": "Zwei."}')
    found = read(path, options=ReadOptions(repeat=3))
    assert [item.text for item in found if isinstance(item, Article)] == ["Eins.", "Zwei."] * 3
    assert sum(isinstance(item, BadInput) for item in found) == 1


# Any text that a file can hold and an article may be: the exact characters come back.
prose = st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), min_size=1).filter(str.strip)


@given(prose)
def test_the_text_is_the_file_to_the_character(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = article(write(Path(folder) / "a.txt", text))
    assert found.text == text
    assert found.title in ("a", text.partition("\n")[0].strip())


@given(st.lists(st.one_of(st.binary(max_size=60), prose.map(lambda text: json.dumps({"text": text}).encode()))))
def test_every_line_is_an_article_or_a_complaint(lines: list[bytes]) -> None:
    kept = [line.replace(b"\n", b"") for line in lines]
    found = list(json_lines(io.BytesIO(b"\n".join(kept)), "-", ReadOptions()))
    numbers = [number for number, line in enumerate(kept, start=1) if line.strip()]
    assert len(found) == len(numbers)
    assert all(item.line in numbers for item in found if isinstance(item, BadInput))


def test_lines_are_read_as_they_come() -> None:
    end, stream = os.pipe()
    with os.fdopen(stream, "wb", buffering=0) as writer, os.fdopen(end, "rb") as reader:
        items = json_lines(reader, "-", ReadOptions())
        for number in range(3):  # the pipe stays open: to wait for its end would be to wait for ever
            writer.write(json.dumps({"text": f"Meldung {number}."}).encode() + b"\n")
            item = next(items)
            assert isinstance(item, Article)
            assert item.text == f"Meldung {number}."
