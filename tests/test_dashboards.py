"""The dashboards and rules on the running stream: every query of every panel and rule is asked, and finds data.

A real broker, two worker processes, a sink into PostgreSQL, the seeds and two messages that are no articles; a real
Prometheus with deploy/prometheus.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.dashboards.__main__ import BOARDS, texts
from deploy.dashboards.draw import Series, draw
from deploy.dashboards.queries import Query, panels, promql, queries, sql
from services.broker.ports import choose_ports
from services.common.settings import Settings
from tests.conftest import SendRaw
from tests.observing import Prometheus, prometheus
from tests.postgres import PostgresServer
from tests.processes import ROOT, Service, environment, until

BOARD_FILES = list(texts())
SEEDS = len(list((ROOT / "seeds").glob("*.txt")))
REPEATS = 2
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
GARBAGE = [(b"a", b"{", []), (b"b", b'{"text": 1}', [])]
COMPARISON = re.compile(r"(==|!=|>=|<=|>|<)(?!\s*bool)")


def all_queries(source: str) -> list[Query]:
    return [query for path in BOARD_FILES for query in queries(path) if query.source == source]


# --- the files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", BOARD_FILES, ids=lambda path: path.stem)
def test_the_files_are_what_the_code_makes(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == texts()[path], "run python -m deploy.dashboards"


@pytest.mark.parametrize("path", BOARD_FILES, ids=lambda path: path.stem)
def test_grafanas_own_classes_read_all_of_it(path: Path) -> None:
    """The SDK's classes are made from the schema and drop what it does not know."""
    register_default_plugins()
    written = json.loads(path.read_text(encoding="utf-8"))
    read = json.loads(json.dumps(Dashboard.from_json(written), cls=JSONEncoder))
    assert read == written


@pytest.mark.parametrize("path", BOARD_FILES, ids=lambda path: path.stem)
def test_every_panel_says_what_it_shows_in_which_unit(path: Path) -> None:
    titles = [panel["title"] for panel in panels(path)]
    assert len(set(titles)) == len(titles) > 5
    for panel in panels(path):
        assert len(panel["description"]) > 20, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["targets"], panel["title"]


def test_the_sources_are_those_that_are_provisioned() -> None:
    provisioned = (ROOT / "deploy/grafana/provisioning/datasources/lagebild.yml").read_text(encoding="utf-8")
    used = {
        (target["datasource"]["uid"], target["datasource"]["type"])
        for path in BOARD_FILES
        for panel in panels(path)
        for target in (panel, *panel["targets"])
    }
    assert len(used) == len(BOARDS)
    for uid, kind in used:
        assert f"uid: {uid}\n    type: {kind}\n" in provisioned


# --- the queries ----------------------------------------------------------------------------------------------


@dataclass
class Stack:
    """The running stream after the seeds have gone through it."""

    prometheus: Prometheus
    database: str


@pytest.fixture
async def stack(
    settings: Settings, postgres: PostgresServer, send_raw: SendRaw, tmp_path: Path
) -> AsyncIterator[Stack]:
    ports = choose_ports(("extractor", "sink", "producer"), {})
    settings = settings.model_copy(
        update={
            "database": type(settings.database)(postgres.fresh_database()),
            "extractor_processes": 2,
            "extractor_model": "rules",
            "extractor_web_port": ports["extractor"],
            "sink_web_port": ports["sink"],
            "producer_web_port": ports["producer"],
        }
    )
    with (
        Service.command("extractor", settings, tmp_path / "extractor.log") as extractor,
        Service.command("sink", settings, tmp_path / "sink.log") as sink,
        prometheus(tmp_path, ports) as server,
    ):
        extractor.wait_ready()
        sink.wait_ready()
        until(lambda: server.value('sum(up{job=~"extractor|sink"})') == 2, "both are scraped")
        await send_raw(settings.topic("articles"), GARBAGE)
        # So slow that Prometheus, which asks every second, sees the producer at work.
        produce = [
            sys.executable,
            "-m",
            "services.cli.main",
            "produce",
            "seeds",
            "--rate",
            "6",
            "--repeat",
            str(REPEATS),
        ]
        run = subprocess.run
        await asyncio.to_thread(run, produce, check=True, env=environment(settings), cwd=ROOT, capture_output=True)
        rows = "sum(lagebild_end_to_end_seconds_count)"
        until(lambda: server.value(rows) == REPEATS * SEEDS, "all rows are there")
        until(lambda: server.value("sum(lagebild_consumer_lag_messages)") == 0, "nothing waits")
        until(lambda: server.value("sum(lagebild_claim_changes_waiting)") == 0, "the claims are up to date")
        yield Stack(server, settings.database_url)


async def test_every_query_finds_data_and_counts_are_right(stack: Stack, tmp_path: Path) -> None:
    server = stack.prometheus
    assert missing_panels(server) == []
    assert missing_rules(server) == []
    assert missing_tables(stack.database) == []
    counted = {
        "lagebild_articles_consumed_total": REPEATS * SEEDS + len(GARBAGE),
        "lagebild_articles_processed_total": REPEATS * SEEDS + len(GARBAGE),
        "lagebild_extraction_seconds_count": REPEATS * SEEDS,
        'lagebild_dead_letters_total{service="extractor"}': len(GARBAGE),
        'lagebild_sink_rows_total{table="articles", outcome="written"}': REPEATS * SEEDS,
        "lagebild_pool_processes": 2,
        "lagebild_pool_articles_in_work": 0,
        "lagebild_extractor_unacknowledged_messages": 0,
    }
    assert {name: server.value(f"sum({name})") for name in counted} == counted, (
        "two worker processes, each counted once"
    )
    check_services(server)
    # DRAW=docs keeps the pictures there: docs/operations.md says when.
    drawn = pictures(stack, Path(os.environ.get("DRAW") or tmp_path))
    assert all(picture.stat().st_size > 20_000 for picture in drawn)


MOVED = {
    "producer": ["articles_produced_total", 'last_success_timestamp_seconds{service="producer"}', "build_info"],
    "extractor": [
        "articles_consumed_total",
        'articles_processed_total{outcome="events"}',
        'articles_processed_total{outcome="dead_letter"}',
        "extraction_seconds_count",
        'events_extracted_total{type="statement", status="actual"}',
        'dead_letters_total{service="extractor", stage="decode"}',
        "extractor_batch_articles_count",
        "extractor_unacknowledged_messages",
        "pool_processes",
        "pool_articles_in_work",
        "consumer_offset",
        'last_success_timestamp_seconds{service="extractor"}',
        "build_info",
    ],
    "sink": [
        *(
            f'sink_messages_consumed_total{{kind="{kind}"}}'
            for kind in ("article", "event", "extraction", "dead_letter")
        ),
        *(f'sink_rows_total{{table="{table}", outcome="written"}}' for table in ("articles", "events", "dead_letters")),
        "sink_batch_messages_count",
        "sink_commit_seconds_count",
        "end_to_end_seconds_count",
        "consumer_offset",
        "claims_refresh_seconds_count",
        'claims_sent_total{kind="claim"}',
        'last_success_timestamp_seconds{service="sink"}',
        'last_success_timestamp_seconds{service="claims"}',
        "build_info",
    ],
}
"""What each service must have told with a value above 0, behind `lagebild_`."""


def check_services(server: Prometheus) -> None:
    """Each tells what concerns it, and its lag for every partition that it reads."""
    for job, names in MOVED.items():
        for name in names:
            series, _, labels = f"lagebild_{name}".partition("{")
            # A producer that has ended is no longer asked: what it said counts.
            told = f'max_over_time({series}{{job="{job}", {labels or "}"}[10m])'
            assert server.value(f"sum({told})") > 0, told
    partitions = Settings(_env_file=None).partitions
    for job, topics in (("extractor", 1), ("sink", 4)):
        for lag in ("messages", "seconds"):
            counted = server.value(f'count(lagebild_consumer_lag_{lag}{{job="{job}"}})')
            assert counted == topics * partitions, f"{job}: lag in {lag}"


def pictures(stack: Stack, folder: Path) -> list[Path]:
    """Both dashboards, drawn from what the sources answer."""

    def series(query: Query) -> list[Series]:
        end = time.time()
        span = {"start": str(end - 100), "end": str(end), "step": "2"}
        found = stack.prometheus.get("query_range", query=promql(query.text, "20s"), **span)["result"]
        return [(_legend(query.legend, one["metric"]), *_numbers(one["values"])) for one in found]

    drawn = [folder / f"dashboard-{path.stem}.png" for path in BOARD_FILES]
    with psycopg.connect(stack.database) as connection:
        for path, picture in zip(BOARD_FILES, drawn, strict=True):
            draw(path, picture, series, lambda query: _rows(connection, sql(query.text, BEGIN, datetime.now(UTC))))
    return drawn


def _legend(pattern: str, labels: dict[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), pattern)


def _numbers(values: list[tuple[float, str]]) -> tuple[list[float], list[float]]:
    return [float(moment) for moment, _ in values], [float(value) for _, value in values]


def missing_panels(server: Prometheus) -> list[str]:
    """Titles and expressions of panels without data."""
    asked = all_queries("prometheus")
    assert len(asked) > 25
    return [f"{q.panel['title']}: {q.text}" for q in asked if not server.query(promql(q.text, "2m"))]


def missing_rules(server: Prometheus) -> list[str]:
    """Rules that Prometheus could not evaluate or that lack data.

    An alert that does not fire gives nothing by design, since comparisons filter. With `bool` they give 0 or 1 for
    each series that they compare, so an empty answer means that there was nothing to compare.
    """
    loaded = server.rules()
    assert {rule["health"] for rule in loaded} == {"ok"}, [rule.get("lastError") for rule in loaded]
    recorded = [rule["name"] for rule in loaded if rule["type"] == "recording"]
    compared = [COMPARISON.sub(r"\1 bool", rule["query"]) for rule in loaded if rule["type"] == "alerting"]
    assert len(recorded) > 4
    assert len(compared) > 7
    assert all(" bool" in expression for expression in compared)
    return [expression for expression in (*recorded, *compared) if not server.query(expression)]


def missing_tables(database: str) -> list[str]:
    """Titles of panels whose SQL finds no row, or a column that is empty in all rows (`url`: the seeds have none)."""
    asked = all_queries("postgresql")
    assert len(asked) > 7
    with psycopg.connect(database) as connection:
        found = {q.panel["title"]: _rows(connection, sql(q.text, BEGIN, datetime.now(UTC))) for q in asked}
    return [
        title
        for title, rows in found.items()
        if not rows or any(all(row[column] is None for row in rows) for column in rows[0].keys() - {"url"})
    ]


def _rows(connection: psycopg.Connection[Any], query: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query.encode())
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor]
