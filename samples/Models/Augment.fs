/// Images (n, channels, height, width) changed at random, each in its own way, and still of the same kind.
module Models.Augment

open Cotangent

/// Each turned over, left to right, with probability 1/2.
let flips (key: Key) (images: Tensor) : Tensor =
    let isTurned = Random.bernoulli key 0.5 [ images.Shape[0]; 1; 1; 1 ]
    where isTurned (images.Flip 3) images

/// Each moved by up to so many pixels along both axes; zeros come in at the edges.
let shifts (most: int) (key: Key) (images: Tensor) : Tensor =
    let n, height, width = images.Shape[0], images.Shape[2], images.Shape[3]
    let forRows, forColumns = Key.split key
    let padded = images.Pad [ 0, 0; 0, 0; most, most; most, most ]

    /// For each image the positions along an axis of the padded one that it shows.
    let window key size =
        Random.integers key 0L (2L * int64 most + 1L) DType.Int32 [ n; 1 ] + Tensor.arange DType.Int32 size

    (padded, window forRows height, window forColumns width)
    |> vmap (fun (image, rows, columns) -> image.Take(rows, 1).Take(columns, 2))
