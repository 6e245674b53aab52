"""What can go wrong on the machine, told in one line."""


class CannotRun(Exception):
    """Something that the machine lacks or refuses; the message is the one line that the user sees."""
