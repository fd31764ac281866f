"""What to tell a student whose answer shows a known misconception.

Each lesson says what happened and how to do it right in general terms: the question's own right
answer must not be in it.
"""

from dataclasses import dataclass

from autograder.checks.findings import Mistake


@dataclass(frozen=True)
class Lesson:
    """A misconception without its numbers; `what_happened` may hold a {which} to be filled in."""

    slug: str
    what_happened: str
    advice: str

    def mistake(self, wrong_answer: object, which: str = "") -> Mistake:
        """The mistake that leads to `wrong_answer`."""
        return Mistake(self.slug, wrong_answer, self.what_happened.format(which=which), self.advice)


SAME_INSTEAD_OF_VALID = Lesson(
    "same-instead-of-valid",
    "This is the result with zero padding, but the question asks for none.",
    "Without padding (“valid”) the filter is placed only where it lies wholly inside the image, so "
    "a filter of size k fits n − k + 1 times along an axis of n pixels. It is zero padding "
    "(“same”) that would keep the size.",
)
VALID_INSTEAD_OF_SAME = Lesson(
    "valid-instead-of-same",
    "This is the result without padding, but the question asks for zero padding.",
    "Put a border of zeros around the image first, wide enough for the filter to be centred on "
    "every pixel (one pixel for a 3×3 filter). The result then has as many rows and columns as "
    "the image; near the border the filter sees zeros.",
)
PADDING_FORGOTTEN = Lesson(
    "padding-forgotten",
    "This is the result without the border of zeros that the question asks for.",
    "Draw the image with its border of zeros first, then slide the filter over this larger image.",
)
PADDING_ADDED = Lesson(
    "padding-added",
    "The border of zeros is wider than the question asks for.",
    "Zero padding for a filter of size k adds (k − 1)/2 pixels on each side, so that the size "
    "stays; without padding there is no border at all. A wider border makes the result larger "
    "than the image.",
)
BORDER_OFF_BY_ONE = Lesson(
    "border-off-by-one",
    "The positions of the filter are counted wrong: the result is a row or column off.",
    "Mark the first and the last position of the filter on paper. With p pixels of padding on each "
    "side, a filter of size k has n + 2p − k + 1 positions along an axis of n pixels: the “+ 1” "
    "counts the first one, and none may reach beyond the padded image.",
)
BORDER_NOT_ZERO = Lesson(
    "border-not-zero",
    "The border repeats pixels of the image instead of being zero.",
    "Zero padding means that everything outside the image counts as 0: there the filter's products "
    "vanish, and the sums near the border become smaller.",
)
DILATION_IGNORED = Lesson(
    "dilation-ignored",
    "The filter was applied without gaps: its dilation rate was ignored.",
    "With dilation rate r, neighbouring weights of the filter meet pixels that lie r apart. A 3×3 "
    "filter with rate 2 still has nine weights, but they fall on every other pixel and reach over "
    "5×5 of them.",
)
DILATION_OFF_BY_ONE = Lesson(
    "dilation-rate-off-by-one",
    "The gaps between the filter's weights are one pixel too wide.",
    "A dilation rate of r places the weights r pixels apart, which leaves r − 1 pixels between "
    "them, not r. Rate 1 is the ordinary filter, without any gap.",
)
CHANNELS_NOT_SUMMED = Lesson(
    "channels-not-summed",
    "The channels were convolved one by one and their results were kept apart.",
    "A convolution filter is as deep as its input: at each position the products of all channels "
    "are added up to one number. One filter therefore gives one single feature map.",
)
ONE_CHANNEL_ONLY = Lesson(
    "one-channel-only",
    "This is the result of {which} alone.",
    "The filter has weights for every channel. Compute each channel's share in the same way and "
    "add the shares up.",
)
CHANNELS_AVERAGED = Lesson(
    "channels-averaged",
    "The channels were averaged instead of added up.",
    "A convolution adds up the products over all channels; it does not divide by their number.",
)
MEAN_FILTER = Lesson(
    "mean-filter",
    "The sums were divided by the number of weights, as a mean filter would do.",
    "A filter of ones has the weight 1 everywhere, so it adds the pixels up. An average would need "
    "weights of one over the number of weights.",
)
FLOOR_FORGOTTEN = Lesson(
    "floor-forgotten",
    "The division by the stride did not come out even, and {which}.",
    "The filter has only whole positions: a last step that would carry it over the edge is not "
    "taken. So round down before adding the first position: ⌊(n + 2p − k)/s⌋ + 1.",
)
STRIDE_IGNORED = Lesson(
    "stride-ignored",
    "This is the size for a stride of 1: the stride was ignored.",
    "With stride s the filter moves s pixels at a time, so only every s-th position remains: "
    "⌊(n + 2p − k)/s⌋ + 1 along each axis.",
)
DEPTH_OF_INPUT = Lesson(
    "depth-of-input",
    "Height and width are right, but the depth given is that of the input.",
    "Each filter reaches through the whole depth of the input and adds it up to one feature map. "
    "The output's depth is therefore the number of filters; the input's depth only sets how many "
    "weights each filter has.",
)
DEPTH_MULTIPLIED = Lesson(
    "depth-multiplied",
    "Height and width are right, but the depth multiplies the filters by the input's channels.",
    "A filter does not make one map per input channel: it adds its products over all of them. Each "
    "filter gives exactly one feature map.",
)
DEPTH_FORGOTTEN = Lesson(
    "depth-forgotten",
    "Height and width are right, but the number of filters does not appear in the depth.",
    "Give three numbers: height, width and depth. Every filter makes one feature map, and these "
    "are stacked along the depth.",
)
CHANNELS_FIRST = Lesson(
    "channels-first",
    "The numbers are right, but the channels come first.",
    "The question's tensors, like Keras by default, are (height, width, channels): put the "
    "channels last.",
)
OVERLAPPING_POOLING = Lesson(
    "overlapping-pooling",
    "The windows overlap: they were moved by one pixel at a time (stride 1).",
    "With a stride as large as the window, each window begins where the one before it ended, so "
    "every pixel is looked at once. 2×2 pooling with stride 2 halves height and width.",
)
POOLING_ACROSS_CHANNELS = Lesson(
    "pooling-across-channels",
    "The channels were merged into one plane.",
    "Pooling works on every channel by itself: height and width shrink, the number of channels "
    "stays. It is convolution that combines channels.",
)
MEAN_POOLING = Lesson(
    "mean-pooling",
    "This is mean pooling: each window's average.",
    "Max pooling keeps the largest value of each window, unchanged.",
)
MIN_POOLING = Lesson(
    "min-pooling",
    "This is min pooling: each window's smallest value.",
    "Max pooling keeps the largest value of each window: the place where the feature shows most.",
)
ONE_CHANNEL_POOLED = Lesson(
    "one-channel-only",
    "This is {which} alone.",
    "Pool every channel by itself and give all of them: pooling leaves the number of channels "
    "unchanged.",
)
