namespace Cotangent.Engines

// Elementwise primitives over whole buffers. Contiguous operands are handed to the row functions as they are,
// with nothing between the operation and its arithmetic: small tensors live here. All other views go through
// a walk, whose rows reach the row functions by way of scratch blocks where they are not runs of adjacent
// elements.

open System
open System.Numerics
open System.Runtime.CompilerServices
open Cotangent

module internal Elementwise =

    /// The result of an elementwise function on a contiguous operand: same shape, same strides.
    let inline private like (x: HostBuffer) dtype (data: 'U[]) : HostBuffer =
        HostBuffer<'U>(dtype, data, x.Shape, x.Strides, 0)

    /// The end of a block that begins at i.
    let inline blockEnd i count = min count (i + Scratch<int>.Length)

    /// Where to read `count` elements, `step` apart, as a run of adjacent ones: in place, or in scratch.
    let inline adjacent (items: 'T[]) offset step count slot =
        if step = 1 then
            struct (items, offset)
        else
            let scratch = Scratch<'T>.Slot slot
            Strided.gather items offset step count scratch
            struct (scratch, 0)

    let inline private unaryView
        dtype
        (x: HostBuffer<'T>)
        ([<InlineIfLambda>] row: 'T[] -> int -> 'U[] -> int -> int -> unit)
        =
        let y = Strided.fresh<'U> dtype x.Shape
        let w = Strided.walk x.Shape [| x.Strides |]
        let step = w.Steps[0]

        Strided.forEach w [| x.Offset |] (fun offsets position count ->
            if step = 1 then
                row x.Items offsets[0] y.Items position count
            else
                let mutable i = 0

                while i < count do
                    let n = blockEnd i count - i
                    let struct (a, ao) = adjacent x.Items (offsets[0] + i * step) step n 0
                    row a ao y.Items (position + i) n
                    i <- i + n)

        y :> HostBuffer

    let inline private unaryOf
        dtype
        (x: HostBuffer<'T>)
        ([<InlineIfLambda>] row: 'T[] -> int -> 'U[] -> int -> int -> unit)
        : HostBuffer =
        if x.IsContiguous then
            let n = Shape.count x.Shape
            let y = Strided.allocate<'U> n

            if n < Strided.ParallelFrom then
                row x.Items x.Offset y 0 n
            else
                Strided.pieces n (fun first count -> row x.Items (x.Offset + first) y first count)

            like x dtype y
        else
            Strided.distinct x (fun x ->
                let x = x :?> HostBuffer<'T>
                unaryView dtype x row)

    let inline private binaryView
        dtype
        (x: HostBuffer<'T>)
        (y: HostBuffer<'T>)
        ([<InlineIfLambda>] row: 'T[] -> int -> 'T[] -> int -> 'U[] -> int -> int -> unit)
        =
        let z = Strided.fresh<'U> dtype x.Shape
        let w = Strided.walk x.Shape [| x.Strides; y.Strides |]
        let xStep, yStep = w.Steps[0], w.Steps[1]

        Strided.forEach w [| x.Offset; y.Offset |] (fun offsets position count ->
            if xStep = 1 && yStep = 1 then
                row x.Items offsets[0] y.Items offsets[1] z.Items position count
            else
                let mutable i = 0

                while i < count do
                    let n = blockEnd i count - i
                    let struct (a, ao) = adjacent x.Items (offsets[0] + i * xStep) xStep n 0
                    let struct (b, bo) = adjacent y.Items (offsets[1] + i * yStep) yStep n 1
                    row a ao b bo z.Items (position + i) n
                    i <- i + n)

        z :> HostBuffer

    /// Both operands one number each: the result is one number too.
    let inline private binaryUniform
        dtype
        (x: HostBuffer<'T>)
        (y: HostBuffer<'T>)
        ([<InlineIfLambda>] row: 'T[] -> int -> 'T[] -> int -> 'U[] -> int -> int -> unit)
        : HostBuffer =
        let z = Strided.allocate<'U> 1
        row x.Items x.Offset y.Items y.Offset z 0 1
        like x dtype z

    /// The length of the run of adjacent elements that a view repeats throughout; 0 where it is not of that
    /// kind.
    let private period (x: HostBuffer) =
        let mutable run = 1
        let mutable axis = x.Shape.Length - 1

        while axis >= 0 && (x.Shape[axis] = 1 || x.Strides[axis] = run) do
            run <- run * x.Shape[axis]
            axis <- axis - 1

        while axis >= 0 && (x.Shape[axis] = 1 || x.Strides[axis] = 0) do
            axis <- axis - 1

        if axis < 0 then run else 0

    let inline private binaryOf
        dtype
        (x: HostBuffer<'T>)
        (y: HostBuffer<'T>)
        ([<InlineIfLambda>] row: 'T[] -> int -> 'T[] -> int -> 'U[] -> int -> int -> unit)
        : HostBuffer =
        if x.IsContiguous && y.IsContiguous then
            let n = Shape.count x.Shape
            let z = Strided.allocate<'U> n

            if n < Strided.ParallelFrom then
                row x.Items x.Offset y.Items y.Offset z 0 n
            else
                Strided.pieces n (fun first count ->
                    row x.Items (x.Offset + first) y.Items (y.Offset + first) z first count)

            like x dtype z
        elif HostBuffer.isUniform x && HostBuffer.isUniform y then
            binaryUniform dtype x y row
        else
            let n = Shape.count x.Shape

            // Small tensors met by a scalar, as in 2 * x, or by a bias spare the walk. A scalar is spread
            // over a block, a bias added row by row.
            if n <= Scratch<'T>.Length && x.IsContiguous && HostBuffer.isUniform y then
                let z = Strided.allocate<'U> n
                let b = Scratch<'T>.Slot 1
                Short.fill b y.Items[y.Offset] n
                row x.Items x.Offset b 0 z 0 n
                like x dtype z
            elif n <= Scratch<'T>.Length && y.IsContiguous && HostBuffer.isUniform x then
                let z = Strided.allocate<'U> n
                let a = Scratch<'T>.Slot 0
                Short.fill a x.Items[x.Offset] n
                row a 0 y.Items y.Offset z 0 n
                like y dtype z
            elif n <= Scratch<'T>.Length && x.IsContiguous && period y > 1 then
                let z = Strided.allocate<'U> n
                let length = period y

                for i in 0..length .. n - 1 do
                    row x.Items (x.Offset + i) y.Items y.Offset z i length

                like x dtype z
            else
                binaryView dtype x y row

    // Integers lie in arrays of signed ones, 'S; of those without a sign, rows are read as 'U.

    let inline private unsigned<'S, 'U> (items: 'S[]) : 'U[] = nonNull (Unsafe.As<'U[]> items)

    let inline private unaryInteger
        (op: Unary)
        (x: HostBuffer<'S>)
        ([<InlineIfLambda>] asUnsigned: 'S[] -> 'U[])
        : HostBuffer =
        unaryOf x.DType x (fun a ao b bo n ->
            if x.DType.IsUnsigned then
                Rows.unaryInteger op (asUnsigned a) ao (asUnsigned b) bo n
            else
                Rows.unaryInteger op a ao b bo n)

    let inline private binaryInteger
        (op: Binary)
        (x: HostBuffer<'S>)
        (y: HostBuffer<'S>)
        ([<InlineIfLambda>] asUnsigned: 'S[] -> 'U[])
        ([<InlineIfLambda>] short: 'S[] -> int -> 'S[] -> int -> 'S[] -> int -> int -> bool)
        : HostBuffer =
        if op.Tells then
            binaryOf DType.Bool x y (fun a ao b bo c co n ->
                if x.DType.IsUnsigned then
                    Rows.compare op (asUnsigned a) ao (asUnsigned b) bo c co n
                else
                    Rows.compare op a ao b bo c co n)
        else
            binaryOf x.DType x y (fun a ao b bo c co n ->
                if short a ao b bo c co n then
                    ()
                elif x.DType.IsUnsigned then
                    Rows.binaryInteger op (asUnsigned a) ao (asUnsigned b) bo (asUnsigned c) co n
                else
                    Rows.binaryInteger op a ao b bo c co n)

    let rec unary (op: Unary) (x: HostBuffer) : HostBuffer =
        match x.DType.Storage with
        | Storage.Float32 ->
            let x = x :?> HostBuffer<float32>

            if op.Tells then
                unaryOf DType.Bool x (fun a ao b bo n -> Rows.isNaN a ao b bo n)
            else
                unaryOf DType.Float32 x (fun a ao b bo n ->
                    if not (ShortRow.unarySingle op a ao b bo n) then Rows.unaryFloat op a ao b bo n)
        | Storage.Float64 ->
            let x = x :?> HostBuffer<float>

            if op.Tells then
                unaryOf DType.Bool x (fun a ao b bo n -> Rows.isNaN a ao b bo n)
            else
                unaryOf DType.Float64 x (fun a ao b bo n ->
                    if not (ShortRow.unaryDouble op a ao b bo n) then Rows.unaryFloat op a ao b bo n)
        | Storage.BFloat16
        | Storage.Float16 ->
            let y = unary op (Convert.widen x)

            if op.Tells then y else Convert.buffer x.DType y
        | Storage.Integer size ->
            match size with
            | IntegerSize.Bits8 -> unaryInteger op (x :?> HostBuffer<sbyte>) unsigned<sbyte, byte>
            | IntegerSize.Bits16 -> unaryInteger op (x :?> HostBuffer<int16>) unsigned<int16, uint16>
            | IntegerSize.Bits32 -> unaryInteger op (x :?> HostBuffer<int>) unsigned<int, uint32>
            | IntegerSize.Bits64 -> unaryInteger op (x :?> HostBuffer<int64>) unsigned<int64, uint64>
        | Storage.Bool ->
            unaryOf DType.Bool (x :?> HostBuffer<bool>) (fun a ao b bo n -> Rows.unaryBool op a ao b bo n)
        | Storage.Complex64 ->
            let x = x :?> HostBuffer<Complex64>

            if op.Tells then
                unaryOf DType.Bool x (fun a ao b bo n -> ComplexRows.isNaNSingle a ao b bo n)
            else
                unaryOf DType.Complex64 x (fun a ao b bo n -> ComplexRows.unarySingle op a ao b bo n)
        | Storage.Complex128 ->
            let x = x :?> HostBuffer<Complex>

            if op.Tells then
                unaryOf DType.Bool x (fun a ao b bo n -> ComplexRows.isNaN a ao b bo n)
            else
                unaryOf DType.Complex128 x (fun a ao b bo n -> ComplexRows.unary op a ao b bo n)

    /// Whether op is the commonest power, x ** 2, which is x * x.
    let inline private isSquare (op: Binary) (y: HostBuffer<'T>) (two: 'T) =
        op.IsPower && y.Items.Length > y.Offset && HostBuffer.isUniform y && y.Items[y.Offset] = two

    let rec binary (op: Binary) (x: HostBuffer) (y: HostBuffer) : HostBuffer =
        match x.DType.Storage with
        | Storage.Float32 ->
            let x, y = x :?> HostBuffer<float32>, y :?> HostBuffer<float32>

            if isSquare op y 2.0f then
                binary Binary.Multiply x x
            elif op.Tells then
                binaryOf DType.Bool x y (fun a ao b bo c co n ->
                    if not (ShortRow.compareSingle op a ao b bo c co n) then Rows.compare op a ao b bo c co n)
            else
                binaryOf DType.Float32 x y (fun a ao b bo c co n ->
                    if not (ShortRow.binarySingle op a ao b bo c co n) then
                        Rows.binaryFloat op a ao b bo c co n)
        | Storage.Float64 ->
            let x, y = x :?> HostBuffer<float>, y :?> HostBuffer<float>

            if isSquare op y 2.0 then
                binary Binary.Multiply x x
            elif op.Tells then
                binaryOf DType.Bool x y (fun a ao b bo c co n ->
                    if not (ShortRow.compareDouble op a ao b bo c co n) then Rows.compare op a ao b bo c co n)
            else
                binaryOf DType.Float64 x y (fun a ao b bo c co n ->
                    if not (ShortRow.binaryDouble op a ao b bo c co n) then
                        Rows.binaryFloat op a ao b bo c co n)
        | Storage.BFloat16
        | Storage.Float16 ->
            let z = binary op (Convert.widen x) (Convert.widen y)
            if op.Tells then z else Convert.buffer x.DType z
        | Storage.Integer size ->
            match size with
            | IntegerSize.Bits8 ->
                let x, y = x :?> HostBuffer<sbyte>, y :?> HostBuffer<sbyte>
                binaryInteger op x y unsigned<sbyte, byte> (fun _ _ _ _ _ _ _ -> false)
            | IntegerSize.Bits16 ->
                let x, y = x :?> HostBuffer<int16>, y :?> HostBuffer<int16>
                binaryInteger op x y unsigned<int16, uint16> (fun _ _ _ _ _ _ _ -> false)
            | IntegerSize.Bits32 ->
                let x, y = x :?> HostBuffer<int>, y :?> HostBuffer<int>

                binaryInteger op x y unsigned<int, uint32> (fun a ao b bo c co n ->
                    ShortRow.binaryInt op a ao b bo c co n)
            | IntegerSize.Bits64 ->
                let x, y = x :?> HostBuffer<int64>, y :?> HostBuffer<int64>

                binaryInteger op x y unsigned<int64, uint64> (fun a ao b bo c co n ->
                    ShortRow.binaryLong op a ao b bo c co n)
        | Storage.Bool ->
            let x, y = x :?> HostBuffer<bool>, y :?> HostBuffer<bool>
            binaryOf DType.Bool x y (fun a ao b bo c co n -> Rows.binaryBool op a ao b bo c co n)
        | Storage.Complex64 ->
            let x, y = x :?> HostBuffer<Complex64>, y :?> HostBuffer<Complex64>

            if op.Tells then
                binaryOf DType.Bool x y (fun a ao b bo c co n -> ComplexRows.equalSingle a ao b bo c co n)
            else
                binaryOf DType.Complex64 x y (fun a ao b bo c co n ->
                    ComplexRows.binarySingle op a ao b bo c co n)
        | Storage.Complex128 ->
            let x, y = x :?> HostBuffer<Complex>, y :?> HostBuffer<Complex>

            if op.Tells then
                binaryOf DType.Bool x y (fun a ao b bo c co n -> ComplexRows.equal a ao b bo c co n)
            else
                binaryOf DType.Complex128 x y (fun a ao b bo c co n -> ComplexRows.binary op a ao b bo c co n)

    let ofComplex (f: ComplexFunction) (z: HostBuffer) : HostBuffer =
        match z with
        | :? HostBuffer<Complex64> as z ->
            unaryOf DType.Float32 z (fun a ao b bo n -> ComplexRows.ofComplexSingle f a ao b bo n)
        | z ->
            let z = z :?> HostBuffer<Complex>
            unaryOf DType.Float64 z (fun a ao b bo n -> ComplexRows.ofComplex f a ao b bo n)

    let conjugate (z: HostBuffer) : HostBuffer =
        match z with
        | :? HostBuffer<Complex64> as z ->
            unaryOf DType.Complex64 z (fun a ao b bo n -> ComplexRows.conjugateSingle a ao b bo n)
        | z ->
            let z = z :?> HostBuffer<Complex>
            unaryOf DType.Complex128 z (fun a ao b bo n -> ComplexRows.conjugate a ao b bo n)

    /// Complex numbers from their parts.
    let join (real: HostBuffer) (imaginary: HostBuffer) : HostBuffer =
        match real with
        | :? HostBuffer<float32> as x ->
            let y = imaginary :?> HostBuffer<float32>
            binaryOf DType.Complex64 x y (fun a ao b bo c co n -> ComplexRows.joinSingle a ao b bo c co n)
        | x ->
            let x, y = x :?> HostBuffer<float>, imaginary :?> HostBuffer<float>
            binaryOf DType.Complex128 x y (fun a ao b bo c co n -> ComplexRows.join a ao b bo c co n)
