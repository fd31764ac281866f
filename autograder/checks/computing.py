"""Which checks compute with models, so that whoever grades has Keras ready before it forks."""

COMPUTING = (
    "accuracy",
    "activations",
    "confusion_matrix",
    "filter_patterns",
    "gradcam",
    "reported",
)
