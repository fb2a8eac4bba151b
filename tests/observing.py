"""A real Prometheus for the tests: our rules, our scrape jobs, local targets. Tests alone."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import yaml

from services.broker.ports import choose_ports
from tests.processes import until
from tests.tools import need

FOLDER: Final = Path(__file__).parents[1] / "deploy" / "prometheus"


class Prometheus:
    """A running server, asked by its HTTP API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **parameters: str) -> Any:
        """The `data` of an answer; fails with Prometheus' own words."""
        answer = httpx.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=20).json()
        assert answer["status"] == "success", f"{path} {parameters}: {answer.get('error')}"
        return answer["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series of an expression now, those left out whose value is no number."""
        result = self.get("query", query=expression)["result"]
        return [series for series in result if series["value"][1] != "NaN"]

    def value(self, expression: str) -> float:
        """The sum over the expression's series."""
        return sum(float(series["value"][1]) for series in self.query(expression))

    def rules(self) -> list[dict[str, Any]]:
        """All rules with their state."""
        return [rule for group in self.get("rules")["groups"] for rule in group["rules"]]

    def targets(self) -> dict[str, str]:
        """The health of each job's target."""
        return {target["labels"]["job"]: target["health"] for target in self.get("targets")["activeTargets"]}


@contextmanager
def prometheus(folder: Path, targets: Mapping[str, int]) -> Iterator[Prometheus]:
    """Run Prometheus with deploy/prometheus; the scrape jobs' addresses become local ports, and seconds pass faster.

    Args:
        folder: for its data, its configuration and its log.
        targets: port of each job. A job of the configuration that is missing here fails the test.
    """
    program = need("prometheus", "prometheus")
    configuration = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    configuration["global"] |= {"scrape_interval": "1s", "evaluation_interval": "1s"}
    configuration["rule_files"] = [str(FOLDER / name) for name in configuration["rule_files"]]
    del configuration["alerting"]
    jobs = configuration["scrape_configs"]
    configuration["scrape_configs"] = [
        {"job_name": job["job_name"], "static_configs": [{"targets": [f"127.0.0.1:{targets[job['job_name']]}"]}]}
        for job in jobs
    ]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration), encoding="utf-8")
    port = choose_ports(["prometheus"], {})["prometheus"]
    command = [
        program,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        server = Prometheus(f"http://127.0.0.1:{port}")
        until(lambda: process.poll() is not None or _ready(server), "Prometheus answers")
        assert process.poll() is None, (folder / "prometheus.log").read_text(encoding="utf-8")
        yield server
    finally:
        process.terminate()
        process.wait(30)


def _ready(server: Prometheus) -> bool:
    try:
        return httpx.get(f"{server.url}/-/ready", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
