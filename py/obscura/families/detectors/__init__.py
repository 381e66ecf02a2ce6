"""One module per family of detectors: `OPTIONS`, `read` and `recognise`."""
