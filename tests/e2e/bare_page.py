"""A Streamlit page with one minimal component, to time what any page costs before it draws."""

import streamlit as st

_SCRIPT = """
export default function (component) {
  const canvas = component.parentElement.querySelector("canvas");
  requestAnimationFrame(() => {
    canvas.getContext("2d").fillRect(0, 0, 9, 9);
    if (!performance.getEntriesByName("first picture").length) performance.mark("first picture");
  });
}
"""

st.components.v2.component("bare", html="<canvas></canvas>", js=_SCRIPT)(key="bare")
