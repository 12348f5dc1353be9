"""A form that is made of several of Django's forms, which are sent and checked together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms

from trackadmin.admin.forms.form_errors import FormError, form_errors_of
from trackadmin.exceptions import Problem


class JoinedForm:
    """What the form of a tracked model and that of an action share."""

    #: The form with the fields of the tracked model or the action itself.
    head: Any
    #: Gives all forms, in the order of the page.
    _forms: Callable[[], list[forms.Form]]
    #: Whether forms that are valid also fit together. It marks where they do not.
    _agree: Callable[[], bool]

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    @property
    def has_errors(self) -> bool:
        """Whether it cannot be saved."""
        return bool(self.problems or self.marks)

    @property
    def marks(self) -> list[FormError]:
        """The errors in the form, from top to bottom."""
        return [mark for form in self._forms() for mark in form_errors_of(form)]

    def is_valid(self) -> bool:
        """Whether the form can be given to the editing call."""
        wrong = [form for form in self._forms() if not form.is_valid()]  # each marks its own
        valid = not wrong and self._agree()
        if not valid:
            self._show_errors()
        return valid

    def _show_errors(self) -> None:
        """Make it possible to correct what is wrong."""

    @property
    def seen(self) -> int | None:
        """The edit that the user saw."""
        seen: int | None = self.head.cleaned_data["seen"]
        return seen

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Show the problems that the editing call found."""
        self.problems += problems
