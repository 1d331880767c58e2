module internal Cotangent.Solvers.Tests.Near

open Cotangent
open Expecto

/// The numbers of a tensor, one after another.
let numbers (t: Tensor) : float[] = ((t.Convert DType.Float64).Reshape [ t.Size ]).ToData<float[]>()

/// The largest difference, beside 1 or the number expected where that is larger.
let distance (expected: float[]) (found: float[]) =
    if expected.Length <> found.Length then
        infinity
    else
        Array.map2
            (fun a b -> if abs (a - b) >= 0.0 then abs (a - b) / max 1.0 (abs a) else infinity)
            expected
            found
        |> Array.fold max 0.0

let near tolerance (expected: float seq) (found: Tensor) what =
    let expected, found = Array.ofSeq expected, numbers found

    if not (distance expected found <= tolerance) then
        failtest $"%s{what}: expected %A{expected}, got %A{found}: off by {distance expected found}"

/// The derivative of a function of a vector, by central differences.
let differences step (f: Tensor -> Tensor) (x: Tensor) : float[] =
    let x = numbers x

    [|
        for i in 0 .. x.Length - 1 ->
            let moved by = Array.mapi (fun k value -> if k = i then value + by else value) x |> tensor
            (float (f (moved step)) - float (f (moved -step))) / (2.0 * step)
    |]
