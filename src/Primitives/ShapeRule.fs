namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// The shape and dtype of each primitive's results, and what its inputs must satisfy. The operators check what users
/// can get wrong, in users' words; this is the law that graphs, traces and kernels are held to.
module internal ShapeRule =
    let private fail (p: Primitive) (inputs: Signature[]) expected =
        let got = inputs |> Array.map (fun s -> $"{s.DType} {Shape.show s.Shape}") |> String.concat ", "

        raise (ShapeException $"{p}: expected {expected}, got {got}.")

    /// Complex numbers have no order, and so neither a largest one nor a place in a row.
    let requireOrder (operation: 'operation) (dtype: DType) =
        if dtype.IsComplex then
            raise (
                DTypeException
                    $"{operation} is not defined on {dtype}: complex numbers have no order. {DTypes.wayOut dtype}"
            )

    let private refuse p (inputs: Signature[]) =
        let dtype = inputs[0].DType

        if dtype.IsComplex then
            raise (DTypeException $"{p} is not defined on {dtype}. {DTypes.wayOut dtype}")

        fail p inputs "another dtype"

    let private made tells (x: Signature) = if tells then { x with DType = DType.Bool } else x

    /// Which dtypes an elementwise function of one argument is defined on.
    let acceptsUnary (op: Unary) (d: DType) = op.Domain.Has d

    /// Which dtypes an elementwise function of two arguments is defined on.
    let acceptsBinary (op: Binary) (d: DType) = op.Domain.Has d

    let private requireEqualBatch p (inputs: Signature[]) batch =
        if not (Shape.equal inputs[0].Shape[.. batch - 1] inputs[1].Shape[.. batch - 1]) then
            fail p inputs $"{batch} equal leading axes"

    /// Shapes of the three tensors of a convolution, from the two that are given; ValueNone where those do not fit.
    let private convolution (result: ConvolutionTerm) (w: Windows) groups (a: int[]) (b: int[]) =
        let split (s: int[]) = if s.Length < 2 then struct (0, 0, [||]) else struct (s[0], s[1], s[2..])
        let struct (a0, a1, aSizes) = split a
        let struct (b0, b1, bSizes) = split b
        let fits aWanted bWanted = Shape.equal aSizes aWanted && Shape.equal bSizes bWanted

        match result with
        | ConvolutionTerm.Output when fits w.Full w.Size && a1 = b1 * groups && b0 % groups = 0 ->
            ValueSome(Array.append [| a0; b0 |] w.Count)
        | ConvolutionTerm.Input when fits w.Size w.Count && a0 = b1 && a0 % groups = 0 ->
            ValueSome(Array.append [| b0; a1 * groups |] w.Full)
        | ConvolutionTerm.Kernel when fits w.Full w.Count && a0 = b0 && a1 % groups = 0 && b1 % groups = 0 ->
            ValueSome(Array.append [| b1; a1 / groups |] w.Size)
        | ConvolutionTerm.Output
        | ConvolutionTerm.Input
        | ConvolutionTerm.Kernel -> ValueNone

    let private withShape (x: Signature) shape = [| { x with Shape = shape } |]

    let private select p (inputs: Signature[]) : Signature[] =
        let x = inputs[0]
        let a, b = inputs[1], inputs[2]

        if
            x.DType <> DType.Bool
            || a.DType <> b.DType
            || not (Shape.equal a.Shape b.Shape && Shape.equal a.Shape x.Shape)
        then
            fail p inputs "a Bool condition and two values of equal shape and dtype"

        [| a |]

    let private random p (inputs: Signature[]) (draw: Draw) (dtype: DType) shape : Signature[] =
        let x = inputs[0]
        if x.DType <> DType.Int64 then fail p inputs "Int64 keys"

        match draw with
        | Draw.Uniform when not dtype.IsFloat -> fail p inputs $"to draw floats, not {dtype}"
        | Draw.Bits
        | Draw.Keys when not dtype.IsInteger -> fail p inputs $"to draw integers, not {dtype}"
        | Draw.Uniform
        | Draw.Bits
        | Draw.Keys -> ()

        [| { Shape = Array.append x.Shape shape; DType = dtype } |]

    let private concatenate p (inputs: Signature[]) axis : Signature[] =
        let x = inputs[0]

        for y in inputs do
            if
                y.DType <> x.DType
                || y.Shape.Length <> x.Shape.Length
                || Shape.removeAt axis y.Shape <> Shape.removeAt axis x.Shape
            then
                fail p inputs $"equal dtypes, and equal shapes but for axis {axis}"

        x.Shape
        |> Array.mapi (fun i d -> if i = axis then inputs |> Array.sumBy (fun y -> y.Shape[axis]) else d)
        |> withShape x

    let private product p (inputs: Signature[]) : Signature[] =
        let x = inputs[0]
        let a, b = x.Shape, inputs[1].Shape
        let r = a.Length

        if
            x.DType <> inputs[1].DType
            || x.DType = DType.Bool
            || r < 2
            || b.Length <> r
            || a[r - 1] <> b[r - 2]
            || not (Shape.equal a[.. r - 3] b[.. r - 3])
        then
            fail p inputs "batch ++ (m, k) and batch ++ (k, n) of one dtype, not Bool"

        withShape x (Array.append a[.. r - 2] [| b[r - 1] |])

    let private isNumber (x: Signature) = x.DType.IsFloat || x.DType.IsComplex

    let private solve p (inputs: Signature[]) : Signature[] =
        let x = inputs[0]
        let r = x.Shape.Length
        let b = inputs[1]

        if
            not (isNumber x)
            || b.DType <> x.DType
            || r < 2
            || b.Shape.Length <> r
            || not (Shape.equal b.Shape[.. r - 2] x.Shape[.. r - 2])
            || x.Shape[r - 1] <> x.Shape[r - 2]
        then
            fail p inputs "floats or complex numbers (…, n, n) and (…, n, k) of one dtype"

        [| b |]

    let private qr p (inputs: Signature[]) : Signature[] =
        let x = inputs[0]
        let r = x.Shape.Length
        if not (isNumber x) || r < 2 then fail p inputs "floats or complex numbers (…, m, n)"
        let batch, m, n = x.Shape[.. r - 3], x.Shape[r - 2], x.Shape[r - 1]

        [|
            { x with Shape = Array.append batch [| m; min m n |] }
            { x with Shape = Array.append batch [| min m n; n |] }
        |]

    let private square p (inputs: Signature[]) : Signature[] =
        let x = inputs[0]
        let r = x.Shape.Length

        if not (isNumber x) || r < 2 || x.Shape[r - 1] <> x.Shape[r - 2] then
            fail p inputs "floats or complex numbers (…, n, n)"

        [| x |]

    /// Of floats alone.
    let private squareOfFloats p (inputs: Signature[]) : Signature[] =
        if not inputs[0].DType.IsFloat then fail p inputs "floats (…, n, n)"
        square p inputs

    let private eigh p (inputs: Signature[]) : Signature[] =
        let x = (square p inputs)[0]
        [| { Shape = x.Shape[.. x.Shape.Length - 2]; DType = DTypes.ofParts x.DType }; x |]

    let private eig p (inputs: Signature[]) : Signature[] =
        let x = (square p inputs)[0]

        let dtype =
            match x.DType with
            | DType.Float64
            | DType.Complex128 -> DType.Complex128
            | _ -> DType.Complex64

        [| { Shape = x.Shape[.. x.Shape.Length - 2]; DType = dtype }; { x with DType = dtype } |]

    let private lu p (inputs: Signature[]) : Signature[] =
        let x = inputs[0]
        let r = x.Shape.Length
        if not (isNumber x) || r < 2 then fail p inputs "floats or complex numbers (…, m, n)"

        [|
            x
            { Shape = x.Shape[.. r - 2]; DType = DType.Int32 }
            { Shape = x.Shape[.. r - 3]; DType = DType.Int32 }
        |]

    let private svd p (inputs: Signature[]) : Signature[] =
        let results = qr p inputs
        let values = results[0].Shape
        let r = values.Length

        [|
            results[0]
            {
                Shape = Array.append values[.. r - 3] [| values[r - 1] |]
                DType = DTypes.ofParts results[0].DType
            }
            results[1]
        |]

    let private pseudoInverse p (inputs: Signature[]) : Signature[] =
        let x = inputs[0]
        let r = x.Shape.Length
        if not x.DType.IsFloat || r < 2 then fail p inputs "floats (…, m, n)"
        withShape x (Array.append x.Shape[.. r - 3] [| x.Shape[r - 1]; x.Shape[r - 2] |])

    let private convolved p (inputs: Signature[]) result (windows: Windows) groups : Signature[] =
        let x = inputs[0]

        let wanted =
            $"the two other tensors of a convolution of windows {Shape.show windows.Size} over {Shape.show windows.Full} in {groups} groups, of one float dtype"

        if x.DType <> inputs[1].DType || not x.DType.IsFloat then fail p inputs wanted

        match convolution result windows groups x.Shape inputs[1].Shape with
        | ValueSome shape -> withShape x shape
        | ValueNone -> fail p inputs wanted

    let private pooled p (inputs: Signature[]) (windows: Windows) : Signature[] =
        let x = inputs[0]

        if
            not x.DType.IsFloat
            || x.Shape.Length <> 2 + windows.Full.Length
            || not (Shape.equal x.Shape[2..] windows.Full)
        then
            fail p inputs $"floats of shape (N, C) ++ {Shape.show windows.Full}"

        let values = { x with Shape = Array.append x.Shape[..1] windows.Count }
        [| values; { values with DType = DType.Int32 } |]

    let private complex p (inputs: Signature[]) : Signature[] =
        let x, y = inputs[0], inputs[1]

        match DTypes.tryWithParts x.DType with
        | ValueSome dtype when y.DType = x.DType && Shape.equal y.Shape x.Shape -> [|
            { x with DType = dtype }
          |]
        | ValueSome _
        | ValueNone -> fail p inputs "two tensors of equal shape, both Float32 or both Float64"

    let private fourier p (inputs: Signature[]) (transform: FourierTransform) axis : Signature[] =
        let x = inputs[0]
        let resized n dtype = [| { Shape = Array.updateAt axis n x.Shape; DType = dtype } |]
        if x.Shape[axis] = 0 then fail p inputs $"at least one number along axis {axis}"

        match transform with
        | FourierTransform.Forward
        | FourierTransform.Backward ->
            if not x.DType.IsComplex then fail p inputs "complex numbers"
            [| x |]
        | FourierTransform.RealForward ->
            match DTypes.tryWithParts x.DType with
            | ValueSome dtype -> resized (x.Shape[axis] / 2 + 1) dtype
            | ValueNone -> fail p inputs "Float32 or Float64"
        | FourierTransform.RealBackward n ->
            if not x.DType.IsComplex || n < 1 || x.Shape[axis] <> n / 2 + 1 then
                fail p inputs $"complex numbers, {n / 2 + 1} along axis {axis}"

            resized n (DTypes.ofParts x.DType)

    let private requireComplex p (inputs: Signature[]) =
        if not inputs[0].DType.IsComplex then fail p inputs "complex numbers"

    let private rule (p: Primitive) (inputs: Signature[]) : Signature[] =
        let x = if inputs.Length > 0 then inputs[0] else { Shape = [||]; DType = DType.Bool }
        let like shape = withShape x shape

        match p with
        | Primitive.Unary op ->
            if not (acceptsUnary op x.DType) then refuse p inputs

            [| made op.Tells x |]
        | Primitive.Binary op ->
            if inputs[1].DType <> x.DType || not (Shape.equal inputs[1].Shape x.Shape) then
                fail p inputs "equal shapes and dtypes"

            if not (acceptsBinary op x.DType) then refuse p inputs

            [| made op.Tells x |]
        | Primitive.Higher f ->
            let isAlike (y: Signature) = y.DType = x.DType && Shape.equal y.Shape x.Shape

            if not x.DType.IsFloat || inputs.Length <> f.Arity || not (Array.forall isAlike inputs) then
                fail p inputs $"{f.Arity} floats of equal shape and dtype"

            [| x |]
        | Primitive.Select -> select p inputs
        | Primitive.Convert dtype ->
            if x.DType.IsComplex && not dtype.IsComplex then fail p inputs "real numbers"

            [| { x with DType = dtype } |]
        | Primitive.Complex -> complex p inputs
        | Primitive.OfComplex _ ->
            requireComplex p inputs
            [| { x with DType = DTypes.ofParts x.DType } |]
        | Primitive.Conjugate ->
            requireComplex p inputs
            [| x |]
        | Primitive.Fourier(transform, axis, _) -> fourier p inputs transform axis
        | Primitive.Full(_, dtype, shape) -> [| { Shape = shape; DType = dtype } |]
        | Primitive.Iota(dtype, length) -> [| { Shape = [| length |]; DType = dtype } |]
        | Primitive.Random(draw, dtype, shape) -> random p inputs draw dtype shape
        | Primitive.Reshape shape ->
            if Shape.count shape <> Shape.count x.Shape then
                fail p inputs $"as many elements as {Shape.show shape} has"

            like shape
        | Primitive.Permute order ->
            if not (Shape.isOrder x.Shape.Length order) then fail p inputs "a permutation of the axes"

            like (order |> Array.map (fun a -> x.Shape[a]))
        | Primitive.Broadcast shape ->
            if not (Shape.equal (Shape.broadcast "expand" x.Shape shape) shape) then
                fail p inputs $"a shape that stretches to {Shape.show shape}"

            like shape
        | Primitive.Slice region ->
            if not (Shape.equal region.Full x.Shape) then
                fail p inputs $"shape {Shape.show region.Full}"

            like region.Count
        | Primitive.Place region ->
            if not (Shape.equal region.Count x.Shape) then
                fail p inputs $"shape {Shape.show region.Count}"

            like region.Full
        | Primitive.Concatenate axis -> concatenate p inputs axis
        | Primitive.Gather(_, axis, batch) ->
            requireEqualBatch p inputs batch

            like (Array.concat [ x.Shape[.. axis - 1]; inputs[1].Shape[batch..]; x.Shape[axis + 1 ..] ])
        | Primitive.Scatter(_, axis, batch, size) ->
            requireEqualBatch p inputs batch
            let indexed = inputs[1].Shape.Length - batch

            like (Array.concat [ x.Shape[.. axis - 1]; [| size |]; x.Shape[axis + indexed ..] ])
        | Primitive.Reduce(kind, axes) ->
            if kind = Reduction.Sum && x.DType = DType.Bool then fail p inputs "numbers"
            if kind <> Reduction.Sum then requireOrder p x.DType

            like (Shape.without axes x.Shape)
        | Primitive.ArgReduce(_, axis) ->
            requireOrder p x.DType
            [| { Shape = Shape.removeAt axis x.Shape; DType = DType.Int32 } |]
        | Primitive.Sort _ ->
            requireOrder p x.DType
            [| x; { x with DType = DType.Int32 } |]
        | Primitive.CumulativeSum _ ->
            if x.DType = DType.Bool then fail p inputs "numbers"

            [| x |]
        | Primitive.MatMul -> product p inputs
        | Primitive.TriangularSolve _
        | Primitive.Solve _ -> solve p inputs
        | Primitive.Qr -> qr p inputs
        | Primitive.Eigh -> eigh p inputs
        | Primitive.Eig -> eig p inputs
        | Primitive.Inverse -> square p inputs
        | Primitive.Cholesky
        | Primitive.OfMatrix _ -> squareOfFloats p inputs
        | Primitive.Lu -> lu p inputs
        | Primitive.Svd -> svd p inputs
        | Primitive.SingularValues -> [| (svd p inputs)[1] |]
        | Primitive.PseudoInverse _ -> pseudoInverse p inputs
        | Primitive.Convolution(result, windows, groups) -> convolved p inputs result windows groups
        | Primitive.MaxPool windows -> pooled p inputs windows
        | Primitive.Fused f ->
            match FusedShape.infer f inputs with
            | Ok signatures -> signatures
            | Error expected -> fail p inputs expected
        | Primitive.Detach
        | Primitive.Barrier
        | Primitive.Print _
        | Primitive.Transfer _ -> [| x |]
        | Primitive.Host f -> f.Results
        | Primitive.Custom f -> invalidOp $"The signature of '{f.Name}' is known to its maker only."

    /// The signatures of the results. Custom functions are opaque: whoever made one knows its results.
    let infer (p: Primitive) (inputs: Signature[]) : Signature[] =
        let results = rule p inputs

        for result in results do
            Shape.requireRoom p result.Shape

        results

    /// The signature of the only result.
    let one (p: Primitive) (inputs: Signature[]) : Signature = (infer p inputs)[0]
