"""Metrics and health over HTTP."""

import re
from pathlib import Path

import httpx
import pytest
from prometheus_client import REGISTRY

from services.common import metrics
from services.common.errors import UserError
from services.common.web import Health, serve

METRICS_DOC = Path(__file__).parents[1] / "docs" / "metrics.md"


async def test_health_tells_the_reason() -> None:
    health = Health()
    reason: str | None = None
    health.add_live("progress", lambda: None)
    health.add_ready("database", lambda: reason)
    server = await serve(health, "127.0.0.1", 0)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        assert (await client.get("/livez")).status_code == 200
        assert (await client.get("/readyz")).status_code == 200
        reason = "the database does not answer"
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json() == {"status": "failing", "checks": {"database": reason}}
        assert (await client.get("/livez")).status_code == 200
    await server.close()


async def test_nothing_but_reading() -> None:
    server = await serve(Health(), "127.0.0.1", 0)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        for path in ("/metrics", "/livez", "/readyz"):
            assert (await client.post(path)).status_code == 405
        assert (await client.get("/table")).status_code == 404
    await server.close()


async def test_a_taken_port_is_said() -> None:
    server = await serve(Health(), "127.0.0.1", 0)
    with pytest.raises(UserError, match="cannot listen"):
        await serve(Health(), "127.0.0.1", server.port)
    await server.close()


async def test_metrics_begin_at_zero() -> None:
    server = await serve(Health(), "127.0.0.1", 0)
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"http://127.0.0.1:{server.port}/metrics")).text
    await server.close()
    assert re.search(r'lagebild_events_extracted_total\{status="denied",type="supply"\} \d', text)
    assert "lagebild_pool_processes" in text


def test_every_metric_is_named_by_the_conventions_and_documented() -> None:
    text = METRICS_DOC.read_text(encoding="utf-8")
    names = [family.name for family in REGISTRY.collect() if family.name.startswith("lagebild")]
    assert len(names) > 15
    for name in names:
        assert re.fullmatch(r"lagebild_[a-z_]+[a-z]", name)
        assert not re.search(r"_(milliseconds|ms|minutes|kb|mb)$", name)
        assert f"`{name}" in text, f"{name} is missing in docs/metrics.md"


def test_labels_are_bounded() -> None:
    forbidden = {"article", "article_id", "id", "name", "title", "url", "message"}
    for value in vars(metrics).values():
        assert not forbidden & set(getattr(value, "_labelnames", ()))
