"""What is looked at and measured while a model trains."""
