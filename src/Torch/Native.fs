namespace Cotangent.Torch

open System.Runtime.InteropServices

/// An argument or result of a script: a tensor where the kind is 0.
[<Struct; StructLayout(LayoutKind.Sequential)>]
type internal ScriptValue = { mutable Kind: int64; mutable Index: int64; mutable Tensor: nativeint }

/// The functions of TorchSharp's native library that we call, by their own names. They are called as they are, not by way
/// of TorchSharp's tensors, since those cost one to three microseconds a call. A tensor is a pointer that `THSTensor_dispose`
/// frees; 0 stands for an error, which `THSTorch_get_and_reset_last_err` tells.
module internal Native =

    // ---- Errors, scalars, threads, devices ----

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTorch_get_and_reset_last_err()

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTorch_float64_to_scalar(float value)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTorch_int64_to_scalar(int64 value)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTorch_bool_to_scalar(byte value)

    [<DllImport("LibTorchSharp")>]
    extern int THSTorch_get_num_threads()

    [<DllImport("LibTorchSharp")>]
    extern void THSTorch_set_num_threads(int count)

    [<DllImport("LibTorchSharp")>]
    extern int THSTorchCuda_device_count()

    [<DllImport("LibTorchSharp")>]
    extern void THSTorchCuda_synchronize(int64 device)

    // ---- How exactly CUDA computes ----

    [<DllImport("LibTorchSharp")>]
    extern void THSBackend_cublas_set_allow_tf32(byte allowed)

    [<DllImport("LibTorchSharp")>]
    extern byte THSBackend_cublas_get_allow_tf32()

    [<DllImport("LibTorchSharp")>]
    extern void THSBackend_cudnn_set_allow_tf32(byte allowed)

    [<DllImport("LibTorchSharp")>]
    extern byte THSBackend_cudnn_get_allow_tf32()

    [<DllImport("LibTorchSharp")>]
    extern void THSBackend_cuda_set_allow_fp16_reduced_precision_reduction(byte allowed)

    [<DllImport("LibTorchSharp")>]
    extern byte THSBackend_cuda_get_allow_fp16_reduced_precision_reduction()

    // ---- Tensors from nothing and from memory ----

    [<DllImport("LibTorchSharp")>]
    extern void THSTensor_dispose(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_new(
        nativeint data,
        nativeint deleter,
        int64* sizes,
        int rank,
        sbyte dataType,
        sbyte dtype,
        int device,
        int index,
        byte requiresGradient
    )

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_full(
        int64* sizes,
        int rank,
        nativeint value,
        sbyte dtype,
        int device,
        int index,
        byte requiresGradient
    )

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_zeros(
        int64* sizes,
        int rank,
        sbyte dtype,
        int device,
        int index,
        byte requiresGradient
    )

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_arange(
        nativeint start,
        nativeint stop,
        nativeint step,
        sbyte dtype,
        int device,
        int index,
        byte requiresGradient
    )

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSStorage_data_ptr(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern unativeint THSStorage_nbytes(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_to_type(nativeint tensor, sbyte dtype, byte copy, byte asynchronous)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_to_device(nativeint tensor, int device, int index, byte copy, byte asynchronous)

    [<DllImport("LibTorchSharp")>]
    extern int64 THSTensor_copy_(nativeint target, nativeint source, byte asynchronous)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_contiguous(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_clone(nativeint tensor)

    // ---- Views ----

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_as_strided(
        nativeint tensor,
        int64* sizes,
        int rank,
        int64* strides,
        int stridesRank,
        int64 offset
    )

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_reshape(nativeint tensor, int64* sizes, int rank)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_permute(nativeint tensor, int64* order, int rank)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_expand(nativeint tensor, int64* sizes, int rank, byte isImplicit)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_slice(nativeint tensor, int64 axis, int64 first, int64 last, int64 step)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_flip(nativeint tensor, int64* axes, int count)

    // ---- Folds and orders ----

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_sum_along_dimensions(
        nativeint tensor,
        int64* axes,
        int count,
        byte keep,
        byte hasType,
        sbyte dtype
    )

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_amax(nativeint tensor, int64* axes, int count, byte keep)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_amin(nativeint tensor, int64* axes, int count, byte keep)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_argmax_along_dimension(nativeint tensor, int64 axis, byte keep)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_argmin_along_dimension(nativeint tensor, int64 axis, byte keep)

    /// Returns the sorted tensor.
    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_sort(
        nativeint tensor,
        int64 axis,
        byte descending,
        byte stable,
        nativeint& positions
    )

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_cumsum(nativeint tensor, int64 axis, byte hasType, sbyte dtype)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_any(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern byte THSTensor_is_nonzero(nativeint tensor)

    // ---- Indices ----

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_cat(nativeint* tensors, int count, int64 axis)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_index_select(nativeint tensor, int64 axis, nativeint indices)

    [<DllImport("LibTorchSharp")>]
    extern void THSTensor_index_add_(
        nativeint target,
        int64 axis,
        nativeint indices,
        nativeint source,
        nativeint factor
    )

    [<DllImport("LibTorchSharp")>]
    extern void THSTensor_index_copy_(nativeint target, int64 axis, nativeint indices, nativeint source)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_masked_select(nativeint tensor, nativeint mask)

    // ---- Scripts ----

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSJIT_compile(string source)

    [<DllImport("LibTorchSharp")>]
    extern void THSJIT_CompilationUnit_Invoke(
        nativeint script,
        string name,
        ScriptValue* arguments,
        int count,
        nativeint allocate,
        sbyte& kind,
        int index
    )

    // ---- Products ----

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_matmul(nativeint tensor, nativeint other)
