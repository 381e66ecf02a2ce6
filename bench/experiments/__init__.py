"""Studies that settled one question each: docs/performance.md and docs/accuracy.md cite them."""
