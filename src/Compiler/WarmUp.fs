namespace Cotangent.Compiler

open System.Threading
open Cotangent

/// While the first function is traced, another core gets ready what its code will take: looking the vector instructions up, and
/// .NET's optimising compiler, whose first method takes twice as long as others. It compiles two small nests of what most
/// functions do, which nobody runs.
module internal WarmUp =
    let private view slot strides : Access = { Slot = slot; Offset = 0; Strides = strides }
    let private load slot strides = Instruction.Load(DType.Float32, view slot strides)
    let private real x = Instruction.Constant(Literal.Real x, DType.Float32)

    /// Rows of a matrix with a vector, folded.
    let private folded: Kernel = {
        Axes = [| 3; 20 |]
        Reduced = 1
        Body = [|
            load 0 [| 20; 1 |]
            load 1 [| 0; 1 |]
            Instruction.Binary(Binary.Multiply, 0, 1)
            real 0.5
            Instruction.Binary(Binary.Less, 2, 3)
            Instruction.Binary(Binary.Subtract, 2, 3)
            Instruction.Select(4, 2, 5)
            Instruction.Reduce(Reduction.Sum, 6)
        |]
        Stores = [| view 2 [| 1; 0 |], 7 |]
    }

    /// Each number of a vector by itself.
    let private each: Kernel = {
        Axes = [| 50 |]
        Reduced = 0
        Body = [|
            load 1 [| 1 |]
            real 1.0
            Instruction.Unary(Unary.Tanh, 0)
            Instruction.Binary(Binary.Max, 2, 1)
            Instruction.Unary(Unary.Log, 3)
            Instruction.Binary(Binary.Divide, 4, 3)
            Instruction.Binary(Binary.Add, 5, 0)
        |]
        Stores = [| view 3 [| 1 |], 6 |]
    }

    let private started =
        lazy
            (if Emission.Width.Best.IsSome then
                 ThreadPool.QueueUserWorkItem(fun _ ->
                     Code.methods [ Code.Item.Nest folded; Code.Item.Nest each ] |> ignore)
                 |> ignore)

    /// Once in a process.
    let start () = started.Force()
