"""`lagebild doctor`: is everything there, and does everything answer? Each failure with its remedy."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from schemas import Article
from services.broker import tools
from services.common.errors import UserError
from services.common.kafka import probe
from services.common.settings import Settings, get_settings
from services.common.topics import describe_topics
from services.common.waiting import messages_waiting

if TYPE_CHECKING:
    from services.storage import Store

SENTENCE = "Frankreich liefert der Ukraine 40 Panzer, sagte Verteidigungsminister Lecornu am Montag."
MOST = 500
"""Claims that are counted one by one."""


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    check: str
    state: str
    detail: str


def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Leave out what needs Kafka or the database.")] = False,
) -> None:
    """Check the installation and the connection to everything; each failure comes with its remedy.

    Exit code 1 if something that Lagebild needs does not work. Java and Maven are needed for the local broker alone.
    What waits (messages, claims, dead letters) is told, and is no failure.
    """
    findings = [_check(name, call, optional) for name, call, optional in _checks(offline)]
    table = Table("check", "state", "detail")
    for finding in findings:
        style = {"ok": "green", "failed": "red"}.get(finding.state, "yellow")
        table.add_row(finding.check, f"[{style}]{finding.state}[/]", finding.detail)
    Console().print(table)
    if any(finding.state == "failed" for finding in findings):
        raise typer.Exit(1)


def _checks(offline: bool) -> list[tuple[str, Callable[[], str], bool]]:
    checks: list[tuple[str, Callable[[], str], bool]] = [
        ("Python", _python, False),
        ("settings", lambda: f"read; Kafka at {get_settings().bootstrap_servers}", False),
        ("extraction", _extraction, False),
        ("Java", tools.java, True),
        ("Maven", tools.maven, True),
    ]
    if not offline:
        checks += [
            ("Kafka", lambda: _kafka(get_settings()), False),
            ("topics", lambda: _topics(get_settings()), False),
            ("what waits", lambda: _waiting(get_settings()), True),
            ("database", lambda: _database(get_settings()), False),
            ("claims", lambda: _claims(get_settings()), True),
            ("dead letters", lambda: _dead_letters(get_settings()), True),
        ]
    return checks


def _check(name: str, call: Callable[[], str], optional: bool) -> Finding:
    try:
        return Finding(name, "ok", call())
    except UserError as error:
        return Finding(name, "missing" if optional else "failed", str(error))


def _python() -> str:
    return f"{sys.version.split()[0]}, lagebild {version('lagebild')}, spaCy {version('spacy')}"


def _extraction() -> str:
    from services.extraction import load_extractor

    extractor = load_extractor(get_settings().extractor_model)
    (events,) = extractor.extract([Article(id="doctor", text=SENTENCE)])
    if not events:
        raise UserError(
            f"the extractor {extractor.version} finds nothing in a plain sentence",
            remedy="check LAGEBILD_EXTRACTOR_MODEL, and that models/ is whole",
        )
    return f"{extractor.version}: {len(events)} records in a test sentence"


def _kafka(settings: Settings) -> str:
    asyncio.run(probe(settings))
    return f"answers at {settings.bootstrap_servers} ({settings.security_protocol})"


def _topics(settings: Settings) -> str:
    states = asyncio.run(describe_topics(settings))
    missing = [state.spec.name for state in states if state.action == "missing"]
    if missing:
        raise UserError(f"missing: {', '.join(missing)}", remedy="create them with `lagebild topics create`")
    differing = [f"{state.spec.name} ({'; '.join(state.differences)})" for state in states if state.differences]
    return "all there" + (f"; they differ in {', '.join(differing)}" if differing else "")


def _waiting(settings: Settings) -> str:
    there = [state for state in asyncio.run(describe_topics(settings)) if state.action == "exists"]
    articles, claims = settings.topic("articles"), settings.topic("claims")
    read = {
        settings.extractor_group: [state for state in there if state.spec.name == articles],
        settings.sink_group: [state for state in there if state.spec.name != claims],
    }
    found = {group: asyncio.run(messages_waiting(settings, group, states)) for group, states in read.items()}
    return "; ".join(f"{group}: {_numbers(topics)}" for group, topics in found.items())


def _numbers(topics: dict[str, int]) -> str:
    return ", ".join(f"{number} of {topic}" for topic, number in topics.items() if number) or "nothing"


def _database(settings: Settings) -> str:
    with _store(settings) as store:
        faults, counts = store.check(), store.counts()
    if faults:
        raise UserError(faults[0], remedy="restore a backup, or make a new database and replay the articles into it")
    return f"{counts.articles} articles, {counts.events} events"


def _claims(settings: Settings) -> str:
    with _store(settings) as store:
        changes, unsent = store.claim_changes_waiting(), len(store.unsent_claims(MOST + 1))
    more = f"more than {MOST}" if unsent > MOST else str(unsent)
    return f"{changes} changed articles wait for the sink to take them up, {more} claims for the broker"


def _dead_letters(settings: Settings) -> str:
    with _store(settings) as store:
        waiting = store.counts().dead_letters
    advice = "; look with `lagebild dead-letters list`" if waiting else ""
    return f"{waiting} not sent back, as far as the sink has read{advice}"


@contextmanager
def _store(settings: Settings) -> Iterator["Store"]:
    from services.storage import open_store

    with closing(open_store(settings.database_url)) as store:
        yield store
