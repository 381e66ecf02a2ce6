"""One `FamilyModule` per family of detectors."""
