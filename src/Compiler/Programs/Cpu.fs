namespace Cotangent.Compiler

open Cotangent
open Cotangent.Compiler.Emission

/// The CPU as a target: SIMD machine code, emitted at run time.
module internal Cpu =
    let target: Target = {
        Name = "cpu"
        Device = Device.Cpu
        Holds =
            // Truths are masks in lanes of any size.
            fun dtype -> DTypes.hasLanes dtype || dtype = DType.Bool
        Draws =
            fun () ->
                match Width.Best with
                | Some width -> width.Bits >= 256
                | None -> false
        Dear = 3
        LongestBody = 40
        LargestProduct = 131072L
        LargestExpansion = 65536
        LargestStack = 4194304L
    }

    let backend: Backend = {
        Target = target
        Runs = fun _ step -> NestMethods.canEmit step
        Prepare = fun _ steps -> NestMethods.methods steps
        Workspace = fun slots plan -> Workspace(slots, plan)
    }
