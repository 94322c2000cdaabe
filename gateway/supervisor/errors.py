"""What goes wrong with processes, as sentences for the operator."""


class SupervisorError(Exception):
    """Something about starting or keeping a process; the message is one plain sentence."""


class CannotStartError(SupervisorError):
    """A server or process cannot be started, and why."""


class StopRequestedError(SupervisorError):
    """The operator asked to stop while something was still starting."""
