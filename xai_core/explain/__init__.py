"""Requests, their explanations, and the service that computes them."""
