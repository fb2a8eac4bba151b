"""Settings of a stream of its own on a shared broker. Tests alone."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from services.common.settings import Settings


def own_settings(bootstrap_servers: str, folder: Path, **changes: Any) -> Settings:
    """Topics, groups and a database that nobody else uses; free web ports.

    Args:
        bootstrap_servers: of a running broker.
        folder: for the database and what the services keep.
        changes: other settings.
    """
    name = f"t{uuid4().hex[:8]}"
    values = {
        "bootstrap_servers": bootstrap_servers,
        "topic_prefix": f"{name}-",
        "extractor_group": f"{name}-extractor",
        "sink_group": f"{name}-sink",
        "extractor_web_port": 0,
        "sink_web_port": 0,
        "database": f"sqlite:///{folder}/{name}.db",
        "data_dir": folder,
    }
    return Settings(_env_file=None, **values | changes)
