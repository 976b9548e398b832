"""``wattseal meter``: an engineer at a meter, with or without a charger that runs."""
