namespace Cotangent.Images

open System
open Cotangent

/// <summary>
/// Batches of pictures as tensors (examples, channels, height, width), changed by functions that differentiate, compile and run on any
/// device. By a key, each example is changed in its own way.
/// </summary>
/// <example><code>
/// let augment = compile (fun (key, x) ->
///     let forFlip, forShift = Key.split key
///     x |> ImageBatch.flip 0.5 forFlip |> ImageBatch.shift 4 forShift)
/// augment (Key.create 0L, Tensor.zeros DType.Float32 [ 8; 3; 32; 32 ]) // shape (8, 3, 32, 32)
/// </code></example>
[<RequireQualifiedAccess>]
module ImageBatch =
    let private flipped operation (axis: int) probability (key: Key) (x: Tensor) =
        Given.check "key" key
        BatchParts.require operation x
        Given.probability operation probability
        let isFlipped = Random.bernoulli key probability [ x.Shape[0]; 1; 1; 1 ]
        where (BatchParts.on x isFlipped) (x.Flip axis) x

    /// <summary>Each example mirrored with a probability, left to right.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The tensor is no batch of pictures.</exception>
    /// <exception cref="T:Cotangent.ValueException">The probability isn't one.</exception>
    /// <example><code>
    /// let x = (tensor [ 1.0; 2.0; 3.0 ]).Reshape [ 1; 1; 1; 3 ]
    /// ImageBatch.flip 1.0 (Key.create 0L) x // [[[[3, 2, 1]]]]
    /// </code></example>
    let flip (probability: float) (key: Key) (x: Tensor) : Tensor =
        flipped "ImageBatch.flip" 3 probability key x

    /// <summary>Each example turned upside down with a probability.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The tensor is no batch of pictures.</exception>
    /// <exception cref="T:Cotangent.ValueException">The probability isn't one.</exception>
    /// <example><code>
    /// let x = (tensor [ 1.0; 2.0 ]).Reshape [ 1; 1; 2; 1 ]
    /// ImageBatch.flipVertical 1.0 (Key.create 0L) x // [[[[2], [1]]]]
    /// </code></example>
    let flipVertical (probability: float) (key: Key) (x: Tensor) : Tensor =
        flipped "ImageBatch.flipVertical" 2 probability key x

    /// Rectangles at random places of a batch that is large enough.
    let private cropped height width (key: Key) (x: Tensor) =
        let forRows, forColumns = Key.split key

        let positions key size wanted =
            Random.integers key 0L (int64 (size - wanted) + 1L) DType.Int32 [ x.Shape[0]; 1 ]
            + Tensor.arange DType.Int32 wanted

        BatchParts.window x (positions forRows x.Shape[2] height) (positions forColumns x.Shape[3] width)

    /// <summary>A rectangle of the size from each example, at a place of its own.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The tensor is no batch of pictures.</exception>
    /// <exception cref="T:Cotangent.ValueException">The pictures are smaller.</exception>
    /// <example><code>
    /// ImageBatch.crop 24 24 (Key.create 0L) (Tensor.zeros DType.Float32 [ 8; 3; 32; 32 ]) // shape (8, 3, 24, 24)
    /// </code></example>
    let crop (height: int) (width: int) (key: Key) (x: Tensor) : Tensor =
        Given.check "key" key
        BatchParts.require "ImageBatch.crop" x

        if height < 1 || width < 1 || height > x.Shape[2] || width > x.Shape[3] then
            raise (
                ValueException
                    $"ImageBatch.crop: {height} × {width} pixels of pictures {BatchParts.shown x}; take 1 or more, and not more than there are. `x.Pad` makes them larger."
            )

        cropped height width key x

    /// <summary>Each example moved by up to so many pixels along both axes; zeros come in at the edges.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The tensor is no batch of pictures.</exception>
    /// <exception cref="T:Cotangent.ValueException">The number is negative.</exception>
    /// <example><code>
    /// ImageBatch.shift 4 (Key.create 0L) (Tensor.ones DType.Float32 [ 8; 3; 32; 32 ]) // shape (8, 3, 32, 32)
    /// </code></example>
    let shift (most: int) (key: Key) (x: Tensor) : Tensor =
        Given.check "key" key
        BatchParts.require "ImageBatch.shift" x
        Given.notNegative "ImageBatch.shift" "the number of pixels" (float most)
        x.Pad [ 0, 0; 0, 0; most, most; most, most ] |> cropped x.Shape[2] x.Shape[3] key

    /// <summary>(x - mean) / deviation, with one of each for each channel.</summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The tensor is no batch of pictures, or there are more or fewer numbers than channels.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The tensor isn't floating-point.</exception>
    /// <exception cref="T:Cotangent.ValueException">A deviation is not above 0, or a number not finite.</exception>
    /// <example><code>
    /// ImageBatch.normalize [| 0.5 |] [| 0.25 |] (Tensor.ones DType.Float32 [ 1; 1; 1; 2 ]) // [[[[2, 2]]]]
    /// </code></example>
    let normalize (mean: float[]) (deviation: float[]) (x: Tensor) : Tensor =
        Given.check "mean" mean
        Given.check "deviation" deviation
        BatchParts.requireFloat "ImageBatch.normalize" x

        if mean.Length <> x.Shape[1] || deviation.Length <> x.Shape[1] then
            raise (
                ShapeException
                    $"ImageBatch.normalize: {mean.Length} means and {deviation.Length} deviations for pictures {BatchParts.shown x}; give one of each for each of the {x.Shape[1]} channels."
            )

        if
            not (
                Array.forall Double.IsFinite mean
                && Array.forall (fun d -> d > 0.0 && Double.IsFinite d) deviation
            )
        then
            raise (
                ValueException
                    "ImageBatch.normalize: means must be finite numbers, deviations finite and above 0."
            )

        (x - BatchParts.perChannel x mean) / BatchParts.perChannel x deviation

    /// <summary>
    /// In each example a rectangle of its own in one colour (of levels from 0 to 1), with a probability: as <c>Augment.erase</c>. To be
    /// done before <c>normalize</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The tensor is no batch of pictures of 1, 3 or 4 channels.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The tensor isn't floating-point.</exception>
    /// <exception cref="T:Cotangent.ValueException">The probability isn't one, or the bounds are none.</exception>
    /// <example><code>
    /// let always = { Augment.erasingDefaults with Probability = 1.0 }
    /// (ImageBatch.erase always (Key.create 0L) (Tensor.ones DType.Float32 [ 1; 3; 8; 8 ])).Min() // 0
    /// </code></example>
    let erase (options: RandomErasing) (key: Key) (x: Tensor) : Tensor =
        Given.check "options" options
        Given.check "key" key
        BatchParts.requireFloat "ImageBatch.erase" x
        Given.probability "ImageBatch.erase" options.Probability
        Given.range "ImageBatch.erase" "areas" options.LeastArea options.MostArea
        Given.range "ImageBatch.erase" "ratios" options.LeastRatio options.MostRatio

        if not (Array.contains x.Shape[1] [| 1; 3; 4 |]) then
            raise (
                ShapeException
                    $"ImageBatch.erase: pictures {BatchParts.shown x}; a colour has 1, 3 or 4 channels."
            )

        let struct (erased, mask) = BatchErasing.rectangles options key x
        let fill = Color.channels x.Shape[1] options.Fill |> Array.map (fun level -> float level / 255.0)
        where (erased.And mask) (BatchParts.perChannel x fill) x

    let private requireAlpha operation alpha =
        if not (alpha > 0.0 && Double.IsFinite alpha) then
            raise (ValueException $"{operation}: alpha is {alpha}; it must be a finite number above 0.")

    /// How much of an example's own label stays, in the shape of labels.
    let private mixedLabels (share: Tensor) (order: Tensor) (y: Tensor) =
        let share = ((BatchParts.on y share).Convert y.DType).Reshape [ yield -1; for _ in 2 .. y.Rank -> 1 ]
        share * y + (1.0 - share) * y.Take(BatchParts.on y order, 0)

    /// <summary>
    /// Each example and its label mixed with those of another: λ of its own, 1 - λ of the other's, λ from Beta(alpha, alpha); Zhang,
    /// Cisse, Dauphin and Lopez-Paz, "mixup: Beyond empirical risk minimization", 2018, with a λ for each example. Labels are rows of
    /// probabilities.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The tensor is no batch of pictures, or labels are not a row for each.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The pictures aren't floating-point.</exception>
    /// <exception cref="T:Cotangent.ValueException">Alpha isn't above 0.</exception>
    /// <example><code>
    /// let x = Tensor.zeros DType.Float32 [ 4; 3; 8; 8 ]
    /// let y = Tensor.oneHot DType.Float32 10 (tensor [ 3; 1; 4; 1 ])
    /// let mixedX, mixedY = ImageBatch.mixup 0.2 (Key.create 0L) (x, y)
    /// mixedY.Sum 1 // [1, 1, 1, 1]
    /// </code></example>
    let mixup (alpha: float) (key: Key) (x: Tensor, y: Tensor) : Tensor * Tensor =
        Given.check "key" key
        BatchParts.requireFloat "ImageBatch.mixup" x
        BatchParts.requireLabels "ImageBatch.mixup" x y
        requireAlpha "ImageBatch.mixup" alpha
        let forShare, forOrder = Key.split key
        let share = BetaDraws.symmetric alpha x.Shape[0] forShare
        let order = Random.permutation forOrder x.Shape[0]
        let ofX = (BatchParts.perExample x share).Convert x.DType
        ofX * x + (1.0 - ofX) * x.Take(BatchParts.on x order, 0), mixedLabels share order y

    /// <summary>
    /// In each example a rectangle of another, and as much of its label as the rectangle takes up; its area is 1 - λ of the picture's, λ
    /// from Beta(alpha, alpha), less what lies outside: Yun et al., "CutMix", 2019, with a rectangle for each example.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The tensor is no batch of pictures, or labels are not a row for each.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The pictures aren't floating-point.</exception>
    /// <exception cref="T:Cotangent.ValueException">Alpha isn't above 0.</exception>
    /// <example><code>
    /// let x, y = Tensor.ones DType.Float32 [ 4; 3; 8; 8 ], Tensor.eye DType.Float32 4
    /// let mixed, rows = ImageBatch.cutmix 1.0 (Key.create 0L) (x, y)
    /// rows.Sum 1 // [1, 1, 1, 1]
    /// </code></example>
    let cutmix (alpha: float) (key: Key) (x: Tensor, y: Tensor) : Tensor * Tensor =
        Given.check "key" key
        BatchParts.requireFloat "ImageBatch.cutmix" x
        BatchParts.requireLabels "ImageBatch.cutmix" x y
        requireAlpha "ImageBatch.cutmix" alpha
        let n, height, width = x.Shape[0], x.Shape[2], x.Shape[3]
        let forShare, forOrder, forRow, forColumn = Key.split4 key
        let share = BetaDraws.symmetric alpha n forShare
        let order = Random.permutation forOrder n

        // Both ends along an axis: about a random middle, as far as the picture goes.
        let ends key size =
            let half = floor (sqrt (1.0 - share) * float size) / 2.0
            let middle = floor (Random.uniform key DType.Float32 [ n ] * float size)

            struct (clamp 0.0 (float size) (floor (middle - half)),
                    clamp 0.0 (float size) (floor (middle + half)))

        let struct (top, bottom) = ends forRow height
        let struct (left, right) = ends forColumn width
        let mask = BatchParts.rectangle x top bottom left right
        let own = 1.0 - (bottom - top) * (right - left) / float (height * width)
        where mask (x.Take(BatchParts.on x order, 0)) x, mixedLabels own order y

    /// <summary>
    /// All pictures in another size, by one matrix for the rows and one for the columns; the same numbers as <c>Geometry.resize</c>, not
    /// rounded to levels.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The tensor is no batch of pictures.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The tensor isn't floating-point, and the resampling not <c>Nearest</c>.</exception>
    /// <exception cref="T:Cotangent.ValueException">A size is below 1.</exception>
    /// <example><code>
    /// ImageBatch.resize Resampling.Bicubic 16 16 (Tensor.zeros DType.Float32 [ 8; 3; 32; 32 ]) // shape (8, 3, 16, 16)
    /// </code></example>
    let resize (resampling: Resampling) (height: int) (width: int) (x: Tensor) : Tensor =
        let operation = "ImageBatch.resize"
        BatchParts.require operation x
        Given.positive operation "the height" height
        Given.positive operation "the width" width

        match resampling with
        | Resampling.Nearest ->
            let positions size wanted = BatchParts.on x (tensor (Taps.nearest size wanted))
            x.Take(positions x.Shape[2] height, 2).Take(positions x.Shape[3] width, 3)
        | Resampling.Bilinear
        | Resampling.Bicubic
        | Resampling.Area ->
            BatchParts.requireFloat operation x

            let matrix size wanted =
                (BatchParts.on x (tensor (Taps.matrix (Taps.antialiased resampling size wanted) size)))
                    .Convert
                    x.DType

            let wide = if width = x.Shape[3] then x else matmul x (matrix x.Shape[3] width).T
            if height = x.Shape[2] then wide else matmul (matrix x.Shape[2] height) wide

    /// <summary>
    /// Each example seen through a matrix of its own, of a tensor (examples, 2, 3): the pixel at (column, row) is found in the old picture
    /// at matrix · (column, row, 1), where places are counted in pixels and centres lie at halves; on straight lines between pixels. What
    /// lies outside gets a number. Differentiable also by the matrices, as a spatial transformer (Jaderberg et al., 2015) needs it.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The tensor is no batch of pictures, or the matrices have another shape.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The tensor isn't floating-point.</exception>
    /// <example><code>
    /// // Two columns to the left.
    /// let matrix = tensor [ [ [ 1.0f; 0.0f; 2.0f ]; [ 0.0f; 1.0f; 0.0f ] ] ]
    /// ImageBatch.warp 0.0 matrix ((Tensor.arange DType.Float32 4).Reshape [ 1; 1; 1; 4 ]) // [[[[2, 3, 0, 0]]]]
    /// </code></example>
    let warp (fill: float) (matrices: Tensor) (x: Tensor) : Tensor =
        Given.check "matrices" matrices
        BatchParts.requireFloat "ImageBatch.warp" x

        if not matrices.DType.IsFloat || matrices.Shape <> [| x.Shape[0]; 2; 3 |] then
            raise (
                ShapeException
                    $"ImageBatch.warp: matrices {matrices.DType} {BatchParts.shown matrices} for pictures {BatchParts.shown x}; floating-point numbers of shape ({x.Shape[0]}, 2, 3) are wanted."
            )

        BatchWarping.apply fill matrices x

    /// <summary>Each example changed as <c>Geometry.affine</c> changes a picture, with straight lines between pixels.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The tensor is no batch of pictures, or there are more or fewer changes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The tensor isn't floating-point.</exception>
    /// <exception cref="T:Cotangent.ValueException">A change has numbers that <c>Geometry.affine</c> refuses.</exception>
    /// <example><code>
    /// // A column to the right, in the same size.
    /// let change = { Affine.Identity with TranslateX = 1.0 }
    /// ImageBatch.affine 0.0 [ change ] ((tensor [ 1.0; 2.0; 3.0 ]).Reshape [ 1; 1; 1; 3 ]) // [[[[0, 1, 2]]]]
    /// </code></example>
    let affine (fill: float) (changes: Affine seq) (x: Tensor) : Tensor =
        Given.check "changes" changes
        BatchParts.requireFloat "ImageBatch.affine" x
        let changes = Array.ofSeq changes

        if changes.Length <> x.Shape[0] then
            raise (
                ShapeException
                    $"ImageBatch.affine: {changes.Length} changes for pictures {BatchParts.shown x}; give one for each example."
            )

        changes |> Array.iter (Placement.require "ImageBatch.affine")

        let matrices =
            changes
            |> Array.map (fun change -> BatchWarping.rows (Placement.ofAffine x.Shape[2] x.Shape[3] change))

        BatchWarping.apply fill (tensor matrices) x

    /// <summary>Each example turned about its centre by an angle of its own, up to so many degrees to either side.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The tensor is no batch of pictures.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The tensor isn't floating-point.</exception>
    /// <exception cref="T:Cotangent.ValueException">The angle is negative or not finite.</exception>
    /// <example><code>
    /// ImageBatch.rotate 0.0 15.0 (Key.create 0L) (Tensor.ones DType.Float32 [ 8; 3; 32; 32 ]) // shape (8, 3, 32, 32)
    /// </code></example>
    let rotate (fill: float) (most: float) (key: Key) (x: Tensor) : Tensor =
        Given.check "key" key
        BatchParts.requireFloat "ImageBatch.rotate" x
        Given.notNegative "ImageBatch.rotate" "the angle" most
        let n, centerX, centerY = x.Shape[0], float x.Shape[3] / 2.0, float x.Shape[2] / 2.0
        let angle = (2.0 * Random.uniform key DType.Float32 [ n ] - 1.0) * (most * Math.PI / 180.0)
        let c, s = cos angle, sin angle

        let matrices =
            stack 1 [
                stack 1 [ c; -s; centerX - (c * centerX - s * centerY) ]
                stack 1 [ s; c; centerY - (s * centerX + c * centerY) ]
            ]

        BatchWarping.apply fill matrices x
