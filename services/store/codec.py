"""Between the domain's events and the bytes that are stored.

The dataclasses are the schema: msgspec reads and writes them by their annotations. A member named
`personal` never stands in the stored payload; in its place `sealed` holds it under the key of the
case. Law: an event is stored only if reading it back gives an equal one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final, NamedTuple, cast

import msgspec
from msgspec import inspect

from domain.events import Event
from domain.record import Recorded, Upcast, Wire
from domain.upcasts import UPCASTS
from domain.wire import WIRE
from services.store.commit import Commit, NewEvent
from services.store.errors import EventOfLater, EventUnreadable, Unwritable
from services.store.faults import without_values
from services.store.identifiers import new_event_id
from services.store.sealing import ALTERED, CaseKey, SealBroken

_SEALING_STREAMS: Final = ("case-", "work-")
_WITHOUT_INSTANTS: Final = (
    inspect.BoolType,
    inspect.DateType,
    inspect.EnumType,
    inspect.IntType,
    inspect.NoneType,
    inspect.StrType,
)
_ESCAPED_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

_LEFT: Final = b'"sealed":""}}'  # as queries end a body whose sealed member they leave where it is

Opening = frozenset[type[Event]]
"""The types of events whose sealed members a reader wants opened."""

KeyOf = Callable[[str], CaseKey | None]
"""The key of a case by its reference; None once its person has been erased."""


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """The stored body of an event; these names are permanent."""

    id: str
    stream: str
    version: int
    type: str
    schema: int
    effective_at: datetime
    actor: str
    role: str
    command: str
    command_id: str
    causation_id: str
    correlation_id: str
    payload: msgspec.Raw


class StoredEvent(NamedTuple):
    """A row as it is read: the body, and what stands beside it."""

    body: bytes
    recorded_at: datetime
    position: int | None
    sequenced_at: datetime | None


class _Sealed(msgspec.Struct, frozen=True, gc=False):
    sealed: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """How one type of event is read and written."""

    wire: Wire
    type: type[Event]
    decoder: msgspec.json.Decoder[Event]
    personal: bool
    clear: tuple[str, ...]
    instants: bool


def reference_of(stream: str) -> str | None:
    """The reference of the case whose key seals this stream, None if nothing can be sealed."""
    return stream[5:] if stream.startswith(_SEALING_STREAMS) else None


def comes_sealed(body: bytes) -> bool:
    """A quick look whether a body as it was read has a sealed member to be opened."""
    return b'"sealed":"' in body and not body.endswith(_LEFT)


def is_personal(event: Event) -> bool:
    """True when the event holds something that must be sealed."""
    return getattr(event, "personal", None) is not None


class _NoUpcast(Exception):
    """An old shape from which no upcast leads on. Never leaves the codec."""


class Codec:
    """Encodes and decodes the events of a registry; safe to share between threads."""

    def __init__(
        self,
        wire: Mapping[type[Event], Wire] = WIRE,
        upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS,
    ) -> None:
        self._wire = wire
        self._upcasts = upcasts
        self._encoder = msgspec.json.Encoder()
        self._envelope = msgspec.json.Decoder(Envelope)
        self._sealed = msgspec.json.Decoder(_Sealed)

    def encode(self, commit: Commit, place: tuple[str, int], new: NewEvent, key_of: KeyOf) -> bytes:
        """The body of a new event at its stream and version; raises `Unwritable`."""
        stream, version = place
        shape = self._by_type.get(type(new.event))
        if shape is None:
            raise Unwritable(f"{type(new.event).__name__} has no wire name in domain.wire.WIRE")
        if new.effective_at.tzinfo is None:
            raise Unwritable(f"{shape.wire.name}: effective_at {new.effective_at} has no time zone")
        event_id = new_event_id()
        payload = self._payload(shape, new.event, event_id, place, key_of)
        return self._encoder.encode(
            Envelope(
                id=event_id,
                stream=stream,
                version=version,
                type=shape.wire.name,
                schema=shape.wire.version,
                effective_at=_in_utc(new.effective_at),
                actor=commit.actor,
                role=commit.role,
                command=commit.command,
                command_id=str(commit.command_id),
                causation_id=str(commit.causation_id),
                correlation_id=commit.correlation_id,
                payload=msgspec.Raw(payload),
            )
        )

    def names(self, personal: bool | Opening) -> list[str] | None:  # noqa: FBT001 - as in the store's reads
        """The wire names of the events whose sealed members are opened; None for every event."""
        if isinstance(personal, bool):
            return None if personal else []
        return [self._wire[each].name for each in personal]

    def decode(
        self, row: StoredEvent, key_of: KeyOf, only: Opening | None = None
    ) -> Recorded[Event]:
        """The event in a row; `personal` is None where `key_of` has no key.

        With `only`, it is opened in events of these types alone. Raises `EventUnreadable`.
        """
        body = self._outside(row.body, row.position)
        # One after another, as every event that is read comes by here: with names it takes twice
        # as long.
        return Recorded(
            body.id,
            body.stream,
            body.version,
            self._event(body, key_of, only),
            body.effective_at,
            row.recorded_at,
            body.actor,
            body.role,
            body.command,
            body.command_id,
            body.causation_id,
            body.correlation_id,
            row.position,
            row.sequenced_at,
        )

    def decode_event(self, body: bytes) -> Event:
        """The event of a body alone, with nothing in it opened; raises `EventUnreadable`."""
        return self._event(self._outside(body, None), _closed, None)

    def _outside(self, body: bytes, position: int | None) -> Envelope:
        try:
            return self._envelope.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
            why = without_values(fault)
        where = "at an unknown place" if position is None else f"at {position}"
        raise EventUnreadable(where, f"its envelope is broken: {why}")

    @cached_property
    def _by_type(self) -> dict[type[Event], _Shape]:
        return {each: _shape(each, wire) for each, wire in self._wire.items()}

    @cached_property
    def _by_name(self) -> dict[str, _Shape]:
        return {shape.wire.name: shape for shape in self._by_type.values()}

    def _payload(
        self, shape: _Shape, event: Event, event_id: str, place: tuple[str, int], key_of: KeyOf
    ) -> bytes:
        name = shape.wire.name
        try:
            plain = self._encoder.encode(event)
            same = shape.decoder.decode(plain) == event
        except (msgspec.MsgspecError, TypeError, ValueError) as fault:
            same, why = None, without_values(fault)
        if same is None:
            raise Unwritable(f"{name} is not of its declared shape: {why}")
        if not same:
            raise Unwritable(f"{name} would be read back as something else")
        if b"\\u0000" in plain and _ESCAPED_NUL.search(plain):
            raise Unwritable(f"{name} holds a NUL character, which no query could read")
        if shape.instants and (naive := _naive(event)):
            raise Unwritable(f"{name}: {naive} has no time zone")
        if not shape.personal:
            return plain
        clear = {each: getattr(event, each) for each in shape.clear}
        if is_personal(event):
            clear["sealed"] = self._seal(shape, event, event_id, place, key_of)
        return self._encoder.encode(clear)

    def _seal(
        self, shape: _Shape, event: Any, event_id: str, place: tuple[str, int], key_of: KeyOf
    ) -> str:
        stream, version = place
        reference = reference_of(stream)
        key = None if reference is None else key_of(reference)
        if key is None:
            raise Unwritable(f"{shape.wire.name} is personal and no key seals stream {stream}")
        bound = self._place(event_id, stream, version, shape.wire.name)
        return key.seal(self._encoder.encode(event.personal), bound)

    def _event(self, body: Envelope, key_of: KeyOf, only: Opening | None) -> Event:
        shape = self._by_name.get(body.type)
        if shape is None:
            raise EventOfLater(_where(body), f"{body.type} is unknown to this version of qmas")
        if body.schema > shape.wire.version:
            raise EventOfLater(
                _where(body),
                f"{body.type} has shape {body.schema}, and this version of qmas knows up to "
                f"{shape.wire.version}: upgrade it",
            )
        try:
            if not shape.personal:
                payload = bytes(body.payload)
            elif only is None or shape.type in only:
                payload = self._opened(body, key_of)
            else:
                payload = _with_personal(body, b"null")
            if body.schema == shape.wire.version:
                return shape.decoder.decode(payload)
            return self._upcast(shape, body.schema, payload)
        except (SealBroken, _NoUpcast) as fault:
            raise EventUnreadable(_where(body), str(fault)) from fault
        except (msgspec.MsgspecError, LookupError, TypeError, ValueError, AttributeError) as fault:
            why = without_values(fault)
        # Raised out here, so that no traceback shows the fault itself, which may quote the person.
        raise EventUnreadable(_where(body), why)

    def _opened(self, body: Envelope, key_of: KeyOf) -> bytes:
        """The payload with `personal` in it, as JSON; `sealed` stays and is ignored."""
        personal = b"null"
        reference = reference_of(body.stream)
        key = None if reference is None else key_of(reference)
        if key is not None and (sealed := self._sealed_of(body)) is not None:
            place = self._place(body.id, body.stream, body.version, body.type)
            personal = key.open_bytes(sealed, place)
        return _with_personal(body, personal)

    def _sealed_of(self, body: Envelope) -> bytes | None:
        """What is sealed in the payload; msgspec reads base64 at four times the speed of Python."""
        try:
            return self._sealed.decode(body.payload).sealed
        except msgspec.ValidationError:
            raise SealBroken(ALTERED) from None

    def _upcast(self, shape: _Shape, schema: int, payload: bytes) -> Event:
        old: dict[str, Any] = msgspec.json.decode(payload)
        for version in range(schema, shape.wire.version):
            upcast = self._upcasts.get((shape.wire.name, version))
            if upcast is None:
                raise _NoUpcast(f"no upcast leads on from {shape.wire.name} {version}")
            old = upcast(old)
        return msgspec.convert(old, shape.type)

    def _place(self, event_id: str, stream: str, version: int, name: str) -> bytes:
        """What a seal is bound to: moved to another event, it does not open."""
        return self._encoder.encode((event_id, stream, version, name))


def _with_personal(body: Envelope, personal: bytes) -> bytes:
    rest = bytes(body.payload)[1:]
    return b'{"personal":' + personal + (rest if rest == b"}" else b"," + rest)


def _shape(event: type[Event], wire: Wire) -> _Shape:
    names = tuple(field.name for field in fields(event))
    if "sealed" in names:
        raise TypeError(f"{event.__name__}: the name `sealed` is the store's own")
    return _Shape(
        wire=wire,
        type=event,
        decoder=cast("msgspec.json.Decoder[Event]", msgspec.json.Decoder(event)),
        personal="personal" in names,
        clear=tuple(name for name in names if name != "personal"),
        instants=_may_hold_instants(inspect.type_info(event)),
    )


def _may_hold_instants(kind: inspect.Type) -> bool:
    match kind:
        case inspect.DataclassType():
            return any(_may_hold_instants(each.type) for each in kind.fields)
        case inspect.UnionType():
            return any(map(_may_hold_instants, kind.types))
        case inspect.VarTupleType():
            return _may_hold_instants(kind.item_type)
        case _:
            return not isinstance(kind, _WITHOUT_INSTANTS)


def _in_utc(instant: datetime) -> datetime:
    return instant if instant.tzinfo is UTC else instant.astimezone(UTC)


def _naive(value: object, path: str = "it") -> str | None:
    """The first instant without a time zone, as a path, or None."""
    if isinstance(value, datetime):
        return path if value.tzinfo is None else None
    if isinstance(value, tuple):
        members = ((f"{path}[{index}]", each) for index, each in enumerate(value))
    elif is_dataclass(value):
        members = ((f"{path}.{each.name}", getattr(value, each.name)) for each in fields(value))
    else:
        return None
    return next((found for name, each in members if (found := _naive(each, name))), None)


def _closed(_: str) -> CaseKey | None:
    """No key, so that what is sealed stays so."""
    return None


def _where(body: Envelope) -> str:
    return f"{body.stream}@{body.version}"
