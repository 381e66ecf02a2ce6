"""Reading, changing and writing ONNX files without the onnx package, which browsers lack.

`wire` reads and writes the Protocol Buffers wire format as far as ONNX uses it, `inspect` describes
a model without reading its weights, `prepare` makes the graph that turns a picture into the input
of a network.
"""
