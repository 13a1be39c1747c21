"""What a classifier has learned: which pixels its answers depend on, and figures of its answers."""
