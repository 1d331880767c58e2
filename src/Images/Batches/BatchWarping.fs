namespace Cotangent.Images

open Cotangent

/// Batches seen through affine placements, on straight lines between pixels.
module internal BatchWarping =
    /// The numbers of a placement as the rows of a matrix (2, 3).
    let rows (placement: Placement) = [
        [ placement.XX; placement.XY; placement.X ]
        [ placement.YX; placement.YY; placement.Y ]
    ]

    /// Each example's new pixel (row, column) is the old picture's at matrix · (column, row, 1), places counted in pixels with centres at
    /// halves.
    let apply (fill: float) (matrices: Tensor) (x: Tensor) : Tensor =
        let n, channels, height, width = x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]
        // Sixteen bits can't tell the places of a large picture.
        let dtype = if x.DType = DType.Float64 then DType.Float64 else DType.Float32
        let matrices = (BatchParts.on x matrices).Convert dtype
        let entry i j = matrices.Slice([ Index.All; Index.At i; Index.At j ]).Reshape [ n; 1; 1 ]
        let positions count = BatchParts.on x (Tensor.arange dtype count) + 0.5
        let u = (positions width).Reshape [ 1; 1; width ]
        let v = (positions height).Reshape [ 1; height; 1 ]
        let place i = (entry i 0 * u + entry i 1 * v + entry i 2).Reshape [ n; height * width ]
        let column, row = place 0, place 1

        let inside =
            ((column.GreaterEqual 0.0).And(column.Less(float width)))
                .And((row.GreaterEqual 0.0).And(row.Less(float height)))

        let column, row = column - 0.5, row - 0.5
        let left, above = floor column, floor row
        let share (t: Tensor) = (t.Convert x.DType).Unsqueeze 1
        let s, t = share (column - left), share (row - above)
        let pixels = x.Reshape [ n; channels; height * width ]
        let within size (t: Tensor) = clamp 0.0 (float (size - 1)) t

        let at below right =
            let rows = (within height (above + float below)).Convert DType.Int32
            let columns = (within width (left + float right)).Convert DType.Int32

            (pixels, rows * width + columns) |> vmap (fun (image, positions) -> image.Take(positions, 1))

        let first = at 0 0 * (1.0 - s) + at 0 1 * s
        let second = at 1 0 * (1.0 - s) + at 1 1 * s
        let mixed = first * (1.0 - t) + second * t

        (where (inside.Unsqueeze 1) mixed (Tensor.fullLike mixed fill)).Reshape [ n; channels; height; width ]
