"""What a preset says: its tables, parsing, sweeps, scenes, the shipped library."""
