"""What tables and region files say of cases."""
