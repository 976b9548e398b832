"""Every fault in each phase of a charge, on the whole bench; `make torture` runs all of it."""
