"""The shell around the domain: store, commands, projections, notifications, HTTP, pages, CLI."""
