"""The errors that a person may meet. Each says what was found, what was expected and what to do next."""


class LaunchdeskError(Exception):
    """Base of all errors whose text is meant for the person who uses Launchdesk."""


class InvalidTable(LaunchdeskError):
    """A file can't be read as the table it was given as."""


class InvalidSetting(LaunchdeskError):
    """A setting or argument has a value that can't be used."""


class UnknownProduct(LaunchdeskError):
    """A product was asked for that is neither in the catalog nor in the launch."""


class UnknownCustomer(LaunchdeskError):
    """A customer was asked for that has no history and whom the method can't serve."""


class NotThere(LaunchdeskError):
    """Something that has to come first isn't in the workspace yet: a catalog, a source model, a launch."""


class AlreadyThere(LaunchdeskError):
    """A name is taken."""


class DamagedArtefact(LaunchdeskError):
    """A stored file is missing, truncated, changed, or from a version that this one can't read."""


class RunFailed(LaunchdeskError):
    """A run ended without a result; the text tells the cause."""


class Cancelled(LaunchdeskError):
    """A run was told to stop, and has stopped."""

    def __init__(self, message: str = "Stopped as asked. Nothing was changed; you can start it again."):
        super().__init__(message)


class CannotRun(LaunchdeskError):
    """A method lacks what it needs here, such as enough products to learn from; it doesn't fall back to another."""
