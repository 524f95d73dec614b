"""What people learn of the cases, and how well they read."""
