"""Articles with their findings marked, as one self-contained HTML page."""

from services.report.page import render

__all__ = ["render"]
