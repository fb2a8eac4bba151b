"""The command: measures, and prints the tables of docs/performance.md.

python -m tests.bench                 the whole, six to eight minutes on two idle cores
python -m tests.bench --seconds 3     a try whether it runs: figures of no worth
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from services.broker import LocalBroker
from services.common.errors import UserError
from tests.bench import report
from tests.bench.plan import kafka_folder, measure


def main() -> None:
    """Measure, print Markdown."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=25.0, help="length of one measurement with one process")
    parser.add_argument("--flame", type=Path, default=Path(".cache/bench/flame.svg"), help="where the flame graph goes")
    options = parser.parse_args()
    options.flame.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lagebild-bench-") as name:
        folder = Path(name)
        with LocalBroker(data_dir=kafka_folder(folder), log_file=folder / "kafka.log") as broker:
            found = measure(broker, folder, options.seconds, options.flame)
    print(report.markdown(found))
    print(f"\nmeasured in {time.monotonic() - started:.0f} s; flame graph: {options.flame}")


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"bench: {error}")
