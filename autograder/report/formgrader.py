"""What the kit changes in formgrader's page on which a hand-in is marked: it loads no MathJax.

course_config.py puts TEMPLATES before nbgrader's own templates.
"""

from __future__ import annotations

from pathlib import Path

TEMPLATES = str(Path(__file__).parent / "formgrader_template")
