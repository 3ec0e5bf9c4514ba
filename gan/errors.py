"""The one exception that stands for a user's mistake or a machine's limit, not for a bug."""


class UserError(Exception):
    """Something the person at the keyboard can mend; the message says what, where and how.

    Entry points print the message without a traceback and exit with status 2.
    """
