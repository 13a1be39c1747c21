"""What looks at a model while it trains: a file each."""
