"""What people read in the page."""
