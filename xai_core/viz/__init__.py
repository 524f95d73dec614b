"""Arrays to pictures and figures.  Knows no Streamlit and no model."""
