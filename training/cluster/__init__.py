"""The devices and machines on which a model trains."""
