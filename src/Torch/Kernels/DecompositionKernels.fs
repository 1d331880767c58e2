namespace Cotangent.Torch

open Cotangent
open Cotangent.Torch.Basic

/// Decompositions of matrices, by LAPACK and its like, made as unique as ours.
module internal DecompositionKernels =
    let private text parameters lines = $"def f({parameters}):\n  " + String.concat "\n  " lines + "\n"

    let private isEmpty (results: Signature[]) = results |> Array.forall (fun r -> Shape.count r.Shape = 0)

    let triangularSolve (f: Frame) isUpper a b =
        let upper = if isUpper then "True" else "False"

        Script.call f (text "a, b" [ $"return torch.linalg_solve_triangular(a, b, upper={upper})" ]) [|
            a
            b
        |]

    /// Nothing negative on the diagonal of r.
    let qr (f: Frame) x (results: Signature[]) : nativeint[] =
        if isEmpty results then
            results |> Array.map (fun r -> zeros f r.DType r.Shape)
        else
            Script.callAll
                f
                (text "x" [
                    "q, r = torch.linalg_qr(x, 'reduced')"
                    "d = torch.where(torch.diagonal(r, 0, -2, -1) < 0, -1.0, 1.0).to(x.dtype)"
                    "return [q * d.unsqueeze(-2), r * d.unsqueeze(-1)]"
                ])
                [| x |]

    /// The first element of each vector that is at least half as large as the largest is positive.
    let eigh (f: Frame) x (results: Signature[]) : nativeint[] =
        if isEmpty results then
            results |> Array.map (fun r -> zeros f r.DType r.Shape)
        else
            Script.callAll
                f
                (text "x" [
                    "w, v = torch.linalg_eigh(x * 0.5 + x.transpose(-2, -1) * 0.5, 'L')"
                    "a = torch.abs(v)"
                    "i = torch.argmax((a >= torch.amax(a, -2, True) * 0.5).to(3), -2, True)"
                    "d = torch.where(torch.gather(v, -2, i) < 0, -1.0, 1.0).to(x.dtype)"
                    "return [w, v * d]"
                ])
                [| x |]
