"""How good restored images are, beside clean ones and classical restorations."""
