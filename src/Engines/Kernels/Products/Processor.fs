namespace Cotangent.Engines

// What the runtime does not tell of the processor, and kernels choose by.

open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86

module internal Processor =

    /// Asked once: where a machine is a virtual one, the question takes a microsecond.
    let private vendor =
        if X86Base.IsSupported then
            let struct (_, vendor, _, _) = X86Base.CpuId(0, 0)
            vendor
        else
            0

    let isIntel = vendor = 0x756E6547 // Genu(ineIntel)

    /// Whether two multiply-adds of 512 bits begin in a cycle. That is taken to be so with Intel's that the runtime takes for accelerated, and with AMD's
    /// from family 26 (Zen 5) on, though not of some for laptops; others compute one by halves.
    let private isWhole =
        Vector512.IsHardwareAccelerated
        && (isIntel
            || vendor = 0x68747541 // Auth(enticAMD)
               && (let struct (signature, _, _, _) = X86Base.CpuId(1, 0)
                   ((signature >>> 8) &&& 0xF) + ((signature >>> 20) &&& 0xFF) >= 26))

    /// Multiply-adds of whole vectors, as wide as the machine has them, that begin in a cycle.
    let vectorsPerCycle = if Vector512.IsHardwareAccelerated && not isWhole then 1.0 else 2.0
