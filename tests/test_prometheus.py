"""Prometheus' rules: valid, firing when they should and not otherwise, and about metrics that exist."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from services.common import metrics
from tests.tools import need

ROOT = Path(__file__).parents[1]
RULES = ROOT / "deploy" / "prometheus" / "rules.yml"
RUNBOOK = ROOT / "docs" / "operations.md"
CASES = ROOT / "tests" / "prometheus" / "rules_test.yml"


@pytest.fixture(scope="module")
def promtool() -> str:
    return need("promtool", "prometheus")


def groups() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


def alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in groups() if "alert" in rule}


def run(*command: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_configuration_and_rules_are_valid(promtool: str) -> None:
    run(promtool, "check", "config", str(RULES.with_name("prometheus.yml")))
    run(promtool, "check", "rules", str(RULES))


def test_alerts_fire_when_they_should_and_not_otherwise(promtool: str) -> None:
    run(promtool, "test", "rules", str(CASES))


def test_every_alert_has_cases_firing_and_not_its_severity_and_its_words() -> None:
    tests = yaml.safe_load(CASES.read_text(encoding="utf-8"))["tests"]
    cases = {(case["alertname"], bool(case["exp_alerts"])) for test in tests for case in test["alert_rule_test"]}
    assert cases == {(name, fires) for name in alerts() for fires in (True, False)}
    for rule in alerts().values():
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert set(rule["annotations"]) == {"summary", "description"}


def test_the_runbook_has_an_entry_for_each_alert_and_none_beside() -> None:
    runbook = RUNBOOK.read_text(encoding="utf-8").partition("## Runbook")[2]
    entries = re.findall(r"^### (\w+)\n\n(.+?)(?=^##|\Z)", runbook, re.MULTILINE | re.DOTALL)
    assert [name for name, _ in entries] == list(alerts())
    for name, text in entries:
        assert len(text.split()) > 12, f"{name}: what it means and what to do"
        assert alerts()[name]["annotations"]["description"].endswith(f"docs/operations.md#{name.lower()}")


def test_every_metric_in_the_rules_exists() -> None:
    assert metrics.BUILD
    known = {name for family in REGISTRY.collect() for name in _names(family.name, family.type)}
    used = {name for rule in groups() for name in re.findall(r"\blagebild_\w+", rule["expr"])}
    assert used
    assert used <= known


def _names(name: str, kind: str) -> set[str]:
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "info": ("_info",)}
    return {name + ending for ending in endings.get(kind, ("",))}
