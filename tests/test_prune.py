"""`lagebild prune`: what goes, what stays, and that the claims are those of what stays; on both databases."""

from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from schemas import Article, DeadLetter, Event, write
from services.cli import prune as command
from services.storage import Change, Counts, Pruned, Store, open_store
from tests.claim_articles import EXTRACTOR, forty
from tests.commands import refusal
from tests.findings import article, findings, moment, receipt

app = typer.Typer()
app.command()(command.prune)
CUT = date(2025, 3, 8)
"""A day within the forty articles: claims lie on both sides, and some across."""


def put(store: Store, told: Iterable[tuple[Article, list[Event]]], extractor: str = EXTRACTOR) -> None:
    for one, events in told:
        records = (one, *events, receipt(one, events, extractor))
        store.write([Change(record, moment(0)) for record in records], "test", {})
    while store.refresh_claims().waiting:
        pass


def published(one: Article) -> date:
    assert isinstance(one.published_at, date)
    return one.published_at


def letter(failed_at: datetime) -> DeadLetter:
    return DeadLetter(
        id=f"articles-0-{failed_at:%j}",
        position=0,
        partition=0,
        topic="articles",
        original_partition=0,
        original_offset=1,
        stage="decode",
        exception="schemas.InvalidRecord",
        message="no JSON",
        failed_at=failed_at,
        timestamp_ms=0,
    )


def claims(store: Store) -> set[bytes]:
    return {write(claim) for claim in store.claims()}


def shown(*arguments: str, answer: str | None = None, code: int = 0) -> str:
    result = CliRunner().invoke(app, arguments, input=answer, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def test_what_is_old_goes_and_the_claims_are_those_of_what_stays(url: str, tmp_path: Path) -> None:
    old = [told for told in forty() if published(told[0]) < CUT]
    young = [told for told in forty() if published(told[0]) >= CUT]
    assert old
    assert young
    with closing(open_store(url)) as store, closing(open_store(f"sqlite:///{tmp_path}/young.db")) as fresh:
        put(store, forty())
        put(fresh, young)
        before = claims(store)
        told = shown("--database", url, "--older-than", str(CUT), "--yes")
        assert f"{len(old)} articles with {sum(len(events) for _, events in old)} events" in told
        assert claims(store) == claims(fresh) != before
        assert {event.event_id for event in store.events()} == {e.event_id for _, events in young for e in events}
        assert (store.check(), store.claim_changes_waiting()) == ([], 0)
        assert {message.claim_id for message in store.unsent_claims(10_000) if message.claim is None}


def test_more_than_one_transaction_takes(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "AT_ONCE", 3)
    with closing(open_store(url)) as store:
        put(store, forty())
        assert "40 articles with " in shown("--database", url, "--older-than", "1d", "--yes")
        assert (store.counts(), claims(store)) == (Counts(0, 0, 0, 0), set())


def test_it_says_what_would_go_and_leaves_it(url: str) -> None:
    with closing(open_store(url)) as store:
        put(store, forty())
        before = store.counts(), claims(store)
        would = shown("--database", url, "--older-than", str(CUT), "--dry-run")
        assert would.startswith("older than 2025-03-08 00:00 UTC: ")
        assert "deleted" not in would
        shown("--database", url, "--older-than", str(CUT), answer="n\n", code=1)
        shown("--database", url, "--older-than", str(CUT), answer="", code=1)
        assert (store.counts(), claims(store)) == before
        found = store.prunable(datetime(2025, 3, 8, tzinfo=UTC))
        assert found == store.prune(datetime(2025, 3, 8, tzinfo=UTC))
        assert f"{found.claims} claims that change" in would
        assert found.claims > 0


def test_asked_and_told_yes_it_deletes(url: str) -> None:
    with closing(open_store(url)) as store:
        put(store, [(article(), findings(article()))], "test-1")
    assert "deleted: 1 article with 3 events" in shown("--database", url, "--older-than", "2w", answer="y\n")


def test_a_young_database_is_left_alone(url: str) -> None:
    now = datetime.now(UTC)
    with closing(open_store(url)) as store:
        recent = article(published=now - timedelta(hours=30))
        put(store, [(recent, findings(recent))], "test-1")
        assert "nothing is older than" in shown("--database", url, "--older-than", "31h", "--yes")
        assert store.counts().articles == 1
        assert "deleted: 1 article with" in shown("--database", url, "--older-than", "29h", "--yes")


def test_what_waits_and_dead_letters_go_by_their_own_time(url: str) -> None:
    with closing(open_store(url)) as store:
        store.write([Change(event, moment(0)) for event in findings(article())], "test", {})
        store.write([Change(letter(moment(0)), moment(0)), Change(letter(moment(10**7)), moment(0))], "test", {})
        found = store.prune(moment(1))
        assert (found.pending, found.dead_letters) == (3, 1)
        assert store.prune(moment(1)) == Pruned()
        assert store.counts().dead_letters == 1


@pytest.mark.parametrize(
    ("age", "said"),
    [
        ("0d", "would take what has come within a day"),
        ("23h", "would take what has come within a day"),
        ("2999-01-01", "would take what has come within a day"),
        ("90", "is no day"),
        ("-3d", "is no day"),
        ("ewig", "is no day"),
        ("", "is no day"),
        ("9999999999d", "is no day"),
    ],
)
def test_nonsense_is_refused_and_deletes_nothing(tmp_path: Path, age: str, said: str) -> None:
    url = f"sqlite:///{tmp_path}/test.db"
    with closing(open_store(url)) as store:
        put(store, [(article(), findings(article()))], "test-1")
        assert said in refusal(app, ["--database", url, f"--older-than={age}", "--yes"])
        assert store.counts().articles == 1


def test_a_database_that_is_not_there_is_named_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "nirgends.db"
    assert "holds no records" in refusal(app, ["--database", f"sqlite:///{path}", "--older-than", "90d"])
    assert not path.exists()
