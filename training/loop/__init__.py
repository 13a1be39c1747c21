"""What goes on while a model trains: state, checkpoints, signals, lines on the screen."""
