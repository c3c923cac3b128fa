"""Runs the migrations on the connection that `services.store.migrate` hands in.

Law: a migration never waits long for a lock and never runs long under one, so that it fails
before it stops the office; `services.store.migrate` sets both limits and lets one migrator in.
"""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
