"""Where cases come from: one file per source."""
