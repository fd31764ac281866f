"""Notebooks: read, restored to what the author wrote, split by whose each cell is, run.

    reading, master, sanitise, plan    the trusted side's; with nbgrader
    names, shell, outputs, streams, warm    both sides'; a warm process imports these

Nothing is imported here, so that a warm process need not wait for nbgrader.
"""
