"""Celery: the app, its queues, its schedule, and tasks of one call each."""
