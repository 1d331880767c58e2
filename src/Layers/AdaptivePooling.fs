namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Pooling to sizes of the result, whatever those of the input.
[<AutoOpen>]
module AdaptivePooling =
    /// Axes after examples and channels.
    let private spatial (operation: string) (x: Tensor) =
        Folds.requireFloat operation x

        if x.Rank < 3 || Array.contains 0 x.Dims[2..] then
            raise (
                ShapeException
                    $"{operation}: the input has shape {Shape.show x.Dims}; it must be (examples, channels) and one or more spatial sizes, none 0. One example gets its axis by `t.Unsqueeze(0)`."
            )

        List.init (x.Rank - 2) ((+) 2)

    /// <summary>
    /// The mean of each channel over all spatial axes: (examples, channels) and their sizes to (examples, channels). What stands
    /// between the convolutions of a classifier and its last linear map, for images of any size.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">There are no spatial axes, or one is empty.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// globalAveragePool (tensor [ [ [ 1.0; 3.0 ]; [ 5.0; 9.0 ] ] ]) // [[2, 7]]
    /// </code></example>
    let globalAveragePool (x: Tensor) : Tensor =
        Given.check "x" x
        x.Mean(spatial "globalAveragePool" x)

    /// <summary>
    /// The largest number of each channel over all spatial axes: (examples, channels) and their sizes to (examples, channels). NaN
    /// wins; equal ones share the derivative.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">There are no spatial axes, or one is empty.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// globalMaxPool (tensor [ [ [ 1.0; 3.0 ]; [ 5.0; 9.0 ] ] ]) // [[3, 9]]
    /// </code></example>
    let globalMaxPool (x: Tensor) : Tensor =
        Given.check "x" x
        x.Max(spatial "globalMaxPool" x)

    /// Along an axis, place i of the result is over ⌊i·size/wanted⌋ to ⌈(i + 1)·size/wanted⌉.
    let private along (fold: int -> Tensor -> Tensor) axis wanted (x: Tensor) =
        let size = x.Dims[axis]

        let over i =
            let first = int (int64 i * int64 size / int64 wanted)
            let next = int (((int64 i + 1L) * int64 size + int64 wanted - 1L) / int64 wanted)
            fold axis (sliceAxis axis first (next - first) x)

        if wanted = size then
            x
        elif size % wanted = 0 then
            // Windows side by side are an axis of their own.
            let split =
                x.Reshape(x.Dims |> Array.updateAt axis wanted |> Array.insertAt (axis + 1) (size / wanted))

            (fold (axis + 1) split).Squeeze(axis + 1)
        else
            concat axis [ for i in 0 .. wanted - 1 -> over i ]

    let private adaptive (operation: string) fold (sizes: int list) (x: Tensor) =
        Given.check "sizes" sizes
        Given.check "x" x
        Folds.requireFloat operation x
        let axes = sizes.Length

        if
            axes < 1
            || axes > 3
            || x.Rank < axes
            || List.exists (fun n -> n < 1) sizes
            || Array.contains 0 x.Dims[x.Rank - axes ..]
        then
            raise (
                ShapeException
                    $"{operation}: spatial axes of shape {Shape.show x.Dims} to sizes {Shape.show (Array.ofList sizes)}; give a size of 1 or more for each of one to three last axes, none empty."
            )

        // 16-bit floats are rounded once.
        let mutable y = if DTypes.isHalf x.DType then x.Convert DType.Float32 else x
        sizes |> List.iteri (fun i wanted -> y <- along fold (x.Rank - axes + i) wanted y)
        y.Convert x.DType

    /// <summary>
    /// Means over windows that make the last axes, one to three spatial ones, as long as is said: place i is the mean from
    /// ⌊i·size/wanted⌋ to before ⌈(i + 1)·size/wanted⌉, as in PyTorch.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// There are not one to three sizes, one is below 1, or x has fewer axes or an empty one.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// adaptiveAveragePool [ 2 ] (tensor [ [ 1.0; 2.0; 3.0; 4.0; 5.0 ] ]) // [[2, 4]]
    /// adaptiveAveragePool [ 7; 7 ] (Tensor.ones DType.Float32 [ 8; 16; 30; 20 ]) // shape (8, 16, 7, 7)
    /// </code></example>
    let adaptiveAveragePool (sizes: int list) (x: Tensor) : Tensor =
        adaptive "adaptiveAveragePool" (fun axis part -> part.Mean([ axis ], keepDims = true)) sizes x

    /// <summary>
    /// The largest numbers of windows that make the last axes, one to three spatial ones, as long as is said: place i is that from
    /// ⌊i·size/wanted⌋ to before ⌈(i + 1)·size/wanted⌉, as in PyTorch. NaN wins; equal ones share the derivative.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// There are not one to three sizes, one is below 1, or x has fewer axes or an empty one.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// adaptiveMaxPool [ 2 ] (tensor [ [ 1.0; 2.0; 3.0; 4.0; 5.0 ] ]) // [[3, 5]]
    /// </code></example>
    let adaptiveMaxPool (sizes: int list) (x: Tensor) : Tensor =
        adaptive "adaptiveMaxPool" (fun axis part -> part.Max([ axis ], keepDims = true)) sizes x
