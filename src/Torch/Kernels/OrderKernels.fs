namespace Cotangent.Torch

open Cotangent
open Cotangent.Engines
open Cotangent.Torch.Basic

/// Folds, orders and products.
module internal OrderKernels =

    let reduce (f: Frame) (kind: Reduction) (axes: int[]) x (shape: int[]) (dtype: DType) (result: int[]) =
        if axes.Length = 0 then
            cast f x dtype
        elif Shape.count shape = 0 then
            // Over nothing, a sum is 0, any is false, all is true, and there is no extreme.
            match kind with
            | Reduction.Sum -> zeros f dtype result
            | Reduction.Min when dtype = DType.Bool -> whole f 1L dtype result
            | Reduction.Max when dtype = DType.Bool -> zeros f dtype result
            | Reduction.Max
            | Reduction.Min ->
                if Shape.count result > 0 then Reduce.refuseEmpty kind shape

                zeros f dtype result
        else
            let into name =
                Script.into f "out" "x" (fun out -> $"torch.{name}(x, {Script.list axes}, False{out})") [|
                    x
                |]

            match kind with
            | Reduction.Sum when f.Room = 0n || dtype = DType.Bool -> sum f x axes dtype
            | Reduction.Sum -> into "sum"
            | Reduction.Max when f.Room = 0n -> largest f x axes
            | Reduction.Max -> into "amax"
            | Reduction.Min when f.Room = 0n -> smallest f x axes
            | Reduction.Min -> into "amin"

    /// Bool has no order in libtorch.
    let private ordered f x (dtype: DType) = if dtype = DType.Bool then cast f x DType.Int32 else x

    let argReduce (f: Frame) largest axis x (shape: int[]) (dtype: DType) (result: int[]) =
        if Shape.count result = 0 then
            zeros f DType.Int32 result
        else
            if shape[axis] = 0 then Order.refuseEmpty largest axis shape

            let x = ordered f x dtype

            let found =
                if largest then
                    Native.THSTensor_argmax_along_dimension(x, int64 axis, 0uy)
                else
                    Native.THSTensor_argmin_along_dimension(x, int64 axis, 0uy)

            cast f (f.Own found) DType.Int32

    /// On CUDA longer rows are sorted by their bits, in which a NaN with a minus is the smallest and -0 comes before 0: here
    /// every NaN has a plus (.NET's own has a minus), and so has every 0, since -0 + 0 = 0.
    let sortedByBits (f: Frame) x (dtype: DType) =
        let nan = real f (System.BitConverter.UInt64BitsToDouble 0x7FF8000000000000UL) dtype [||]
        where f (isNaN f x) nan (add f x (real f 0.0 dtype [||]))

    /// Descending is ascending by the opposite, which leaves NaN the last. The opposite of an integer is its complement:
    /// the smallest has no negative.
    let sort (f: Frame) axis descending x (dtype: DType) : nativeint[] =
        let keys = ordered f x dtype

        let keys =
            if not descending then keys
            elif dtype.IsFloat then f.Own(NativeElementwise.THSTensor_neg keys)
            else f.Own(NativeElementwise.THSTensor_bitwise_not keys)

        let keys = if dtype.IsFloat && f.Place.Kind <> Code.Cpu then sortedByBits f keys dtype else keys

        let positions = sortPositions f keys axis
        let sorted = Script.call f $"def f(x, i):\n  return torch.gather(x, {axis}, i)\n" [| x; positions |]
        [| sorted; cast f positions DType.Int32 |]

    let cumulativeSum (f: Frame) axis reverse x (dtype: DType) =
        let turn x = if reverse then flip f x [| axis |] else x
        // Running sums of 16-bit floats are rounded once each.
        let wide = if DTypes.isHalf dtype then DType.Float32 else dtype

        if f.Room <> 0n && not reverse && wide = dtype then
            Script.into f "out" "x" (fun out -> $"torch.cumsum(x, {axis}, dtype=x.dtype{out})") [| x |]
        else
            let sums = f.Own(Native.THSTensor_cumsum(turn x, int64 axis, 1uy, Code.dtype wide))
            cast f (turn sums) dtype

    /// Elements of the product of a block of columns of a with one of rows of b, before they are added up.
    [<Literal>]
    let private Block = 16777216

    /// On CUDA, libtorch has no products of integer matrices: columns of a times rows of b, added up.
    let integerProduct (f: Frame) a (aShape: int[]) b (bShape: int[]) (dtype: DType) (result: int[]) =
        let rank = aShape.Length
        let k = aShape[rank - 1]
        let step = max 1 (Block / max 1 (Shape.count result))
        let left = reshape f a (Array.append aShape [| 1 |])
        let right = reshape f b (Array.insertAt (rank - 2) 1 bShape)
        let mutable total = zeros f dtype result

        for first in 0..step .. k - 1 do
            let last = min k (first + step)
            let columns = Basic.slice f left (rank - 1) first last 1
            let rows = Basic.slice f right (rank - 1) first last 1
            total <- add f total (sum f (multiply f columns rows) [| rank - 1 |] dtype)

        total

    let multiply (f: Frame) a (aShape: int[]) b (bShape: int[]) (dtype: DType) (result: int[]) =
        if Shape.count result = 0 || aShape[aShape.Length - 1] = 0 then
            zeros f dtype result
        elif dtype.IsInteger && f.Place.Kind <> Code.Cpu then
            integerProduct f a aShape b bShape dtype result
        elif f.Room <> 0n && dtype.IsFloat && aShape.Length = 2 then
            Script.into f "out" "a, b" (fun out -> $"torch.mm(a, b{out})") [| a; b |]
        else
            f.Own(Native.THSTensor_matmul(a, b))
