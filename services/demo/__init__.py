"""The demonstration: people, a believable population, and a year of the office's work on them."""
