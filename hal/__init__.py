"""Board I/O as small ports (`hal.ports`), time (`hal.clock`), and the backends that provide them."""
