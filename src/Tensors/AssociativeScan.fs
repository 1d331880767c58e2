namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Running results of any associative operation along an axis: neighbours are combined in pairs, of the pairs again, and on the
/// way back each gets what stands before it. 2n operations in 2 log₂ n steps, each on many elements, all differentiable.
module internal AssociativeScan =
    let private every axis start step count (t: Tensor) =
        Bind.one
            (Primitive.Slice {
                Full = t.Dims
                Start = t.Dims |> Array.mapi (fun i _ -> if i = axis then start else 0)
                Count = t.Dims |> Array.mapi (fun i d -> if i = axis then count else d)
                Step = t.Dims |> Array.mapi (fun i _ -> if i = axis && count > 1 then step else 1)
            })
            [| t |]

    /// The first of `even`, the first of `odd`, the second of `even`, … `even` may have one more.
    let private interleaved axis (even: Tensor) (odd: Tensor) : Tensor =
        let count = odd.Dims[axis]
        let pairs = stack (axis + 1) [ sliceAxis axis 0 count even; odd ]

        let flat =
            pairs.Reshape(Array.concat [ odd.Dims[.. axis - 1]; [| 2 * count |]; odd.Dims[axis + 1 ..] ])

        if even.Dims[axis] = count then
            flat
        else
            concat axis [ flat; sliceAxis axis count 1 even ]

    /// Of several tensors of the same size along the axis, which are combined together.
    let rec along (axis: int) (combine: Tensor[] -> Tensor[] -> Tensor[]) (xs: Tensor[]) : Tensor[] =
        let n = xs[0].Dims[axis]

        if n < 2 then
            xs
        else
            let half, rest = n / 2, (n - 1) / 2
            let part start count = Array.map (fun x -> every axis start 2 count x) xs
            let odd = along axis combine (combine (part 0 half) (part 1 half))
            let first = Array.map (fun x -> sliceAxis axis 0 1 x) xs

            let even =
                if rest = 0 then
                    first
                else
                    let later = combine (Array.map (fun x -> sliceAxis axis 0 rest x) odd) (part 2 rest)
                    Array.map2 (fun first later -> concat axis [ first; later ]) first later

            Array.map2 (fun even odd -> interleaved axis even odd) even odd

    /// Of one tensor, from the start or from the end.
    let running (axis: int) (reverse: bool) (combine: Tensor -> Tensor -> Tensor) (x: Tensor) : Tensor =
        let turned (x: Tensor) = if reverse then x.Flip axis else x
        let both (a: Tensor[]) (b: Tensor[]) = [| combine a[0] b[0] |]
        let results = along axis both [| turned x |]
        turned results[0]
