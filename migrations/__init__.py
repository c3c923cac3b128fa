"""The schema's history, forward only; `services.store.migrate` runs it.

What a migration does to tables that are in use goes through `migrations.online`.
"""
