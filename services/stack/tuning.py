"""How the embedded PostgreSQL server is set."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """How the server is set. Not `durable` is for tests: it survives kills, not power cuts."""

    shared_buffers: str = "256MB"
    max_connections: int = 200
    durable: bool = True
    more: Mapping[str, str] = field(default_factory=dict)

    def options(self) -> dict[str, str]:
        """Return the server's settings by name."""
        durable = "on" if self.durable else "off"
        return {
            "shared_buffers": self.shared_buffers,
            "max_connections": str(self.max_connections),
            "fsync": durable,
            "full_page_writes": durable,
            "synchronous_commit": "on",
            "max_wal_size": "2GB",
            "min_wal_size": "256MB",
            "checkpoint_timeout": "15min",
            "effective_cache_size": "1GB",
            "work_mem": "16MB",
            "maintenance_work_mem": "128MB",
            "random_page_cost": "1.1",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_checkpoints": "off",
            "log_line_prefix": "%m [%p] %q%u@%d ",
            **self.more,
        }
