"""From a request to its explanation, and the service that computes them."""
