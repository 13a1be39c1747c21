"""Models that give a damaged image back."""
