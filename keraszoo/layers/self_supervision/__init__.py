"""What is done to images so that they set a task: patches, views, colours that are taken away.

Functions of images and of uniform draws, [batch, n], so that each example's outcome follows from its own numbers.
"""
