"""Pictures and figures from arrays.  Independent of Streamlit and of the model."""
