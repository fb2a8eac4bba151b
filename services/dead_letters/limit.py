"""When to stop: too many dead letters mean that the fault is ours, not the messages'.

After arroyo (getsentry), whose dead-letter policy stops the consumer on a ratio and on a run of consecutive
dead letters. Without it one bad release would move a whole topic into the dead letters.
"""

from collections import deque
from typing import Self

from services.common.settings import DeadLetterSettings


class DeadLetterLimit:
    """Counts outcomes in the order of the messages and says when it is enough.

    Args:
        ratio: share of dead letters among the last `window` messages that is too much, 0 < ratio <= 1.
        window: messages over which the share is taken; before that many have been seen the share is not judged.
        run: dead letters in a row that are too many.
    """

    def __init__(self, *, ratio: float, window: int, run: int) -> None:
        self._ratio = ratio
        self._run = run
        self._outcomes: deque[bool] = deque(maxlen=window)
        self._dead = 0
        self._in_a_row = 0
        self._reason: str | None = None

    @classmethod
    def of(cls, settings: DeadLetterSettings) -> Self:
        """The limit that the settings name."""
        return cls(ratio=settings.dead_letter_ratio, window=settings.dead_letter_window, run=settings.dead_letter_run)

    @property
    def reason(self) -> str | None:
        """Why the consumer must stop, in one sentence; None while it may go on. Once set it stays."""
        return self._reason

    def record(self, *, dead: bool) -> None:
        """Count one message.

        Args:
            dead: whether it became a dead letter.
        """
        if len(self._outcomes) == self._outcomes.maxlen:
            self._dead -= self._outcomes[0]
        self._outcomes.append(dead)
        self._dead += dead
        self._in_a_row = self._in_a_row + 1 if dead else 0
        self._reason = self._reason or self._judge()

    def _judge(self) -> str | None:
        if self._in_a_row >= self._run:
            return f"{self._in_a_row} messages in a row have become dead letters (the limit is {self._run})"
        seen = len(self._outcomes)
        if seen == self._outcomes.maxlen and self._dead >= self._ratio * seen:
            return f"{self._dead} of the last {seen} messages have become dead letters (the limit is {self._ratio:.0%})"
        return None
