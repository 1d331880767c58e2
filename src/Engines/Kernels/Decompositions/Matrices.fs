namespace Cotangent.Engines

open System
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// What kernels that go through the matrices of a batch have in common.
module internal Matrices =
    /// m, n, k, the operands, the result, and where it begins in its array.
    type Product<'T> = delegate of int * int * int * Matrix<'T> * Matrix<'T> * 'T[] * int -> unit

    let product<'T> () : Product<'T> =
        match box typeof<'T> with
        | t when t.Equals typeof<System.Numerics.Complex> ->
            unbox<Product<'T>>(
                Product<System.Numerics.Complex>(fun m n k a b c at -> ComplexProduct.run m n k a b c at)
            )
        | t when t.Equals typeof<float32> ->
            unbox<Product<'T>>(Product<float32>(fun m n k a b c at -> MatMul.float32 m n k a b c at))
        | _ -> unbox<Product<'T>>(Product<float>(fun m n k a b c at -> MatMul.float64 m n k a b c at))

    /// Rows one after the other.
    let adjacent (data: 'T[]) offset columns : Matrix<'T> = {
        Data = data
        Offset = offset
        RowStride = columns
        ColStride = 1
    }

    let transpose (x: Matrix<'T>) = { x with RowStride = x.ColStride; ColStride = x.RowStride }

    /// The part from a row and a column on.
    let from (x: Matrix<'T>) row column = {
        x with
            Offset = x.Offset + row * x.RowStride + column * x.ColStride
    }

    /// So many elements from a place on.
    let inline part (data: 'T[]) at count : Span<'T> = Span(data, at, count)

    /// Rows and columns of the matrices, and the axes before these.
    let sizes (x: HostBuffer) : struct (int[] * int * int) =
        let r = x.Shape.Length
        struct (x.Shape[.. r - 3], x.Shape[r - 2], x.Shape[r - 1])

    /// Runs `body` on the number of each matrix; on all cores, if that is so much work in all.
    let each (batch: int[]) (work: int64) (body: int -> unit) =
        let count = Shape.count batch

        Strided.ranges count (int64 count * work) (fun first last ->
            for i in first .. last - 1 do
                body i)

    /// Which matrix of a batch it is, for messages.
    let private placeOf (batch: int[]) (i: int) : string =
        if batch.Length = 0 then
            "the matrix"
        else
            let at = Array.init batch.Length (fun axis -> i / Shape.count batch[axis + 1 ..] % batch[axis])
            let numbers = String.Join(", ", at)
            $"matrix [{numbers}] of a batch {Shape.show batch}"

    /// An error about the first matrix that is marked, if one is: told which it is.
    let refuse (batch: int[]) (isWrong: bool[]) (message: string -> string) =
        let first = Array.IndexOf(isWrong, true)
        if first >= 0 then raise (ValueException(message (placeOf batch first)))

    /// What is wrong about a matrix without an inverse.
    let singular (operation: string) (place: string) : string =
        $"{operation}: {place} is singular: a pivot of its LU decomposition is 0. `pinv` or `lstsq` take such ones; or add a little to the diagonal."

    /// The elements of a batch of matrices in Float64, each matrix beginning where the one before ends.
    let wide (x: HostBuffer) : HostBuffer<float> =
        Strided.contiguous (Convert.buffer DType.Float64 x :?> HostBuffer<float>)

    /// A kernel on floats of 32 or 64 bits, for all dtypes of floats.
    let onFloats
        (name: string)
        (inputs: HostBuffer[])
        (on32: HostBuffer<float32>[] -> HostBuffer[])
        (on64: HostBuffer<float>[] -> HostBuffer[])
        : HostBuffer[] =
        Tile.optimised ()

        match inputs[0].DType.Storage with
        | Storage.Float32 -> on32 (inputs |> Array.map (fun x -> x :?> HostBuffer<float32>))
        | Storage.Float64 -> on64 (inputs |> Array.map (fun x -> x :?> HostBuffer<float>))
        | Storage.BFloat16
        | Storage.Float16 ->
            inputs
            |> Array.map (fun x -> Convert.widen x :?> HostBuffer<float32>)
            |> on32
            |> Array.map (fun y -> if y.DType.IsFloat then Convert.buffer inputs[0].DType y else y)
        | Storage.Integer _
        | Storage.Bool
        | Storage.Complex64
        | Storage.Complex128 ->
            invalidOp $"{name} has no kernel for {inputs[0].DType}; the shape rule should have refused it."

    /// The same with a kernel on complex numbers, in which those of 64 bits are computed with 128.
    let onNumbers
        (name: string)
        (inputs: HostBuffer[])
        (on32: HostBuffer<float32>[] -> HostBuffer[])
        (on64: HostBuffer<float>[] -> HostBuffer[])
        (onComplex: HostBuffer<System.Numerics.Complex>[] -> HostBuffer[])
        : HostBuffer[] =
        Tile.optimised ()
        let dtype = inputs[0].DType

        if dtype.IsComplex then
            let narrow (y: HostBuffer) =
                if y.DType.IsComplex then Convert.buffer dtype y
                elif y.DType.IsFloat && dtype = DType.Complex64 then Convert.buffer DType.Float32 y
                else y

            inputs
            |> Array.map (fun x -> Convert.buffer DType.Complex128 x :?> HostBuffer<System.Numerics.Complex>)
            |> onComplex
            |> Array.map narrow
        else
            onFloats name inputs on32 on64
