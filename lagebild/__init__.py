"""The records of a Lagebild database in Python, for notebooks and scripts.

import lagebild

with lagebild.connect("sqlite:///lagebild.db") as database:
    frame = database.events(actor="PRK", type="deployment", since="2024-10-01")
    for record in database.records(recipient="UKR"):
        print(record.evidence.text)
"""

from lagebild.database import Database, connect

__all__ = ["Database", "connect"]
