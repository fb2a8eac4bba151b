"""A real broker with TLS, SCRAM and ACLs for the tests, set up as docs/security.md says. Tests alone."""

import re
import shlex
import subprocess
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest
from pydantic import SecretStr

from services.broker import LocalBroker
from services.common.settings import Settings
from tests.tools import need

DOCUMENT = Path(__file__).parents[1] / "docs" / "security.md"
USERS = ("admin", "producer", "extractor", "sink", "operator", "nobody", "half")
PASSWORD = "Parole-hinter-Schloss"
TOPIC, GROUP = 2, 3
LITERAL, ALLOW = 3, 3
OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Delete": 6, "Alter": 7, "Describe": 8, "DescribeConfigs": 10}
"""Numbers of Kafka's protocol: org.apache.kafka.common.acl.AclOperation, …resource.ResourceType, …PatternType."""


class Certificates:
    """An authority, and certificates that it has signed for a broker on this machine.

    Attributes:
        authority: PEM file of the authority.
        stranger: PEM file of an authority that has signed nothing here.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._openssl = need("openssl", "openssl")
        self.authority = self._make_authority("authority")
        self.stranger = self._make_authority("stranger")

    def broker(self, name: str, *, days: int, host: str = "localhost,IP:127.0.0.1") -> Path:
        """PEM file with key and certificate, valid for so many days from now; a negative number: expired."""
        key, request, signed = (self._folder / f"{name}.{end}" for end in ("key", "request", "signed"))
        names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{host}"]
        self._run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, *names)
        signer = ["-CA", self.authority, "-CAkey", self.authority.with_suffix(".key"), "-CAcreateserial"]
        self._run("x509", "-req", "-in", request, *signer, "-out", signed, "-days", days, "-copy_extensions", "copy")
        both = self._folder / f"{name}.pem"
        both.write_text(key.read_text() + signed.read_text())
        return both

    def _make_authority(self, name: str) -> Path:
        key, path = self._folder / f"{name}.key", self._folder / f"{name}.pem"
        subject = ["-subj", f"/CN={name}"]
        self._run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", path, "-days", 2, *subject)
        return path

    def _run(self, *arguments: object) -> None:
        subprocess.run([self._openssl, *map(str, arguments)], check=True, capture_output=True)


class SecureBroker:
    """The broker with its users; each listener but the administrator's takes TLS and a password.

    Args:
        folder: for certificates and the log.
    """

    def __init__(self, folder: Path) -> None:
        self.certificates = Certificates(folder)
        stores = {
            "secure": self.certificates.broker("broker", days=2),
            "expired": self.certificates.broker("expired", days=-1),
            "elsewhere": self.certificates.broker("elsewhere", days=2, host="kafka.example.org"),
        }
        properties = {
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }
        for name, store in stores.items():
            properties[f"listener.name.{name}.ssl.keystore.type"] = "PEM"
            properties[f"listener.name.{name}.ssl.keystore.location"] = str(store)
            properties[f"listener.name.{name}.scram-sha-512.sasl.jaas.config"] = (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            )
        users = [f"--add-scram=SCRAM-SHA-512=[name={user},password={PASSWORD}]" for user in USERS]
        self.local = LocalBroker(
            log_file=folder / "kafka.log",
            listeners=dict.fromkeys(map(str.upper, stores), "SASL_SSL"),
            properties=properties,
            format_options=users,
        )

    def settings(self, user: str, folder: Path, *, listener: str = "SECURE", **changes: object) -> Settings:
        """What a service of this user is given."""
        values = {
            "bootstrap_servers": self.local.address(listener),
            "security_protocol": "SASL_SSL",
            "sasl_username": user,
            "sasl_password": SecretStr(PASSWORD),
            "ssl_cafile": self.certificates.authority,
            "extractor_web_port": 0,
            "sink_web_port": 0,
            "extractor_model": "tests.standins:make",
            "extractor_processes": 1,
            "database": SecretStr(f"sqlite:///{folder}/lagebild.db"),
        }
        return Settings(_env_file=None, **values | changes)

    async def allow(self, *commands: str) -> None:
        """Add the rules of `kafka-acls.sh` commands."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.local.bootstrap_servers)
        await admin.start()
        try:
            for command in commands:
                for kind, name, principal, operation in _rules(command):
                    request = CreateAclsRequest(kind, name, LITERAL, principal, "*", OPERATIONS[operation], ALLOW)
                    response = await admin._send_request(request)
                    assert response.to_object()["creation_responses"][0]["error_code"] == 0, response
        finally:
            await admin.close()


def documented() -> dict[str, list[str]]:
    """The `kafka-acls.sh` commands of docs/security.md, by user."""
    lines = re.findall(r"^kafka-acls\.sh .*$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    found: dict[str, list[str]] = {}
    for line in lines:
        found.setdefault(_parsed(line).allow_principal.removeprefix("User:"), []).append(line)
    return found


def _rules(command: str) -> Iterator[tuple[int, str, str, str]]:
    parsed = _parsed(command)
    for kind, names in ((TOPIC, parsed.topic), (GROUP, parsed.group)):
        for name in names:
            for operation in parsed.operation:
                yield kind, name, parsed.allow_principal, operation


def _parsed(command: str) -> "Rule":
    parser = ArgumentParser(allow_abbrev=False)
    parser.add_argument("--bootstrap-server", required=True)
    parser.add_argument("--command-config", required=True)
    parser.add_argument("--add", action="store_true", required=True)
    parser.add_argument("--allow-principal", required=True)
    for name in ("--operation", "--topic", "--group"):
        parser.add_argument(name, action="append", default=[])
    return parser.parse_args(shlex.split(command)[1:], namespace=Rule())


class Rule:
    """One command's arguments."""

    allow_principal: str
    operation: list[str]
    topic: list[str]
    group: list[str]
