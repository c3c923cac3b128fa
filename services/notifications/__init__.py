"""Effects of events: a ledger that plans each once, and delivery by e-mail."""
