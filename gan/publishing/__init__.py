"""What leaves the machine: the model card, whose a model is, the gate, a Space, an ONNX file."""
