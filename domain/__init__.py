"""What is true and what may happen: pure functions and data, no clock, no randomness, no I/O."""
