"""Self-contained HTML pages: articles with their findings marked, and the digest of what they tell."""

from services.report.digest import Scope, render_digest
from services.report.page import render

__all__ = ["Scope", "render", "render_digest"]
