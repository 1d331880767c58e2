namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Numbers between those of a tensor, at any places.
[<AutoOpen>]
module GridSampling =
    /// How far a number is from the place, and its share in what is found there.
    let private taps (mode: Interpolation) : (int * (Tensor -> Tensor))[] =
        // Keys's cubic, as in Resize.
        let a = -0.75
        let near (x: Tensor) = ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
        let far (x: Tensor) = ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a

        match mode with
        | Interpolation.Nearest
        | Interpolation.NearestExact -> [| 0, Tensor.onesLike |]
        | Interpolation.Linear -> [| 0, (fun t -> 1.0 - t); 1, id |]
        | Interpolation.Cubic -> [|
            -1, (fun t -> far (t + 1.0))
            0, near
            1, (fun t -> near (1.0 - t))
            2, (fun t -> far (2.0 - t))
          |]

    /// The position along an axis of so many numbers that stands for one beyond it, as a float.
    let private inside (mode: PaddingMode) size (i: Tensor) : Tensor =
        let n = float size
        // The remainder has the sign of the dividend.
        let modulo (period: float) (x: Tensor) = (x % period + period) % period
        let within (x: Tensor) = clamp 0.0 (n - 1.0) x

        match mode with
        | PaddingMode.Zeros
        | PaddingMode.Replicate -> within i
        | PaddingMode.Circular -> modulo n i
        | PaddingMode.Reflect ->
            if size = 1 then
                Tensor.zerosLike i
            else
                n - 1.0 - abs (n - 1.0 - modulo (2.0 * (n - 1.0)) i)
        | PaddingMode.Symmetric ->
            let p = modulo (2.0 * n) i
            within (minimum p (2.0 * n - 1.0 - p))

    type Tensor with

        /// <summary>
        /// The numbers at places of a grid, which lie between those of this tensor: x is (examples, channels) and one to three
        /// spatial sizes, the grid (examples,) and as many sizes of its own, and a last axis of coordinates, that along the
        /// last spatial axis first, each from -1 (one end) to 1 (the other). The result is (examples, channels) and the sizes
        /// of the grid. Linear, on lines between neighbours, unless another interpolation is given. With corners aligned, -1
        /// and 1 are the first and last numbers; else the outer edges of their cells. Beyond the ends stand zeros, or what
        /// the padding says. Differentiable by both. PyTorch's <c>grid_sample</c>, whose <c>border</c> is
        /// <c>PaddingMode.Replicate</c>, and whose <c>reflection</c> is <c>Reflect</c> with corners aligned and
        /// <c>Symmetric</c> without.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit, or a spatial axis is empty.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
        /// <example><code>
        /// let x = tensor [ [ [ 10.0; 20.0; 40.0 ] ] ]
        /// let places = (tensor [ -1.0; 0.5; 1.0 ]).Reshape [ 1; 3; 1 ]
        /// x.GridSample(places, alignCorners = true) // [[[10, 30, 40]]]
        /// </code></example>
        [<CompiledName "GridSample">]
        member x.GridSample
            (grid: Tensor, ?mode: Interpolation, ?padding: PaddingMode, ?alignCorners: bool)
            : Tensor =
            let operation = "gridSample"
            Given.check "grid" grid
            Folds.requireFloat operation x
            Operands.sameDType operation x grid
            let mode = defaultArg mode Interpolation.Linear
            let padding = defaultArg padding PaddingMode.Zeros
            let axes = x.Rank - 2

            if
                axes < 1
                || axes > 3
                || grid.Rank <> x.Rank
                || grid.Dims[0] <> x.Dims[0]
                || grid.Dims[grid.Rank - 1] <> axes
                || Array.contains 0 x.Dims[2..]
            then
                raise (
                    ShapeException
                        $"{operation}: {Shape.show x.Dims} at a grid of shape {Shape.show grid.Dims}; x is (examples, channels) and one to three spatial sizes, none 0, and the grid (examples,), as many sizes, and that many coordinates."
                )

            if DTypes.isHalf x.DType then
                let wide (t: Tensor) = t.Convert DType.Float32
                (wide x).GridSample(wide grid, mode, padding, ?alignCorners = alignCorners).Convert x.DType
            else
                let sizes = x.Dims[2..]
                let strides = Shape.strides sizes
                let batch = x.Dims[0]
                let count = Shape.count grid.Dims[1..axes]
                let numbers = (x.Flatten 2).Transpose(1, 2)

                // Along each axis, for each tap: positions (as floats), whether they are there, and weights.
                let along a =
                    let n = float sizes[a]
                    let g = (sliceAxis (grid.Rank - 1) (axes - 1 - a) 1 grid).Reshape [| batch; count |]

                    let place =
                        if defaultArg alignCorners false then
                            (g + 1.0) * ((n - 1.0) / 2.0)
                        else
                            ((g + 1.0) * n - 1.0) / 2.0

                    let start =
                        match mode with
                        | Interpolation.Nearest
                        | Interpolation.NearestExact -> round place
                        | Interpolation.Linear
                        | Interpolation.Cubic -> floor place

                    let start = Bind.detach start
                    let beyond = place - start

                    taps mode
                    |> Array.map (fun (offset, weight) ->
                        let i = start + float offset
                        let weight = weight beyond

                        let weight =
                            match padding with
                            | PaddingMode.Zeros ->
                                let isThere = (i.GreaterEqual 0.0).And(i.LessEqual(n - 1.0))
                                where isThere weight (Tensor.zerosLike weight)
                            | PaddingMode.Reflect
                            | PaddingMode.Symmetric
                            | PaddingMode.Replicate
                            | PaddingMode.Circular -> weight

                        // A place that is no number has a weight that is none, at any position.
                        let i = where (i.IsFinite()) i (Tensor.zerosLike i)
                        struct ((inside padding sizes[a] i).Convert DType.Int32 * strides[a], weight))

                let mutable corners = along 0

                for a in 1 .. axes - 1 do
                    let next = along a

                    corners <-
                        corners
                        |> Array.collect (fun (struct (at, weight)) ->
                            next |> Array.map (fun (struct (i, share)) -> struct (at + i, weight * share)))

                let found =
                    corners
                    |> Array.map (fun (struct (at, weight)) ->
                        Bind.one (Primitive.Gather(Finder.Slice, 1, 1)) [| numbers; at |]
                        * weight.Unsqueeze 2)
                    |> Tensor.sumOf

                (found.Transpose(1, 2)).Reshape(Array.append x.Dims[..1] grid.Dims[1..axes])
