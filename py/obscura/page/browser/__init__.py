"""Everything that touches the browser's own interfaces."""
