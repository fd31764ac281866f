"""What kinds of layers there are, by what they do to a picture. Keras' names for all of them."""

CONVOLUTIONS = frozenset(
    f"{stem}{rank}D{end}"
    for stem, ranks, ends in (
        ("Conv", (1, 2, 3), ("", "Transpose")),
        ("DepthwiseConv", (1, 2), ("",)),
        ("SeparableConv", (1, 2), ("",)),
    )
    for rank in ranks
    for end in ends
)
POOLINGS = frozenset(f"{how}Pooling{rank}D" for how in ("Max", "Average") for rank in (1, 2, 3))
GLOBAL_POOLINGS = frozenset(f"Global{kind}" for kind in POOLINGS)
ADAPTIVE_POOLINGS = frozenset(f"Adaptive{kind}" for kind in POOLINGS)
# What can project a shortcut when its kernel is 1×1: it mixes channels, each place for itself.
PROJECTIONS = frozenset({"Conv1D", "Conv2D", "Conv3D"})

# An addition of tensors. CustomScaleLayer is how keras.applications.InceptionResNetV2 adds.
ADDITIONS = frozenset({"Add", "CustomScaleLayer"})
CONCATENATIONS = frozenset({"Concatenate"})
MERGES = frozenset({"Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"})

# Layers and operations that are an activation function, and the function's name.
ACTIVATIONS = {
    "ReLU": "relu",
    "Relu": "relu",
    "Relu6": "relu6",
    "LeakyReLU": "leaky_relu",
    "LeakyRelu": "leaky_relu",
    "PReLU": "prelu",
    "ELU": "elu",
    "Elu": "elu",
    "Selu": "selu",
    "Celu": "celu",
    "Gelu": "gelu",
    "Glu": "glu",
    "Silu": "silu",
    "Mish": "mish",
    "HardSilu": "hard_silu",
    "HardSigmoid": "hard_sigmoid",
    "HardTanh": "hard_tanh",
    "Sigmoid": "sigmoid",
    "LogSigmoid": "log_sigmoid",
    "Softmax": "softmax",
    "LogSoftmax": "log_softmax",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Tanh": "tanh",
}
NORMALIZATIONS = frozenset(
    f"{kind}Normalization"
    for kind in ("Batch", "Layer", "Group", "RMS", "Unit", "SyncBatch", "Spectral")
) - {"SpectralNormalization"}
DROPOUTS = frozenset(
    {
        "AlphaDropout",
        "Dropout",
        "GaussianDropout",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
        "StochasticDepth",
    }
)
REGULARIZERS = DROPOUTS | {"ActivityRegularization", "GaussianNoise"}
# These change pictures at random while a model is trained.
AUGMENTATIONS = frozenset(
    f"Random{what}"
    for what in (
        "Brightness",
        "Contrast",
        "Crop",
        "Flip",
        "Rotation",
        "Shear",
        "Translation",
        "Zoom",
        "Hue",
        "Saturation",
        "ColorJitter",
        "Erasing",
        "GaussianBlur",
        "Grayscale",
        "Invert",
        "Perspective",
        "Posterization",
        "Sharpness",
        "ColorDegeneration",
        "ElasticTransform",
    )
) | {"AugMix", "CutMix", "MixUp", "Pipeline", "RandAugment"}
# Layers that hold one other layer and call it.
WRAPPERS = frozenset({"Bidirectional", "SpectralNormalization", "TimeDistributed"})
# Layers that pass on what they get, for the question which way a tensor came.
NEUTRAL = (
    frozenset({"Activation", "Identity", "Rescaling", "LayerScale", "Masking", "Cast"})
    | ACTIVATIONS.keys()
    | NORMALIZATIONS
    | REGULARIZERS
) - {"Glu"}
# Operations on one tensor and a number, entry by entry: neutral when they have one input.
ARITHMETIC = frozenset({"Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Negative"})

# These leave the shape alone and have no weights.
UNCHANGED = (
    (NEUTRAL - {"BatchNormalization", "PReLU"})
    | frozenset({"Normalization", "Abs", "Exp", "Log", "Sqrt", "Square"})
    | (AUGMENTATIONS - {"CutMix", "MixUp", "Pipeline", "RandomCrop"})
    | {"AutoContrast", "Equalization", "ContrastLimitedAdaptiveHistogramEqualization"}
    | {"BatchNormalization", "PReLU", "Solarization"}
)
WEIGHTLESS = (
    frozenset({"InputLayer", "Flatten", "Reshape", "Permute", "RepeatVector", "Dot", "Concatenate"})
    | frozenset({"Resizing", "CenterCrop", "RandomCrop", "CategoryEncoding", "AdditiveNoise"})
    | frozenset(
        f"{what}{rank}D" for what in ("ZeroPadding", "Cropping", "UpSampling") for rank in (1, 2, 3)
    )
    | POOLINGS
    | GLOBAL_POOLINGS
    | ADAPTIVE_POOLINGS
    | MERGES
    | {"CustomScaleLayer"}
    | (UNCHANGED - NORMALIZATIONS - {"PReLU", "Normalization", "LayerScale"})
    | {"UnitNormalization"}
)
