"""What lies in a version beside its graphs: golden examples, manifest, warm-up records, batching, the callers' page."""
