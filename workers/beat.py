"""Beat's scheduler: it pokes on schedule, and not into a queue that nobody empties.

Law: a clock that goes back delays a poke by its own pause at most.
"""

from typing import Any, Final

import structlog
from celery.beat import PersistentScheduler, ScheduleEntry

ENOUGH: Final = 20
"""Tasks that wait in a queue beyond which another poke of the schedule would wake nobody."""

_log: Final = structlog.get_logger(__name__)


class SparingScheduler(PersistentScheduler):
    """Leaves out what is due while its queue holds enough; the next time is soon."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; return the seconds until the next look.

        What was last sent at an instant that is still to come counts as sent now.
        """
        ahead = [
            each
            for each in self.schedule.values()
            if each.last_run_at and each.last_run_at > each.default_now()
        ]
        if ahead:
            # Celery waits until that instant comes again, and its file remembers it over a restart.
            _log.warning("clock_went_back", until=ahead[0].default_now().isoformat())
            for each in ahead:
                each.last_run_at = each.default_now()
            self._heap = None
            self.sync()
        return super().tick(*args, **kwargs)

    def apply_async(
        self,
        entry: ScheduleEntry,
        producer: Any = None,
        advance: bool = True,  # noqa: FBT001, FBT002 - Celery's own signature
        **options: Any,
    ) -> Any:
        """Send the entry's task; None when it was left out."""
        producer = producer or self.producer
        # Celery adds entries of its own, which name no queue.
        queue = (entry.options or {}).get("queue", self.app.conf.task_default_queue)
        if self._waiting(queue, producer) >= ENOUGH:
            return None
        return super().apply_async(entry, producer=producer, advance=advance, **options)

    def _waiting(self, queue: str, producer: Any) -> int:
        """Return how many tasks wait in the queue, 0 when the broker does not say."""
        try:
            bound = self.app.amqp.queues[queue].bind(producer.channel)
            declared: Any = bound.queue_declare()
        except Exception as fault:  # noqa: BLE001 - sending meets it too, and knows how to recover
            _log.info("queue_not_measured", queue=queue, fault=type(fault).__name__)
            return 0
        return int(declared.message_count)
