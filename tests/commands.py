"""Commands in the tests' own process. Tests alone."""

from collections.abc import Sequence

import pytest
import typer
from typer.testing import CliRunner

from services.common.errors import UserError


def refusal(app: typer.Typer, arguments: Sequence[str]) -> str:
    """What a person is told where the command cannot do what the arguments ask."""
    with pytest.raises(UserError) as caught:
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    return str(caught.value)
