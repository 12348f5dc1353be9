"""What the command is made of: one file for each group of subcommands."""
