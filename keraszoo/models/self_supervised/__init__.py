"""Models that learn features from a task which images set by themselves, without labels."""
