"""What a finished run's classifier answers, how good that is, and why it does."""
