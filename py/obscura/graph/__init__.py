"""ONNX files from the outside: what one says of itself, and small ones made here.

Neither needs the onnx package, which browsers' Python does not have: `wire` reads and writes the
Protocol Buffers wire format as far as ONNX uses it, `inspect` reads a model's face and passes over
its weights, `prepare` makes the graph that brings a picture into the form a network wants.
"""
