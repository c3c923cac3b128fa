"""What can be told of a fault in an event's content without telling the content.

Law: only texts that are known to name kinds and fields are passed on; of any other fault just its
kind is told, because it may quote what a person wrote.
"""

import re
from typing import Final

_KIND: Final = re.compile(
    r"Invalid enum value(?= )"
    r"|Invalid RFC3339 encoded datetime|Invalid UUID|Invalid base64 encoded string"
    r"|Expected `[\w| ]+`(?:, got `[\w| ]+`| of length [<>= \d]+| [<>]=? [\d.-]+)?(?:, got \d+)?"
    r"|Object missing required field `\w+`"
    r"|Encoding objects of type \w+ is unsupported"
    r"|JSON is malformed: [a-z ,]+\(byte \d+\)"
    r"|Input data was truncated"
)
_PLACE: Final = re.compile(r" - at `((?:key` in `)?\$[\w.\[\]]*)`\Z")


def without_values(fault: Exception) -> str:
    """The kind of a fault and the JSON path where it is, if it has one; never a value."""
    text = str(fault)
    kind, place = _KIND.match(text), _PLACE.search(text)
    told = type(fault).__name__ if kind is None else kind[0].strip()
    return told if place is None else f"{told} - at `{place[1]}`"
