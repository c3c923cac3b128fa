"""Which cases are of each class of record that has any."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.rules.retention import RecordClass
from domain.stages import Stage

STAGES_OF: Final[Mapping[RecordClass, Stage]] = MappingProxyType(
    {
        RecordClass.REFUSED: Stage.REFUSED,
        RecordClass.WITHDRAWN: Stage.WITHDRAWN,
        RecordClass.CLOSED: Stage.LAPSED,
        RecordClass.APPROVED: Stage.SETTLED,
        RecordClass.VOIDED: Stage.VOIDED,
        RecordClass.NEVER_COMPLETED: Stage.FEE_AWAITED,
    }
)
"""The stage that the cases of each class of them are at."""
