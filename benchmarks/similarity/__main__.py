"""Print the table of docs/similarity.md, or compare a class.

python -m benchmarks.similarity [--details] [--class-of 300]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections import Counter
from pathlib import Path

from autograder.similarity import write_similarity
from autograder.similarity.index import LEAST, Least
from benchmarks.similarity.classes import ASSIGNMENT, make_class
from benchmarks.similarity.measuring import Seen, made_up, measure, shown, with_copies

SHARES = (0.2, 0.3, 0.4, 0.5, 0.6)


def print_table(seen: list[Seen]) -> None:
    """A line for what was done, a column for each share that two cells might have to reach."""
    pairs = Counter((each.kind, each.how) for each in seen)
    columns = [
        shown(seen, {kind: Least(least.weight, share) for kind, least in LEAST.items()})
        for share in SHARES
    ]
    print("pairs shown, if they must share …", *(f"{share:.0%}" for share in SHARES), sep="\t")
    for kind, how in sorted(pairs):
        counts = (column[kind, how] for column in columns)
        print(f"{kind:5}{how:18} of {pairs[kind, how]}", *counts, sep="\t")


def print_details(seen: list[Seen]) -> None:
    for each in sorted(seen, key=lambda each: (each.kind, each.how, each.share)):
        if each.weight:
            print(f"{each.kind:5}{each.how:18}{each.weight:6.1f} {each.share:4.0%}  {each.pair}")


def time_class(students: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        course = make_class(Path(folder) / "course", students)
        begun, used = time.perf_counter(), time.process_time()
        page = write_similarity(course, ASSIGNMENT)
        wall_s, processor_s = time.perf_counter() - begun, time.process_time() - used
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{students} students: {wall_s:.1f} s ({processor_s:.1f} s of one processor), "
            f"at most {peak_mb:.0f} MB, a page of {page.stat().st_size / 1e6:.1f} MB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.similarity", description=__doc__)
    parser.add_argument("--details", action="store_true", help="each pair's weight and share")
    parser.add_argument("--class-of", type=int, metavar="N", help="compare a class of N instead")
    options = parser.parse_args()
    if options.class_of:
        time_class(options.class_of)
        return
    seen = measure(with_copies(made_up()))
    print_table(seen)
    if options.details:
        print_details(seen)


if __name__ == "__main__":
    main()
