"""The front end: ES modules and one style sheet, and what makes a page of them."""

__all__ = ["assembler"]
