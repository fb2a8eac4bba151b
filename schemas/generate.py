"""The contract for other languages: JSON Schema 2020-12 files and an AsyncAPI 3 document, made from the models.

The files are committed; a test compares them with what this module makes, so they cannot drift.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue

from schemas.article import Article
from schemas.base import SCHEMA_VERSION
from schemas.claim import Claim
from schemas.dead_letter import DeadLetter
from schemas.events import Event
from schemas.extraction import Extraction

HERE = Path(__file__).parent
MODELS: dict[str, Any] = {
    "article": Article,
    "event": Event,
    "extraction": Extraction,
    "claim": Claim,
    "dead-letter": DeadLetter,
}
TITLES = {"event": "Event"}


class _Dialect(GenerateJsonSchema):
    """Names the dialect, and lets objects have unknown fields: a reader must bear a newer minor version."""

    def generate(self, schema: Any, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        value = super().generate(schema, mode=mode)
        return {"$schema": self.schema_dialect, **_open(value)}


def _open(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _open(v) for k, v in value.items() if not (k == "additionalProperties" and v is False)}
    return [_open(item) for item in value] if isinstance(value, list) else value


def json_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each record, by its name.

    An article's says what one has to send; the others' what one can rely on to be there.
    """
    return {name: json_schema(name, "validation" if name == "article" else "serialization") for name in MODELS}


def json_schema(name: str, mode: JsonSchemaMode) -> dict[str, Any]:
    """The JSON Schema of one record: what is read ("validation") or what is written ("serialization")."""
    schema = TypeAdapter(MODELS[name]).json_schema(schema_generator=_Dialect, mode=mode)
    return schema if "title" in schema else {**schema, "title": TITLES[name]}


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document: channels, messages, keys and headers, its payloads in the JSON Schema files."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Lagebild",
            "version": SCHEMA_VERSION,
            "description": "German news articles in, typed records of deployments, supplies and statements out.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"local": {"host": "localhost:9092", "protocol": "kafka", "description": "The local broker"}},
        "channels": {name: _channel(name, *rest) for name, *rest in _CHANNELS},
        "operations": dict(_operations()),
        "components": {
            "messages": {name: _message(name) for name in ("article", "event", "extraction", "claim")}
            | {"deadLetter": _dead_letter()},
        },
    }


_CHANNELS = (
    ("articles", "article", "delete", "Articles, keyed by article id"),
    ("events", "event", "delete", "Event records, keyed by article id; an extraction record follows an article's last"),
    ("extractions", "extraction", "compact", "One receipt for each article read; replaces earlier findings about it"),
    (
        "claims",
        "claim",
        "compact",
        "What several articles tell of one happening, keyed by claim id; a tombstone where a claim is no more",
    ),
    (
        "dead-letters",
        "deadLetter",
        "delete",
        "Messages that could not be processed, as they were, reason in the headers",
    ),
)


def _channel(name: str, message: str, policy: str, description: str) -> dict[str, Any]:
    return {
        "address": name,
        "description": description,
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "bindings": {"kafka": {"topicConfiguration": {"cleanup.policy": [policy]}, "bindingVersion": "0.5.0"}},
    }


def _operations() -> list[tuple[str, dict[str, Any]]]:
    plan = (
        ("receiveArticles", "receive", "articles", "The extractor reads articles"),
        ("sendEvents", "send", "events", "The extractor sends the events of an article"),
        ("sendExtractions", "send", "extractions", "The extractor sends the receipt after the broker has all events"),
        ("sendClaims", "send", "claims", "The sink sends each claim that has changed, after its rows are written"),
        ("sendDeadLetters", "send", "dead-letters", "Extractor and sink put aside what they cannot process"),
    )
    return [
        (name, {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary})
        for name, action, channel, summary in plan
    ]


_CLOUD_EVENT = {key: {"type": "string"} for key in ("ce_specversion", "ce_type", "ce_id", "ce_source")} | {
    "ce_time": {"type": "string", "format": "date-time"}
}


def _message(name: str) -> dict[str, Any]:
    keyed_by = "claim" if name == "claim" else "article"
    return {
        "name": name,
        "contentType": "application/json",
        "payload": {"$ref": f"./json/{name}.json"},
        "headers": {
            "type": "object",
            "description": "CloudEvents 1.0, Kafka binding, binary mode",
            "properties": _CLOUD_EVENT,
        },
        "bindings": {
            "kafka": {
                "key": {
                    "type": "string",
                    "description": f"The {keyed_by}'s id, UTF-8",
                },
                "bindingVersion": "0.5.0",
            }
        },
    }


def _dead_letter() -> dict[str, Any]:
    keys = ("topic", "partition", "offset", "stage", "exception.class.name", "exception.message")
    return {
        "name": "deadLetter",
        "summary": "Key, value, headers and time of the original; json/dead-letter.json is how `lagebild` prints it",
        "payload": {"description": "The original value, byte for byte, or its beginning where it was too long"},
        "headers": {
            "type": "object",
            "description": "Kafka Connect's error headers beside the original's, and CloudEvents' where it had none",
            "properties": {f"__connect.errors.{key}": {"type": "string"} for key in keys} | _CLOUD_EVENT,
        },
    }


def files() -> dict[Path, str]:
    """Every generated file with its content, paths absolute."""
    made = {HERE / "json" / f"{name}.json": schema for name, schema in json_schemas().items()}
    made[HERE / "asyncapi.json"] = asyncapi()
    return {path: json.dumps(value, indent=2, ensure_ascii=False) + "\n" for path, value in made.items()}


def write_files() -> list[Path]:
    """Write the files whose content has changed, and say which."""
    changed = []
    for path, content in files().items():
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8")
            changed.append(path)
    return changed
