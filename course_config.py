"""The one file an instructor edits: nbgrader's settings and the kit's."""

from autograder.report import formgrader

c = get_config()  # noqa: F821 - nbgrader and the kit define it

# The course -------------------------------------------------------------------------------------
c.CourseDirectory.course_id = "deep-learning"
c.CourseDirectory.solution_directory = "solutions"

# How hand-ins are run and graded; `autograder.settings` lists all of these ----------------------
c.Autograder.workers = 0  # one for each processor
c.Autograder.notebook_timeout_s = 1800
c.Autograder.cell_timeout_s = 600
c.Autograder.memory_mb = 4096

# The images that notebooks read: small (drawn, no download) or full (the real ones) -------------
c.Autograder.profile = "small"

# nbgrader ---------------------------------------------------------------------------------------
# A stub that does not raise: a student may run all cells of an unfinished notebook.
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}
# Mark schemes stand in the locked question cells, so that markers see them beside the answers.
c.ClearMarkScheme.enforce_metadata = False

# Other systems, see docs/exports.md --------------------------------------------------------------
c.ZipCollectApp.extractor_plugin = "autograder.exports.zip_collect.SafeExtractor"
# Whose archives `nbgrader zip_collect` takes (`autograder collect --from` says it itself)
# c.ZipCollectApp.collector_plugin = "autograder.exports.zip_collect.Canvas"  # Moodle, Gradescope
# c.Exports.canvas_column = {"cnn": "Convolutional networks (4711)"}
# c.Exports.moodle_user = "email"

# What follows makes plain nbgrader and formgrader use the kit; leave it as it is ------------------
c.Autograde.sanitize_preprocessors = ["autograder.nbgrader.Sanitise"]
c.Autograde.autograde_preprocessors = [
    "autograder.nbgrader.ExecuteAndGrade",
    "nbgrader.preprocessors.LimitOutput",
    "autograder.nbgrader.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.GenerateFeedback.exporter_class = "autograder.report.feedback_page.FeedbackExporter"
c.GenerateFeedback.preprocessors = [
    "autograder.report.feedback_points.EnterPoints",
    "autograder.nbgrader.HideTests",
]
# Nothing that a student wrote may act in the browser of those who look at it.
c.HTMLExporter.sanitize_html = True
c.HTMLExporter.filters = {
    "clean_html": "autograder.report.harmless.clean_html",
    "markdown2html": "autograder.report.texts.markdown2html",
}
# Formulas are MathML; formgrader loads no MathJax from elsewhere.
c.HTMLExporter.extra_template_basedirs.prepend([formgrader.TEMPLATES])
