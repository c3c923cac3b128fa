"""How the API tells the processing clock of a case."""

from marshmallow import Schema, fields

from domain.clocks import Stop, Stopped
from services.intake.fields import Instant
from services.intake.schema import schema_for


class ClockSchema(Schema):
    """The processing clock in Hong Kong working days, as it stood at `read_at`.

    `running` are those on which the office had the case and `stopped` those on which something
    else was awaited; each day counts once. It `runs` while there are no `stops`. It moves with
    time and not with the case's version: whoever keeps an answer reads it anew.
    """

    read_at = Instant(required=True)
    runs = fields.Boolean(required=True)
    elapsed = fields.Integer(required=True)
    running = fields.Integer(required=True)
    stopped = fields.List(fields.Nested(schema_for(Stopped)), required=True)
    stops = fields.List(fields.Nested(schema_for(Stop)), required=True)
