"""What the browser shows: the only room that knows Streamlit.  One widget or idea per file."""
