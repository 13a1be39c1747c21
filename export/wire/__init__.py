"""What crosses the wire between a server and its clients: statuses, JSON and tensors, in TensorFlow Serving's forms."""
