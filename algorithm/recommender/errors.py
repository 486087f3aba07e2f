"""What the sender did wrong, told as a sentence they can act on."""


class UserError(Exception):
    """Training cannot go on with what it was given; the text says why and ends in output/failure."""


class RequestError(Exception):
    """A request cannot be answered; the text goes to the caller with the HTTP status."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status
