"""What a user can mend."""


class UserError(Exception):
    """Something in the course, the source or the command is wrong, and its user can mend it.

    The text is one line: where, what was expected, what was found, what to do. Commands print it
    and end; nobody sees a traceback.
    """
