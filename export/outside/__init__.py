"""Programs that run a version outside of TensorFlow's Python, as a server does: the doctor's, and that of its costs."""
