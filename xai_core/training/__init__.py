"""Training of the classifier on generated phantoms: data, network, loop, validation, export."""
