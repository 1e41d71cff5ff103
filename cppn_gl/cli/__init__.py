"""The command line: commands, options, doctor, benchmark."""
