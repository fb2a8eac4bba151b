"""Run by Alembic for every migration, on the connection that `services.storage.migrate` hands over."""

from alembic import context

# SQLite can roll back its DDL too: a migration is done whole or not at all.
context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
