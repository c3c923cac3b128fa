"""The edge: what people and other systems send, read strictly into the domain's dataclasses."""
