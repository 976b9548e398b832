"""``make bench``: what the parts take, measured on the real paths (docs/BENCH.md). Nothing here is a test."""
