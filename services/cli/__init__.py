"""The command `lagebild`: one module for each group of subcommands."""
