"""Metrics and health of a service over HTTP: /metrics, /livez, /readyz; read-only, on localhost unless set."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.common.errors import UserError

Check = Callable[[], str | None]
"""Returns None where all is well, else the reason in one sentence."""


@dataclass
class Health:
    """What decides over /livez (own progress alone: a failure asks for a restart) and /readyz (dependencies)."""

    _live: dict[str, Check] = field(default_factory=dict)
    _ready: dict[str, Check] = field(default_factory=dict)

    def add_live(self, name: str, check: Check) -> None:
        """Let `check` decide whether the service is alive."""
        self._live[name] = check

    def add_ready(self, name: str, check: Check) -> None:
        """Let `check` decide whether the service can work."""
        self._ready[name] = check

    def live(self) -> dict[str, str | None]:
        """The reasons why it is not alive, by check; None where a check passes."""
        return {name: check() for name, check in self._live.items()}

    def ready(self) -> dict[str, str | None]:
        """The reasons why it cannot work, by check; None where a check passes."""
        return {name: check() for name, check in self._ready.items()}


@dataclass
class WebServer:
    """A running server; `port` is the one it listens on, also where port 0 was asked for."""

    port: int
    _runner: web.AppRunner

    async def close(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()


async def serve(health: Health, host: str, port: int) -> WebServer:
    """Serve metrics and health until closed.

    Args:
        health: the checks.
        host: address to listen on.
        port: TCP port; 0 takes any free one.

    Raises:
        UserError: the port is taken.
    """
    app = web.Application()
    app.router.add_get("/metrics", _metrics)
    app.router.add_get("/livez", _report(health.live))
    app.router.add_get("/readyz", _report(health.ready))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        raise UserError(
            f"the web endpoints cannot listen on {host}:{port} ({error.strerror})",
            remedy="choose another port (LAGEBILD_EXTRACTOR_WEB_PORT, LAGEBILD_SINK_WEB_PORT; 0 takes any free one)",
        ) from None
    return WebServer(runner.addresses[0][1], runner)


async def _metrics(_request: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _report(check: Callable[[], dict[str, str | None]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_request: web.Request) -> web.Response:
        reasons = check()
        healthy = not any(reasons.values())
        checks = {name: reason or "ok" for name, reason in reasons.items()}
        body = {"status": "ok" if healthy else "failing", "checks": checks}
        return web.json_response(body, status=200 if healthy else 503)

    return answer
