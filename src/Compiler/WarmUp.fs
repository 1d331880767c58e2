namespace Cotangent.Compiler

open System.Threading
open Cotangent

/// While the first function is traced, another core gets ready what its code will take: looking the vector instructions up, and
/// .NET's optimising compiler, whose first method takes twice as long as others. It compiles some small nests of what most
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

    /// Columns of a matrix, folded.
    let private down: Kernel = {
        Axes = [| 20; 3 |]
        Reduced = 1
        Body = [|
            load 0 [| 1; 20 |]
            Instruction.Binary(Binary.Multiply, 0, 0)
            Instruction.Reduce(Reduction.Sum, 1)
            Instruction.Unary(Unary.Sqrt, 2)
        |]
        Stores = [| view 2 [| 1; 0 |], 3 |]
    }

    /// Each number of a vector by itself.
    let private each: Kernel = {
        Axes = [| 50 |]
        Reduced = 0
        Body = [|
            load 1 [| 1 |]
            real 1.0
            Instruction.Unary(Unary.Tanh, 0)
            Instruction.Unary(Unary.Sigmoid, 0)
            Instruction.Binary(Binary.Max, 2, 1)
            Instruction.Binary(Binary.Min, 4, 3)
            Instruction.Unary(Unary.Log, 5)
            Instruction.Binary(Binary.Divide, 6, 3)
            Instruction.Binary(Binary.LessEqual, 7, 1)
            Instruction.Binary(Binary.Add, 7, 0)
            Instruction.Unary(Unary.Negate, 9)
            Instruction.Unary(Unary.Relu, 10)
            Instruction.Select(8, 9, 11)
        |]
        Stores = [| view 3 [| 1 |], 12 |]
    }

    let private started =
        lazy
            (if Emission.Width.Best.IsSome then
                 ThreadPool.QueueUserWorkItem(fun _ ->
                     Code.methods [ Code.Item.Nest folded; Code.Item.Nest down; Code.Item.Nest each ]
                     |> ignore)
                 |> ignore)

    /// Once in a process.
    let start () = started.Force()
