"""The page: what a person sees and does. Its folders are floors; see docs/architecture.md."""
