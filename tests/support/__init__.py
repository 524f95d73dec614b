"""What several tests share and pytest does not provide by name: networks, sources, peers."""
