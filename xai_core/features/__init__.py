"""Features: of the lesion, of the network's channels, of its parts; changed one at a time."""
