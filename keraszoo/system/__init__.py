"""What concerns the process and the files around it, not the models: signals, failures, types of values read."""
