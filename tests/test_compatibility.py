"""The released contract: what may change in a minor version, and what breaks somebody who was written against it."""

import copy
import hashlib
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field
from typer.testing import CliRunner

from schemas import Article, Extraction, generate
from schemas.compatibility import breaks, compare, releases
from services.cli.main import app

Schema = dict[str, Any]
Change = Callable[[Schema], object]

RELEASED = {
    "article": "0e649d53f198b97cc47569bcd3f685d8b94058e97b43654ace83d692b8cd571d",
    "claim": "da09f09b0878e6e59c165c6c987d13c41019cbe526a4f52e30d52510e8ae53c3",
    "dead-letter": "c48f1fe99f06f3a41bf2956e4fd50968a7a115bd5007bf9af038cf0ed8f63973",
    "event": "74e1f64dd6bfeb41513b0b8d1e451ec4048fa5f5b931cab3bd285f920a16bc56",
    "extraction": "46b97d4b1e350431889acd176d70a2cec2505b60cf02aec6b481ffc26e8ada5e",
}


def kept(record: str) -> Schema:
    return copy.deepcopy(dict(releases()["v1"][record]))


def changed(record: str, change: Change) -> Schema:
    schema = kept(record)
    change(schema)
    return schema


def supply(schema: Schema) -> Schema:
    """The fields of a supply, to be changed."""
    fields: Schema = schema["$defs"]["SupplyEvent"]["properties"]
    return fields


def rename(fields: Schema, old: str, new: str) -> None:
    fields[new] = fields.pop(old)


def test_todays_models_break_nobody() -> None:
    assert breaks() == []


def test_every_record_has_a_released_schema() -> None:
    assert releases()["v1"].keys() == generate.MODELS.keys() == RELEASED.keys()


def test_the_released_schemas_are_as_they_were_released() -> None:
    for record, digest in RELEASED.items():
        text = (generate.HERE / "json" / "v1" / f"{record}.json").read_bytes()
        assert hashlib.sha256(text).hexdigest() == digest, f"v1/{record}.json is released and must not change"


CONSUMER_BREAKS: dict[str, tuple[Change, str]] = {
    "a field removed": (lambda s: supply(s).pop("goods"), "goods"),
    "a field renamed": (lambda s: rename(supply(s), "goods", "wares"), "goods"),
    "a field that may be missing": (lambda s: s["$defs"]["SupplyEvent"]["required"].remove("category"), "category"),
    "a new value of a closed list": (lambda s: supply(s)["category"]["enum"].append("food"), "'food'"),
    "a type changed": (lambda s: supply(s)["reported"].update(type="string"), "reported"),
    "a type widened": (lambda s: s["$defs"]["Span"]["properties"]["start"].update(type="number"), "start"),
    "a field that may now be null": (
        lambda s: supply(s).update(reported={"anyOf": [{"type": "boolean"}, {"type": "null"}]}),
        "reported",
    ),
    "one value becomes a list": (lambda s: supply(s).update(goods={"type": "array", "items": {}}), "goods"),
    "a bound loosened": (lambda s: s["$defs"]["Span"]["properties"]["start"].pop("minimum"), "minimum"),
    "a pattern changed": (lambda s: supply(s)["schema_version"].update(pattern=r"^2\.\d+$"), "pattern"),
    "a format changed": (lambda s: supply(s)["event_id"].update(format="uri"), "format"),
    "a new type of record": (
        lambda s: (
            s["$defs"].update(Truce={**s["$defs"]["SupplyEvent"], "properties": {"type": {"const": "truce"}}}),
            s["oneOf"].append({"$ref": "#/$defs/Truce"}),
        ),
        "not foreseen",
    ),
    "a change deep inside": (lambda s: s["$defs"]["Party"]["properties"]["kind"]["enum"].append("city"), "'city'"),
}


@pytest.mark.parametrize("name", CONSUMER_BREAKS)
def test_breaks_consumers(name: str) -> None:
    change, reason = CONSUMER_BREAKS[name]
    found = compare(changed("event", change), kept("event"), fields_stay=True)
    assert any(reason in f"{where} {what}" for where, what in found), found


PRODUCER_BREAKS: dict[str, tuple[Change, str]] = {
    "a new field that must be there": (
        lambda s: (s["properties"].update(desk={"type": "string"}), s["required"].append("desk")),
        "desk",
    ),
    "a field that must be there now": (lambda s: s["required"].append("title"), "title"),
    "a type narrowed": (lambda s: s["properties"].update(title={"type": "string"}), "title"),
    "a value no longer taken": (lambda s: s["properties"]["language"].update(enum=["de"]), "language"),
    "a text that must be shorter": (lambda s: s["properties"]["text"].update(maxLength=1000), "maxLength"),
    "a text that must be longer": (lambda s: s["properties"]["text"].update(minLength=20), "minLength"),
    "a rule that is unknown here": (lambda s: s["properties"]["text"].update(contentEncoding="x"), "contentEncoding"),
    "another default": (lambda s: s["properties"]["language"].update(default="en"), "something else"),
}


@pytest.mark.parametrize("name", PRODUCER_BREAKS)
def test_breaks_producers(name: str) -> None:
    change, reason = PRODUCER_BREAKS[name]
    found = compare(kept("article"), changed("article", change))
    assert any(reason in f"{where} {what}" for where, what in found), found


@pytest.mark.parametrize(
    "change",
    [
        lambda s: supply(s).update(mood={"type": "string"}),
        lambda s: supply(s)["category"]["enum"].remove("energy"),
        lambda s: s["$defs"]["Span"]["properties"]["start"].update(minimum=1),
        lambda s: supply(s)["goods"].update(description="What is supplied."),
        lambda s: s["$defs"]["Place"]["properties"]["latitude"].update(anyOf=[{"type": "null"}]),
        lambda s: s["oneOf"].pop(),
    ],
    ids=[
        "a field more",
        "a value fewer",
        "a stricter bound",
        "other words",
        "a type narrowed",
        "a record type fewer",
    ],
)
def test_does_not_break_consumers(change: Change) -> None:
    assert compare(changed("event", change), kept("event"), fields_stay=True) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["properties"].update(desk={"type": "string"}),
        lambda s: s["properties"]["text"].update(maxLength=2_000_000),
        lambda s: s["properties"]["language"].pop("pattern"),
        lambda s: s["required"].remove("text"),
    ],
    ids=["a field more that may be missing", "a longer text", "any value", "a field that may be missing"],
)
def test_does_not_break_producers(change: Change) -> None:
    assert compare(kept("article"), changed("article", change)) == []


class Sized(Extraction):
    """A receipt with a field that no older extractor has sent."""

    size: int


class Deferred(Extraction):
    """A receipt with an outcome that no older consumer knows."""

    outcome: Literal["events", "no_events", "deferred"]  # type: ignore[assignment] # the very change that is forbidden


class Short(Article):
    """An article that must be shorter than released."""

    text: Annotated[str, Field(min_length=1, max_length=10_000)]


@pytest.mark.parametrize(
    ("record", "model", "who", "where"),
    [
        ("extraction", Sized, "producers", "size"),
        ("extraction", Deferred, "consumers", "outcome"),
        ("article", Short, "producers", "text"),
    ],
)
def test_the_command_refuses_models_that_break_a_release(
    record: str, model: type, who: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(generate.MODELS, record, model)
    result = CliRunner().invoke(app, ["schema", "--check"])
    assert result.exit_code == 1
    assert f"incompatible: {record} ({where})" in result.output
    assert f"breaks {who} of v1" in result.output


def test_a_record_that_is_gone_breaks_its_consumers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(generate.MODELS, "extraction")
    assert [str(one) for one in breaks()] == ["extraction (whole record): the record is gone; breaks consumers of v1"]
