namespace Cotangent

open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// Making tensors.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Tensor =
    let private filled (operation: string) (value: float) (dtype: DType) (shape: int seq) =
        Given.check "shape" shape
        let shape = Array.ofSeq shape
        Shape.requireSizes operation shape
        Bind.full (Literals.real operation dtype value) dtype shape (Ambient.device ())

    /// <summary>A tensor of a shape with one number everywhere.</summary>
    /// <exception cref="T:Cotangent.ShapeException">A size is negative.</exception>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The number is not a whole one, and the dtype an integer.
    /// </exception>
    /// <example><code>
    /// Tensor.full DType.Float32 [ 2; 2 ] 0.5 // [[0.5, 0.5], [0.5, 0.5]]
    /// </code></example>
    let full (dtype: DType) (shape: int seq) (value: float) : Tensor = filled "full" value dtype shape

    /// <summary>Zeros (false for Bool).</summary>
    /// <exception cref="T:Cotangent.ShapeException">A size is negative.</exception>
    /// <example><code>
    /// Tensor.zeros DType.Float32 [ 3 ] // [0, 0, 0]
    /// </code></example>
    let zeros (dtype: DType) (shape: int seq) : Tensor = filled "zeros" 0.0 dtype shape

    /// <summary>Ones (true for Bool).</summary>
    /// <exception cref="T:Cotangent.ShapeException">A size is negative.</exception>
    /// <example><code>
    /// Tensor.ones DType.Int32 [ 3 ] // [1, 1, 1]
    /// </code></example>
    let ones (dtype: DType) (shape: int seq) : Tensor = filled "ones" 1.0 dtype shape

    /// <summary>A tensor of rank 0; <c>tensor 2.0f</c> takes the dtype from the number.</summary>
    /// <example><code>
    /// Tensor.scalar DType.BFloat16 2.0 // 2
    /// </code></example>
    let scalar (dtype: DType) (value: float) : Tensor = filled "scalar" value dtype [||]

    /// <summary>One number everywhere, in the shape, dtype and device of another tensor.</summary>
    /// <example><code>
    /// Tensor.fullLike (tensor [ 1; 2 ]) 7.0 // [7, 7]
    /// </code></example>
    let fullLike (t: Tensor) (value: float) : Tensor =
        Given.check "t" t
        Bind.full (Literals.real "fullLike" t.DType value) t.DType t.Dims t.Device

    /// <summary>Zeros in the shape, dtype and device of another tensor.</summary>
    /// <example><code>
    /// Tensor.zerosLike (tensor [ [ 1.0; 2.0 ] ]) // [[0, 0]]
    /// </code></example>
    let zerosLike (t: Tensor) : Tensor = fullLike t 0.0

    /// <summary>Ones in the shape, dtype and device of another tensor.</summary>
    /// <example><code>
    /// Tensor.onesLike (tensor [ [ 1.0; 2.0 ] ]) // [[1, 1]]
    /// </code></example>
    let onesLike (t: Tensor) : Tensor = fullLike t 1.0

    /// <summary>
    /// 0, 1, … count - 1. Other progressions are <c>tensor [ 0.0f .. 0.5f .. 3.0f ]</c> by F#'s own ranges, whose dtype
    /// follows the data; <c>arangeIn</c>; and <c>linspace</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The count is negative.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is Bool.</exception>
    /// <exception cref="T:Cotangent.ValueException">The last number is too large for an integer dtype.</exception>
    /// <example><code>
    /// Tensor.arange DType.Int32 3 // [0, 1, 2]
    /// </code></example>
    let arange (dtype: DType) (count: int) : Tensor =
        Shape.requireSizes "arange" [| count |]

        if dtype = DType.Bool then
            raise (DTypeException "arange: Bool can't count; use Int32 and compare.")

        if count > 0 && dtype.IsInteger then
            Literals.requireFits "arange" dtype (float (count - 1))

        let wide = if dtype.HasDerivatives then DType.Float64 else DType.Int64
        (Bind.create (Primitive.Iota(wide, count)) (Ambient.device ())).Convert dtype

    /// <summary>start, start + step, … short of stop.</summary>
    /// <exception cref="T:Cotangent.ValueException">The step is 0, or the number of steps not finite.</exception>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The dtype is Bool, or an integer that a bound or the step is not.
    /// </exception>
    /// <example><code>
    /// Tensor.arangeIn DType.Float64 1.0 2.0 0.25 // [1, 1.25, 1.5, 1.75]
    /// </code></example>
    let arangeIn (dtype: DType) (start: float) (stop: float) (step: float) : Tensor =
        if step = 0.0 || not (System.Double.IsFinite((stop - start) / step)) then
            raise (
                ValueException
                    $"arangeIn: from {string start} to {string stop} by {string step} is not a finite number of steps. Give a step that leads there."
            )

        if dtype = DType.Bool then
            raise (DTypeException "arangeIn: Bool can't count; use Int32 and compare.")

        // A number too large for Int64 becomes its largest one.
        let length = (Shape.sized "arangeIn" [| max 0L (int64 (ceil ((stop - start) / step))) |])[0]
        // Computed in Float64 (or Int64) and rounded once, so that errors do not add up.
        let wide = if dtype.HasDerivatives then DType.Float64 else DType.Int64

        let constant number =
            Literals.requireWhole "arangeIn" dtype number
            Bind.full (Literals.real "arangeIn" wide number) wide [| length |] (Ambient.device ())

        if dtype.IsInteger && length > 0 then
            Literals.requireFits "arangeIn" dtype start
            Literals.requireFits "arangeIn" dtype (start + float (length - 1) * step)

        let steps = Bind.create (Primitive.Iota(wide, length)) (Ambient.device ())
        (steps * constant step + constant start).Convert dtype

    /// <summary><c>count</c> numbers evenly spaced from start to stop, both included.</summary>
    /// <exception cref="T:Cotangent.ValueException">The count is below 1.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.linspace DType.Float64 0.0 1.0 5 // [0, 0.25, 0.5, 0.75, 1]
    /// </code></example>
    let linspace (dtype: DType) (start: float) (stop: float) (count: int) : Tensor =
        if count < 1 then
            raise (ValueException $"linspace: {count} points; at least 1 is needed.")

        if not dtype.HasDerivatives then
            raise (
                DTypeException $"linspace: {dtype} can't hold the points between; use a floating-point dtype."
            )

        Shape.requireRoom "linspace" [| count |]
        let steps = Bind.create (Primitive.Iota(DType.Float64, count)) (Ambient.device ())
        let fraction = steps / float (max 1 (count - 1))
        // A weighted mean of both ends hits them exactly.
        (start * (1.0 - fraction) + stop * fraction).Convert dtype

    /// <summary>
    /// <c>count</c> powers of ten whose exponents are evenly spaced from start to stop, both included.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The count is below 1.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Tensor.logspace DType.Float64 0.0 3.0 4 // [1, 10, 100, 1000]
    /// </code></example>
    let logspace (dtype: DType) (start: float) (stop: float) (count: int) : Tensor =
        if count < 1 then
            raise (ValueException $"logspace: {count} points; at least 1 is needed.")

        if not dtype.HasDerivatives then
            raise (
                DTypeException $"logspace: {dtype} can't hold the points between; use a floating-point dtype."
            )

        (Operands.realWith Binary.Power 10.0 (linspace DType.Float64 start stop count)).Convert dtype

    /// <summary>The identity matrix of n rows.</summary>
    /// <example><code>
    /// Tensor.eye DType.Float32 2 // [[1, 0], [0, 1]]
    /// </code></example>
    let eye (dtype: DType) (n: int) : Tensor =
        Shape.requireSizes "eye" [| n |]
        Shape.requireRoom "eye" [| n; n |]
        let i = Bind.create (Primitive.Iota(DType.Int32, n)) (Ambient.device ())

        (Operands.binary Binary.Equal (i.Unsqueeze 1) (i.Unsqueeze 0)).Convert dtype

    /// <summary>
    /// The square matrix with a vector on its diagonal and zeros elsewhere; of each vector in a batch. Shape (…, n) to
    /// (…, n, n). <c>t.Diagonal</c> goes the other way.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The tensor is a scalar.</exception>
    /// <example><code>
    /// Tensor.diag (tensor [ 1.0; 2.0 ]) // [[1, 0], [0, 2]]
    /// </code></example>
    let diag (t: Tensor) : Tensor =
        Given.check "t" t

        if t.Rank = 0 then
            raise (ShapeException "diag: a scalar, of shape (), has no axis to lay on a diagonal.")

        let batch, n = t.Dims[.. t.Rank - 2], t.Dims[t.Rank - 1]
        Shape.requireRoom "diag" (Array.append batch [| n; n |])
        // In row-major order the elements of the diagonal are n + 1 apart.
        let flat =
            Bind.one
                (Primitive.Place {
                    Full = Array.append batch [| n * n |]
                    Start = Array.zeroCreate t.Rank
                    Count = t.Dims
                    Step = Array.init t.Rank (fun i -> if i = t.Rank - 1 then n + 1 else 1)
                })
                [| t |]

        flat.Reshape(Array.append batch [| n; n |])

    /// <summary>
    /// The coordinates of a grid: for n vectors, n tensors whose axis i follows vector i ("ij" indexing, as in
    /// PyTorch).
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">One of the tensors is not a vector.</exception>
    /// <example><code>
    /// let grid = Tensor.meshgrid [ tensor [ 0; 1 ]; tensor [ 5; 6; 7 ] ]
    /// grid[0] // [[0, 0, 0], [1, 1, 1]]
    /// grid[1] // [[5, 6, 7], [5, 6, 7]]
    /// </code></example>
    let meshgrid (vectors: Tensor seq) : Tensor[] =
        let vectors = Given.items "vectors" vectors

        for v in vectors do
            if v.Rank <> 1 then
                raise (
                    ShapeException
                        $"meshgrid: vectors are needed, got shape {Shape.show v.Dims}. Use `Flatten` first."
                )

        let shape = vectors |> Array.map _.Size
        Shape.requireRoom "meshgrid" shape

        vectors
        |> Array.mapi (fun axis v ->
            v.Reshape(Array.init shape.Length (fun i -> if i = axis then -1 else 1)).Expand shape)

    /// The indices, of which each must be a class; for no class none is asked for.
    let private requireClasses (classes: int) (indices: Tensor) : Tensor =
        let extreme kind =
            Staging.suspended (fun () ->
                let found = Bind.one (Primitive.Reduce(kind, Shape.allAxes indices.Rank)) [| indices |]

                (found.Convert DType.Int64).ToData<int64>())

        match indices with
        | _ when classes = 0 || indices.Size = 0 -> indices
        | Value _ ->
            let least, most = extreme Reduction.Min, extreme Reduction.Max
            let wrong = if least < 0L then least else most

            if wrong < 0L || wrong >= int64 classes then
                raise (IndexException(Finder.OneHot.Refusal classes wrong))

            indices
        | Traced _ ->
            // When the numbers are there, a gather refuses what lies outside.
            let all = Bind.create (Primitive.Iota(indices.DType, classes)) indices.Device
            Bind.one (Primitive.Gather(Finder.OneHot, 0, 0)) [| all; indices |]

    /// <summary>Class indices (any integer shape s) as unit vectors: shape s ++ [classes].</summary>
    /// <exception cref="T:Cotangent.DTypeException">The indices are not integers.</exception>
    /// <exception cref="T:Cotangent.IndexException">An index is none of the classes.</exception>
    /// <example><code>
    /// Tensor.oneHot DType.Float32 3 (tensor [ 2; 0 ]) // [[0, 0, 1], [1, 0, 0]]
    /// </code></example>
    let oneHot (dtype: DType) (classes: int) (indices: Tensor) : Tensor =
        Given.check "indices" indices

        if not indices.DType.IsInteger then
            raise (
                DTypeException
                    $"oneHot: indices must be integers, got {indices.DType} {Shape.show indices.Dims}."
            )

        Shape.requireSizes "oneHot" [| classes |]
        Shape.requireRoom "oneHot" (Array.append indices.Dims [| classes |])
        // Classes may be more than a narrow dtype counts.
        let indices = if DTypes.hasLanes indices.DType then indices else indices.Convert DType.Int64
        let row = Bind.create (Primitive.Iota(indices.DType, classes)) indices.Device

        (Operands.binary Binary.Equal ((requireClasses classes indices).Unsqueeze -1) row).Convert dtype

    /// Numbers from main memory, on the device that is asked for.
    let internal ofHost (numbers: HostBuffer) : Tensor = Value(Engines.transfer numbers (Ambient.device ()))

    /// Takes over an array of elements in row-major order; it must not be changed afterwards.
    let internal own (shape: int[]) (data: 'T[]) : Tensor =
        match DTypes.tryOfClr typeof<'T> with
        | Some dtype -> ofHost (Buffers.own dtype shape data)
        | None ->
            raise (
                DTypeException
                    $"ofArray: {typeof<'T>.Name} can't be an element of a tensor. Give an array of numbers or truth values."
            )

    /// <summary>A tensor from a flat array in row-major order and a shape; the array is copied.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The array does not fill the shape.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The array's type is not that of an element.</exception>
    /// <example><code>
    /// Tensor.ofArray [ 2; 2 ] [| 1.0f; 2.0f; 3.0f; 4.0f |] // [[1, 2], [3, 4]]
    /// </code></example>
    let ofArray (shape: int seq) (data: 'T[]) : Tensor =
        Given.check "data" data
        Given.check "shape" shape
        let shape = Array.ofSeq shape
        Shape.requireSizes "ofArray" shape

        if Shape.count shape <> data.Length then
            raise (
                ShapeException
                    $"ofArray: {data.Length} numbers do not fill shape {Shape.show shape}, which has {Shape.count shape} places. Give as many numbers as the sizes multiply to."
            )

        let bytes = int64 data.Length * int64 (System.Runtime.CompilerServices.Unsafe.SizeOf<'T>())
        own shape (Recycling.orRefuse "ofArray" bytes (fun () -> Array.copy data))

    /// <summary>
    /// The sum of several tensors, element by element, as `+` adds them. Of none there is no shape, so that is refused;
    /// <c>List.sum</c> gives a scalar 0 there.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">There are no tensors, or shapes do not broadcast.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// Tensor.sumOf [ tensor [ 1; 2 ]; tensor [ 10; 20 ]; tensor [ 100; 200 ] ] // [111, 222]
    /// </code></example>
    let sumOf (tensors: Tensor seq) : Tensor =
        let all = Given.items "tensors" tensors

        if all.Length = 0 then
            raise (ShapeException "sumOf: there are no tensors, and so no shape. Give at least one.")

        Array.reduce (Operands.binaryOf "sumOf" Binary.Add) all

/// From and to .NET data.
[<AutoOpen>]
module Conversion =
    /// <summary>
    /// A tensor from a number, or any nesting of lists, arrays and sequences of numbers; the dtype follows the data.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The data are tensors, null, or of a type that is not that of an element.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">Rows differ in length.</exception>
    /// <example><code>
    /// tensor [ [ 1.0f; 2.0f ]; [ 3.0f; 4.0f ] ] // [[1, 2], [3, 4]]
    /// tensor [ 0..2..6 ] // [0, 2, 4, 6]
    /// </code></example>
    let tensor (data: 'data) : Tensor =
        match box data with
        | null -> raise (DTypeException "tensor: the data is null; give it numbers.")
        | :? Tensor
        | :? seq<Tensor> ->
            raise (
                DTypeException
                    "tensor: the data are tensors already. Put them together with `stack` or `concat`, or use them as they are."
            )
        | boxed -> Tensor.ofHost (NestedData.toBuffer typeof<'data> boxed)
