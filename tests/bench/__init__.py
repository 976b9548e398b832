"""``make bench``: what the parts take, measured on the real paths. Nothing here is a test."""
