"""The Demo page: a tour for a presenter."""
