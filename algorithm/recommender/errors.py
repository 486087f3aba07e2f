"""Errors of the sender, each with a sentence that says what to do."""


class UserError(Exception):
    """The job's input cannot be used; the text says what to change, and is written to output/failure."""


class RequestError(Exception):
    """A request is refused; the text goes to the caller with the HTTP status."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status
