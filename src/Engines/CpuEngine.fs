namespace Cotangent

/// <summary>Whose kernels compute on the CPU.</summary>
/// <example><code>
/// withCpuEngine CpuEngine.Managed (fun () -> sum (tensor [ 1.0; 2.0 ])) // 3
/// </code></example>
[<RequireQualifiedAccess>]
type CpuEngine =
    /// For each operation and size those of the engine that is faster there. Without a native library, the managed ones.
    | Fastest
    /// Cotangent's own, in managed code.
    | Managed
    /// Those of libtorch; needs the package Cotangent-cpu.
    | Libtorch
