namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// Boxes around what is seen in images, as corners: (…, 4), each x₁, y₁, x₂, y₂ with x₁ ≤ x₂ and y₁ ≤ y₂.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Boxes =
    let private require (operation: string) (name: string) (boxes: Tensor) =
        Given.check name boxes
        Folds.requireFloat operation boxes

        if boxes.Rank < 1 || boxes.Dims[boxes.Rank - 1] <> 4 then
            raise (
                ShapeException
                    $"{operation}: {name} of shape {Shape.show boxes.Dims}; the last axis must have the 4 numbers of a box, x₁, y₁, x₂, y₂. `Boxes.ofCenters` makes them of centres and sizes."
            )

    let private requireRows (operation: string) (name: string) (boxes: Tensor) =
        require operation name boxes

        if boxes.Rank < 2 then
            raise (
                ShapeException
                    $"{operation}: {name} of shape {Shape.show boxes.Dims}; several boxes (…, n, 4) are needed. `Unsqueeze 0` makes one of a single box."
            )

    let private part first count (t: Tensor) = sliceAxis (t.Rank - 1) first count t

    /// <summary>Corners of boxes given by centres and sizes, (…, 4), each x, y, width, height.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The last axis is not 4 long.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Boxes.ofCenters (tensor [ 3.0; 4.0; 2.0; 6.0 ]) // [2, 1, 4, 7]
    /// </code></example>
    let ofCenters (boxes: Tensor) : Tensor =
        require "Boxes.ofCenters" "boxes" boxes
        let center, half = part 0 2 boxes, part 2 2 boxes * 0.5
        concat -1 [ center - half; center + half ]

    /// <summary>Centres and sizes of boxes, (…, 4), each x, y, width, height: the inverse of <c>Boxes.ofCenters</c>.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The last axis is not 4 long.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Boxes.toCenters (tensor [ 2.0; 1.0; 4.0; 7.0 ]) // [3, 4, 2, 6]
    /// </code></example>
    let toCenters (boxes: Tensor) : Tensor =
        require "Boxes.toCenters" "boxes" boxes
        let first, last = part 0 2 boxes, part 2 2 boxes
        concat -1 [ (first + last) * 0.5; last - first ]

    let private areaOf (boxes: Tensor) : Tensor = (part 2 2 boxes - part 0 2 boxes).Prod -1

    /// <summary>The areas of boxes: (…, 4) to (…).</summary>
    /// <exception cref="T:Cotangent.ShapeException">The last axis is not 4 long.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// Boxes.area (tensor [ 2.0; 1.0; 4.0; 7.0 ]) // 12
    /// </code></example>
    let area (boxes: Tensor) : Tensor =
        require "Boxes.area" "boxes" boxes
        areaOf boxes

    /// <summary>
    /// Intersection over union (Jaccard's index) of each of some boxes with each of others: (…, n, 4) and (…, m, 4) to (…, n, m).
    /// Of two boxes without area it is 0. Differentiable by both.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The last axis is not 4 long, or there are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <example><code>
    /// let boxes = tensor [ [ 0.0; 0.0; 2.0; 2.0 ]; [ 1.0; 0.0; 3.0; 2.0 ] ]
    /// Boxes.iou boxes boxes // [[1, 0.3333], [0.3333, 1]]
    /// </code></example>
    let iou (a: Tensor) (b: Tensor) : Tensor =
        let operation = "Boxes.iou"
        Given.check "a" a
        Given.check "b" b
        requireRows operation "a" a
        requireRows operation "b" b
        Operands.sameDType operation a b
        let down, across = a.Unsqueeze(a.Rank - 1), b.Unsqueeze(b.Rank - 2)
        let first = maximum (part 0 2 down) (part 0 2 across)
        let last = minimum (part 2 2 down) (part 2 2 across)
        let common = (clampMin 0.0 (last - first)).Prod -1
        let union = areaOf down + areaOf across - common
        let isEmpty = union.LessEqual 0.0
        where isEmpty (Tensor.zerosLike union) (common / where isEmpty (Tensor.onesLike union) union)

    /// Marks in the order of falling scores, and that order. A box is kept if no box before it that is kept overlaps it. Whether
    /// it is depends on those before alone, so that rounds which mark all boxes at once, from those that all are kept, come to
    /// rest, mostly after two or three.
    let private marked (threshold: float) (boxes: Tensor) (scores: Tensor) : struct (Tensor * Tensor) =
        let order = scores.ArgSort(0, descending = true)
        let sorted = boxes.Take(order, 0)
        let overlaps = (iou sorted sorted).Greater threshold

        let covers =
            overlaps.And(((Tensor.onesLike scores).Unsqueeze 1 * Tensor.onesLike scores).Triu(1).Greater 0.0)

        let next (kept: Tensor) = (kept.Unsqueeze 1).And(covers).Any(0).Not()
        let all = scores.Equal scores
        let all = all.Or(all.Not())

        let kept, _ =
            whileLoop
                (fun (kept: Tensor, before: Tensor) -> (kept.NotEqual before).Any())
                (fun (kept, _) -> next kept, kept)
                (next all, all)

        struct (kept, order)

    let private requireScores (operation: string) (boxes: Tensor) (scores: Tensor) =
        Given.check "boxes" boxes
        Given.check "scores" scores
        requireRows operation "boxes" boxes
        Folds.requireFloat operation scores

        if boxes.Rank <> 2 || scores.Rank <> 1 || scores.Dims[0] <> boxes.Dims[0] then
            raise (
                ShapeException
                    $"{operation}: boxes of shape {Shape.show boxes.Dims} and scores of shape {Shape.show scores.Dims}; they must be (n, 4) and (n,). `vmap` takes batches."
            )

    /// <summary>
    /// Which of n boxes are left by non-maximum suppression: from the best score on, each box is kept that overlaps none of those
    /// kept before by more than a threshold of intersection over union. Boxes (n, 4) and scores (n,) to Bool (n,). It compiles and
    /// batches; nothing has a derivative.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The shapes are not (n, 4) and (n,).</exception>
    /// <exception cref="T:Cotangent.DTypeException">Boxes or scores are not floating-point.</exception>
    /// <example><code>
    /// let boxes = tensor [ [ 0.0; 0.0; 2.0; 2.0 ]; [ 0.0; 0.0; 2.0; 2.2 ]; [ 5.0; 5.0; 6.0; 6.0 ] ]
    /// Boxes.isKept 0.5 boxes (tensor [ 0.6; 0.9; 0.3 ]) // [false, true, true]
    /// </code></example>
    let isKept (threshold: float) (boxes: Tensor) (scores: Tensor) : Tensor =
        requireScores "Boxes.isKept" boxes scores

        if boxes.Dims[0] = 0 then
            Tensor.zeros DType.Bool [ 0 ]
        else
            let struct (kept, order) = marked threshold (Bind.detach boxes) (Bind.detach scores)
            kept.Take(order.ArgSort(), 0)

    /// <summary>
    /// Non-maximum suppression: the positions of the boxes that <c>Boxes.isKept</c> keeps, Int32, from the best score on. What
    /// torchvision calls <c>nms</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The shapes are not (n, 4) and (n,).</exception>
    /// <exception cref="T:Cotangent.DTypeException">Boxes or scores are not floating-point.</exception>
    /// <exception cref="T:Cotangent.TraceException">
    /// Inside a transformation that does not know the numbers: <c>Boxes.nonMaximumSuppressionOf</c> has a result of fixed size.
    /// </exception>
    /// <example><code>
    /// let boxes = tensor [ [ 0.0; 0.0; 2.0; 2.0 ]; [ 0.0; 0.0; 2.0; 2.2 ]; [ 5.0; 5.0; 6.0; 6.0 ] ]
    /// Boxes.nonMaximumSuppression 0.5 boxes (tensor [ 0.6; 0.9; 0.3 ]) // [1, 2]
    /// </code></example>
    let nonMaximumSuppression (threshold: float) (boxes: Tensor) (scores: Tensor) : Tensor =
        let operation = "Boxes.nonMaximumSuppression"
        requireScores operation boxes scores

        for t in [ boxes; scores ] do
            CountedSize.named "size, by `Boxes.nonMaximumSuppressionOf`," operation None t (fun () ->
                Tensor.scalar DType.Int32 0.0)
            |> ignore

        if boxes.Dims[0] = 0 then
            Tensor.zeros DType.Int32 [ 0 ]
        else
            let struct (kept, order) = marked threshold (Bind.detach boxes) (Bind.detach scores)
            order.Masked kept

    /// <summary>
    /// The same with a result of so many positions, as <c>compile</c> and <c>vmap</c> need: the best, and if there are fewer, then -1.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The shapes are not (n, 4) and (n,).</exception>
    /// <exception cref="T:Cotangent.DTypeException">Boxes or scores are not floating-point.</exception>
    /// <exception cref="T:Cotangent.ValueException">The size is negative.</exception>
    /// <example><code>
    /// let boxes = tensor [ [ 0.0; 0.0; 2.0; 2.0 ]; [ 0.0; 0.0; 2.0; 2.2 ]; [ 5.0; 5.0; 6.0; 6.0 ] ]
    /// Boxes.nonMaximumSuppressionOf 3 0.5 boxes (tensor [ 0.6; 0.9; 0.3 ]) // [1, 2, -1]
    /// </code></example>
    let nonMaximumSuppressionOf (size: int) (threshold: float) (boxes: Tensor) (scores: Tensor) : Tensor =
        let operation = "Boxes.nonMaximumSuppressionOf"
        requireScores operation boxes scores

        if size < 0 then
            raise (ValueException $"{operation}: a size of {size}; 0 or more is needed.")

        if boxes.Dims[0] = 0 then
            Tensor.full DType.Int32 [ size ] -1.0
        else
            let struct (kept, order) = marked threshold (Bind.detach boxes) (Bind.detach scores)
            order.Masked(kept, size, fill = -1.0)
