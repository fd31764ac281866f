"""Speed, measured: the kit and stock nbgrader side by side in one run."""
