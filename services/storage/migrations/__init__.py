"""Alembic's environment: how the tables came to be, version after version."""
