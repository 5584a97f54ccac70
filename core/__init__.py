"""Train image classifiers, measure them and explain them, without a screen.

Nothing here imports Streamlit, and only :mod:`core.ml` imports TensorFlow.
"""
