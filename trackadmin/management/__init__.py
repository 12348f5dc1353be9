"""The parts of the command: one file for each group of subcommands."""
