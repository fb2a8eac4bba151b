"""Pages and feeds that hang, crash or fill their parser: named, and the next one is read."""

import ctypes
import multiprocessing
import os
from pathlib import Path

import pytest

from schemas import Article
from services.producer import BadInput, ReadOptions, read_articles
from services.producer.inputs import ParseLimits, Rejected
from services.producer.parsing import parsed

LIMITS = ParseLimits(seconds=60, memory_bytes=512 << 20)
TEXT = "Das Ministerium in Oslo kündigte an, 400 Soldaten in den Norden des Landes zu verlegen."


def hang() -> None:
    ctypes.PyDLL(None).sleep(3600)  # in C and with the interpreter's lock: no signal handler of Python runs


def crash() -> None:
    ctypes.string_at(0)


def leave() -> None:
    os._exit(0)


def fill() -> int:
    return len([b"x" * (16 << 20) for _ in range(64)])


def fail() -> None:
    raise RecursionError("too deep")


def echo(words: str, *, times: int) -> tuple[str, int]:
    return words * times, os.getpid()


def test_what_a_parser_finds_comes_from_another_process() -> None:
    words, process = parsed(LIMITS, echo, "ab", times=2)
    assert words == "abab"
    assert process != os.getpid()


@pytest.mark.parametrize(
    ("parse", "seconds", "reason"),
    [
        (hang, 1.0, "not parsed within 1 s"),
        (crash, 60.0, "crashed its parser"),
        (leave, 60.0, "crashed its parser"),
        (fill, 60.0, f"not parsed with {LIMITS.memory_bytes} bytes of memory"),
        (fail, 60.0, r"its parser fails \(RecursionError: too deep\)"),
    ],
)
def test_what_has_no_end_has_a_reason_and_a_remedy(parse: object, seconds: float, reason: str) -> None:
    limits = ParseLimits(seconds=seconds, memory_bytes=LIMITS.memory_bytes)
    with pytest.raises(Rejected, match=rf"{reason}.*; send its text as a \.txt file"):
        parsed(limits, parse)  # type: ignore[arg-type] # one of the functions above
    assert multiprocessing.active_children() == []
    assert parsed(LIMITS, echo, "ab", times=1)[0] == "ab"


def test_a_page_that_takes_hours_holds_up_neither_its_neighbours_nor_the_command(tmp_path: Path) -> None:
    """A real one: in the entries of a feed, which trafilatura reads. The time it takes grows with its square."""
    hostile = "<p>" + "Panzer <b>sagte</b> " * 100_000 + "</p>"
    entries = "".join(f"<item><description><![CDATA[{html}]]></description></item>" for html in (TEXT, hostile, TEXT))
    feed = tmp_path / "feed.xml"
    feed.write_text(f'<rss version="2.0"><channel><title>Zeitung</title>{entries}</channel></rss>', encoding="utf-8")
    first, second, third = read_articles([feed], ReadOptions(parse=ParseLimits(seconds=5)))
    assert isinstance(first, Article)
    assert isinstance(third, Article)
    assert first.text == third.text == TEXT
    assert isinstance(second, BadInput)
    assert second.source == f"{feed}, entry 2 (untitled)"
    assert second.reason == "not parsed within 5 s; send its text as a .txt file"
