"""``wattseal board``: an engineer at a board, before any charger runs on it."""
