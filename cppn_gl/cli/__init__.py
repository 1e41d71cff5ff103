"""The command line: commands, options, doctor, bench."""
