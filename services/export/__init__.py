"""Event records as CSV, JSON lines, Parquet and GeoJSON, written as they come. See docs/export.md."""

from services.export.formats import FORMATS, Format, export

__all__ = ["FORMATS", "Format", "export"]
