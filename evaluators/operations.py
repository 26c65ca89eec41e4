"""The operations of `aten` that a free-form architecture may consist of."""

from __future__ import annotations

OPERATIONS = frozenset(
    """
    _log_softmax _softmax _to_copy _unsafe_view _weight_norm abs acos adaptive_avg_pool1d
    adaptive_avg_pool2d adaptive_max_pool1d adaptive_max_pool2d add addcdiv addcmul addmm alias
    all amax amin any arange argmax argmin argsort asin atan atan2 avg_pool1d avg_pool2d
    baddbmm bilinear bitwise_and bitwise_not bitwise_or bmm broadcast_to cat cdist ceil celu
    channel_shuffle chunk clamp clamp_max clamp_min clone constant_pad_nd contiguous conv1d
    conv2d conv_transpose1d conv_transpose2d convolution cos cosh cosine_similarity cummax
    cumprod cumsum detach diag diagonal diff div dot dropout einsum elu embedding eq erf erfc
    exp exp2 expand expand_as expm1 eye fft_fft fft_fft2 fft_ifft fft_irfft fft_rfft flatten
    flip floor floor_divide fmod frac full full_like gather ge gelu glu group_norm gt
    hardsigmoid hardswish hardtanh hypot im2col imag index index_select instance_norm isfinite
    isinf isnan layer_norm ldexp le leaky_relu lerp lift_fresh lift_fresh_copy linalg_norm
    linalg_vector_norm linear linspace log log10 log1p log2 log_sigmoid log_softmax logaddexp
    logcumsumexp logical_and logical_not logical_or logical_xor logit logsumexp lt masked_fill
    matmul max max_pool1d max_pool2d max_pool2d_with_indices maximum mean min minimum mish mm
    movedim mul multiply mv narrow native_group_norm native_layer_norm ne neg new_full new_ones
    new_zeros norm one_hot ones ones_like outer pad permute pixel_shuffle pixel_unshuffle polar
    pow prelu prod real reciprocal reflection_pad1d reflection_pad2d relu relu6 remainder
    repeat repeat_interleave replication_pad1d replication_pad2d reshape rms_norm roll rot90
    round rrelu rsqrt rsub scalar_tensor scaled_dot_product_attention scatter scatter_add
    select selu sigmoid sign silu sin sinc sinh slice softmax softplus softshrink sort split
    split_with_sizes sqrt square squeeze stack std sub subtract sum sym_numel sym_size t tan
    tanh tanhshrink tensor_split threshold to topk transpose tril triu true_divide type_as
    unbind unflatten unfold unsqueeze upsample_bilinear2d upsample_nearest1d upsample_nearest2d
    var var_mean view view_as view_as_complex view_as_real where zeros zeros_like
    """.split()
)
"""They compute new values from old: none draws, writes, or reads memory."""
