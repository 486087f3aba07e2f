"""What clients may rely on: the API's responses and the quality report, as Pydantic models."""
