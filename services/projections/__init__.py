"""Read models: the runner that fills them, their tables, and the queries that read them."""
