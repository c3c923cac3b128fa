"""The servers and processes of one machine: made, started, watched and stopped."""
