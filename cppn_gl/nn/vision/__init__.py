"""Networks that see whole pictures: their operations, passes, preprocessing and sources."""
