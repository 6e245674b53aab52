"""The sub-commands: read options, call, print, choose the exit code."""
