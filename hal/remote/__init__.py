"""A board behind a Unix socket: the backend ``remote``. docs/BOARD_WIRE.md is the protocol's reference."""
