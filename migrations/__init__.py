"""The schema's history, forward only; `services.store.migrate` runs it."""
