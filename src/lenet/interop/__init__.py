"""The same networks in other libraries' terms: `lenet.interop.torch`, `lenet.interop.onnx`."""
