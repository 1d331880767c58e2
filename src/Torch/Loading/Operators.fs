namespace Cotangent.Torch

open System

/// The operators that our scripts call and that are not of libtorch's public interface: other versions may have them
/// otherwise, or not at all. A script that can't be compiled for want of one would end the process: the error is a C++
/// exception of a kind that TorchSharp's native library does not catch. So they are looked for when libtorch is loaded.
module internal Operators =

    /// Their names in scripts, and those by which libtorch exports them, which tell the types of their arguments, too.
    let private required = [
        "_softmax_backward_data",
        "_ZN2at4_ops22_softmax_backward_data4callERKNS_6TensorES4_lN3c1010ScalarTypeE"
        "_softmax_backward_data",
        "_ZN2at4_ops26_softmax_backward_data_out4callERKNS_6TensorES4_lN3c1010ScalarTypeERS2_"
        "_log_softmax_backward_data",
        "_ZN2at4_ops26_log_softmax_backward_data4callERKNS_6TensorES4_lN3c1010ScalarTypeE"
        "_log_softmax_backward_data",
        "_ZN2at4_ops30_log_softmax_backward_data_out4callERKNS_6TensorES4_lN3c1010ScalarTypeERS2_"
        "gelu_backward",
        "_ZN2at4_ops13gelu_backward4callERKNS_6TensorES4_St17basic_string_viewIcSt11char_traitsIcEE"
        "gelu_backward",
        "_ZN2at4_ops24gelu_backward_grad_input4callERKNS_6TensorES4_St17basic_string_viewIcSt11char_traitsIcEERS2_"
        "native_layer_norm",
        "_ZN2at4_ops17native_layer_norm4callERKNS_6TensorEN3c108ArrayRefINS5_6SymIntEEERKSt8optionalIS2_ESC_d"
        "native_layer_norm_backward",
        "_ZN2at4_ops26native_layer_norm_backward4callERKNS_6TensorES4_N3c108ArrayRefINS5_6SymIntEEES4_S4_RKSt8optionalIS2_ESC_St5arrayIbLm3EE"
        "convolution_backward",
        "_ZN2at4_ops20convolution_backward4callERKNS_6TensorES4_S4_N3c1016OptionalArrayRefINS5_6SymIntEEENS5_8ArrayRefIS7_EESA_SA_bSA_S7_St5arrayIbLm3EE"
        "_scaled_dot_product_flash_attention_for_cpu",
        "_ZN2at4_ops43_scaled_dot_product_flash_attention_for_cpu4callERKNS_6TensorES4_S4_dbRKSt8optionalIS2_ES5_IdE"
        "_scaled_dot_product_flash_attention_for_cpu_backward",
        "_ZN2at4_ops52_scaled_dot_product_flash_attention_for_cpu_backward4callERKNS_6TensorES4_S4_S4_S4_S4_dbRKSt8optionalIS2_ES5_IdE"
    ]

    /// Whether an operator is of that kind, by its name in scripts.
    let isPrivate (name: string) =
        name.StartsWith '_' || name.StartsWith "native_" || name.EndsWith "_backward"

    /// All that are looked for.
    let names = required |> List.map fst |> List.distinct

    /// Those that a library, which exports some names, lacks.
    let missing (exports: string -> bool) : string list =
        // Elsewhere C++ names are made otherwise.
        if OperatingSystem.IsLinux() then
            required |> List.filter (snd >> exports >> not) |> List.map fst |> List.distinct
        else
            []
