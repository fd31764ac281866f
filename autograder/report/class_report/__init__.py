"""The class at a glance: one page on an assignment, for screen and print."""

from autograder.report.class_report.page import write_class_report

__all__ = ["write_class_report"]
