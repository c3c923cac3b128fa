"""What `make bench` runs: the store beside its peers and limits, on one server, in one run."""
