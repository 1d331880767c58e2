namespace Cotangent.Images

open Cotangent

/// Random rectangles of the examples of a batch.
module internal BatchErasing =
    [<Literal>]
    let private Tries = 10

    /// For each example, whether it is erased, (n, 1, 1, 1), and the rectangle where, as a mask. Of ten rectangles the first that is smaller
    /// than the picture, as `Rectangles.forErasing` takes it.
    let rectangles (options: RandomErasing) (key: Key) (x: Tensor) : struct (Tensor * Tensor) =
        let n, height, width = x.Shape[0], float x.Shape[2], float x.Shape[3]
        let forUse, forArea, forRatio, forPlace = Key.split4 key
        let uniform key shape = Random.uniform key DType.Float32 shape
        let between low high (u: Tensor) = low + (high - low) * u

        let area =
            between options.LeastArea options.MostArea (uniform forArea [ n; Tries ]) * (height * width)

        let ratio =
            exp (between (log options.LeastRatio) (log options.MostRatio) (uniform forRatio [ n; Tries ]))

        let h, w = round (sqrt (area / ratio)), round (sqrt (area * ratio))

        let fits = ((h.Less height).And(w.Less width)).And((h.Greater 0.0).And(w.Greater 0.0))

        let chosen = (fits.Convert DType.Int32).ArgMax(1, keepDims = true)
        let first (t: Tensor) = (t.Gather(chosen, 1)).Squeeze 1
        let h, w = first h, first w
        let place = uniform forPlace [ 2; n ]
        let top = floor (place.Slice [ Index.At 0 ] * (height - h + 1.0))
        let left = floor (place.Slice [ Index.At 1 ] * (width - w + 1.0))
        let erased = (fits.Any 1).And((uniform forUse [ n ]).Less options.Probability)
        struct (BatchParts.perExample x erased, BatchParts.rectangle x top (top + h) left (left + w))
