namespace Cotangent.Images

open System
open Cotangent

/// What functions of batches (examples, channels, height, width) share.
module internal BatchParts =
    let shown (x: Tensor) = "(" + String.Join(", ", x.Shape) + ")"

    let require (operation: string) (x: Tensor) =
        Given.check "x" x

        if x.Rank <> 4 || Array.contains 0 x.Shape[1..] then
            raise (
                ShapeException
                    $"{operation}: a tensor of shape {shown x}; a batch of pictures (examples, channels, height, width) is wanted. `x.Unsqueeze 0` makes one of a single picture."
            )

    let requireFloat (operation: string) (x: Tensor) =
        require operation x

        if not x.DType.IsFloat then
            raise (
                DTypeException
                    $"{operation}: a batch of {x.DType}; floating-point numbers are wanted. `x.Convert DType.Float32 / 255.0` makes them of levels."
            )

    /// A tensor on the device of a batch.
    let on (x: Tensor) (t: Tensor) = t.To x.Device

    /// One number for each example, in a shape that meets a batch.
    let perExample (x: Tensor) (t: Tensor) : Tensor = (on x t).Reshape [ -1; 1; 1; 1 ]

    /// Numbers of the channels, in a shape that meets a batch.
    let perChannel (x: Tensor) (numbers: float[]) : Tensor =
        ((on x (tensor numbers)).Convert x.DType).Reshape [ 1; numbers.Length; 1; 1 ]

    /// The rectangle that each example takes out, at positions (examples, height) and (examples, width) that may be traced.
    let window (x: Tensor) (rows: Tensor) (columns: Tensor) : Tensor =
        (x, on x rows, on x columns)
        |> vmap (fun (image, rows, columns) -> image.Take(rows, 1).Take(columns, 2))

    /// Where rows from top to below bottom and columns from left to before right meet; each bound one number for each example.
    let rectangle (x: Tensor) (top: Tensor) (bottom: Tensor) (left: Tensor) (right: Tensor) : Tensor =
        let inside axis (low: Tensor) (high: Tensor) =
            let positions = on x (Tensor.arange DType.Float32 x.Shape[axis])
            let positions = positions.Reshape(if axis = 2 then [ 1; 1; -1; 1 ] else [ 1; 1; 1; -1 ])
            (positions.GreaterEqual(perExample x low)).And(positions.Less(perExample x high))

        (inside 2 top bottom).And(inside 3 left right)

    /// Labels that can be mixed.
    let requireLabels (operation: string) (x: Tensor) (y: Tensor) =
        Given.check "y" y

        if not y.DType.IsFloat || y.Rank < 1 || y.Shape[0] <> x.Shape[0] then
            raise (
                ShapeException
                    $"{operation}: labels {y.DType} {shown y} for pictures {shown x}; floating-point numbers are wanted, a row for each example. `Tensor.oneHot DType.Float32 classes labels` makes them of classes."
            )
