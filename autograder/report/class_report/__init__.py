"""The class at a glance: one page on an assignment, for screen and print.

gathering       goes through the class once, a student at a time, and keeps tallies only:
  questions       what is asked, from source/
  marks           points, from the gradebook
  outcomes        what tests came to, from scores.json; misconceptions, accuracies
  times           from run.json and cells.jsonl
  architectures, gallery     models and pictures, from the answers that `handed` reads
  accuracies      what they are held against
sections, pictures    the tallies as texts, charts and thumbnails
  lessons, spread, charts, thumbnails    what they need for it
page            these in template.html and style.css
"""

from autograder.report.class_report.page import write_class_report

__all__ = ["write_class_report"]
