"""Structured logging: one event a line, keys and values, for people or as JSON."""

import logging
import sys
from typing import Any

import structlog

from services.common.settings import Settings


def configure_logging(settings: Settings) -> None:
    """Send structlog and the libraries' own logging to standard error in one form."""
    level = getattr(logging, settings.log_level.upper())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    steps: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if settings.log_format == "json":
        steps.append(structlog.processors.format_exc_info)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*steps, last]))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # aiokafka tells of every retried metadata request at warning; ours says once what is wrong and what to do.
    logging.getLogger("aiokafka").setLevel(max(level, logging.ERROR))


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose events carry `name`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
