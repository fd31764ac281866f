"""The way through, stage by stage: what is due, what is done, what comes next.

plan → execute → grade      of one notebook: assignment.py, with reader.py and keys.py
where and when              of a class: local.py; cluster.py, whose tasks are in chunk.py; times.py
record                      of a class, by a single writer: grading.py; what would be: due.py
"""

from autograder.pipeline.assignment import Assignment, PipelineError, Result
from autograder.pipeline.chunk import work_on_chunk
from autograder.pipeline.cluster import ClusterEngine
from autograder.pipeline.due import Due, what_is_due
from autograder.pipeline.grading import Grading, only_one
from autograder.pipeline.local import local_engine
from autograder.pipeline.reader import Prepared
from autograder.pipeline.times import uses_framework

__all__ = [
    "Assignment",
    "ClusterEngine",
    "Due",
    "Grading",
    "PipelineError",
    "Prepared",
    "Result",
    "local_engine",
    "only_one",
    "uses_framework",
    "what_is_due",
    "work_on_chunk",
]
