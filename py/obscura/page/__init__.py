"""The page: everything that touches the DOM. The only rooms, with `engine.ort_web`, that see
JavaScript.
"""
