"""Write the dashboards' JSON, or with --check say whether it is as the code makes it."""

import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.dashboards import operations, world

FOLDER = Path(__file__).parents[1] / "grafana" / "dashboards"
BOARDS = {"operations": operations.dashboard, "world": world.dashboard}


def texts() -> dict[Path, str]:
    """The files and what is to stand in them."""
    encoder = JSONEncoder(sort_keys=True, indent=2, ensure_ascii=False)
    return {FOLDER / f"{name}.json": encoder.encode(make().build()) + "\n" for name, make in BOARDS.items()}


def main() -> int:
    """0; with --check 1 where a file is not what the code makes."""
    if "--check" in sys.argv[1:]:
        stale = [path.name for path, text in texts().items() if not path.exists() or path.read_text("utf-8") != text]
        if stale:
            sys.stderr.write(f"not as the code makes them: {', '.join(stale)}; run python -m deploy.dashboards\n")
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in texts().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
