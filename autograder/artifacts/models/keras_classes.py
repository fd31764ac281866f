"""What a model may be made of: Keras' own classes, by the module and name that Keras 3 writes.

Left out is all that runs code or reads files (Lambda, TFSMLayer, TorchModuleWrapper, JaxLayer,
FlaxLayer, the lookups and other layers of text), layers with weights whose size no initializer sees
(SpectralNormalization, AdditiveAttention), and what courses on images do not need.
"""

from __future__ import annotations

from autograder.graphs import kinds

MODELS = {
    ("keras", "Sequential"),
    ("keras.models", "Sequential"),
    ("keras.src.models.sequential", "Sequential"),
    ("keras", "Functional"),
    ("keras.models", "Functional"),
    ("keras.src.models.functional", "Functional"),
}
ACTIVATION_LAYERS = frozenset({"ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"})
LAYERS = (
    ACTIVATION_LAYERS
    | kinds.CONVOLUTIONS
    | kinds.POOLINGS
    | kinds.GLOBAL_POOLINGS
    | kinds.MERGES
    | (kinds.NORMALIZATIONS - {"SyncBatchNormalization"})
    | (kinds.REGULARIZERS - {"StochasticDepth"})
    | {f"Adaptive{how}Pooling{rank}D" for how in ("Max", "Average") for rank in (1, 2, 3)}
    | {f"{what}{rank}D" for what in ("ZeroPadding", "Cropping", "UpSampling") for rank in (1, 2, 3)}
    | {f"ConvLSTM{rank}D" for rank in (1, 2, 3)}
    | {
        *("InputLayer", "Dense", "Activation", "Identity", "Masking", "Embedding", "Normalization"),
        *("Flatten", "Reshape", "Permute", "RepeatVector", "Concatenate", "Dot"),
        *("SimpleRNN", "LSTM", "GRU", "Bidirectional", "TimeDistributed"),
        *("MultiHeadAttention", "Attention"),
        *("Rescaling", "Resizing", "CenterCrop", "CategoryEncoding", "Solarization"),
        *("AutoContrast", "Equalization", "RandomBrightness", "RandomColorDegeneration"),
        *("RandomColorJitter", "RandomContrast", "RandomCrop", "RandomElasticTransform"),
        *("RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHue"),
        *("RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation"),
        *("RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom"),
    }
)
# They make weights with an initializer of their own.
OWN_INITIALIZERS = frozenset({"Normalization", "RMSNormalization"})
OPERATIONS = {
    "keras.src.ops.numpy": frozenset(
        {
            *("Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Negative", "Power"),
            *("Abs", "Absolute", "Square", "Sqrt", "Exp", "Log", "Log1p", "Reciprocal", "Sign"),
            *("Maximum", "Minimum", "Clip", "Round", "Floor", "Ceil", "Sin", "Cos", "Tanh"),
            *("Mean", "Max", "Min", "Sum", "Amax", "Amin", "Var", "Std", "Argmax"),
            *("Concatenate", "Stack", "Reshape", "Transpose", "Squeeze", "ExpandDims", "Ravel"),
            *("Moveaxis", "Swapaxes", "Flip", "GetItem", "Pad"),
        }
    ),
    "keras.src.ops.nn": frozenset(
        {
            *("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Celu", "Gelu", "Glu", "Silu"),
            *("HardSilu", "HardSigmoid", "HardTanh", "Sigmoid", "LogSigmoid", "Softplus"),
            *("Softsign", "SoftShrink", "HardShrink", "TanhShrink", "Threshold", "Squareplus"),
            *("SparsePlus", "Sparsemax", "Softmax", "LogSoftmax", "Normalize"),
            *("MaxPool", "AveragePool"),
        }
    ),
    "keras.src.activations.activations": frozenset({"ReLU", "Mish"}),
    "keras.src.ops.core": frozenset({"Cast", "StopGradient"}),
    "keras.src.ops.math": frozenset({"Rsqrt", "Erf", "Logsumexp"}),
    "keras.src.ops.image": frozenset({"Resize", "RGBToGrayscale"}),
}
INITIALIZERS = frozenset(
    {
        *("Zeros", "Ones", "Constant", "RandomNormal", "RandomUniform", "TruncatedNormal"),
        *("VarianceScaling", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform"),
        *("LecunNormal", "LecunUniform", "Orthogonal", "OrthogonalInitializer"),
        *("Identity", "IdentityInitializer"),
    }
)
REGULARIZERS = frozenset({"L1", "L2", "L1L2", "OrthogonalRegularizer"})
CONSTRAINTS = frozenset({"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"})
ACTIVATIONS = frozenset(
    {
        *("relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "glu", "silu", "swish"),
        *("mish", "hard_silu", "hard_swish", "hard_sigmoid", "hard_tanh", "sigmoid"),
        *("log_sigmoid", "tanh", "softplus", "softsign", "soft_shrink", "hard_shrink"),
        *("tanh_shrink", "threshold", "squareplus", "sparse_plus", "sparse_sigmoid", "sparsemax"),
        *("softmax", "log_softmax", "exponential", "linear"),
    }
)
POLICIES = frozenset({"DTypePolicy", "FloatDTypePolicy"})
POLICY_NAMES = frozenset(
    {"float16", "float32", "float64", "bfloat16", "mixed_float16", "mixed_bfloat16"}
)
DTYPES = frozenset(
    {"bool", "float16", "float32", "float64", "bfloat16"}
    | {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
)
