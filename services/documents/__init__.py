"""The documents of cases: their files, kept sealed outside the log, and what is done with them."""
