"""Device table of docs/performance.md: what bench.html found on devices, as a table."""
