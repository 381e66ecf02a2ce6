"""The models of the page: kept, opened, compared, added."""
