namespace Cotangent.Torch

open Cotangent
open Cotangent.Engines
open Cotangent.Torch.Basic

/// Decompositions of matrices, by LAPACK and its like, made as unique as ours.
module internal DecompositionKernels =
    let private text parameters lines = $"def f({parameters}):\n  " + String.concat "\n  " lines + "\n"

    let private isEmpty (results: Signature[]) = results |> Array.forall (fun r -> Shape.count r.Shape = 0)

    /// An error about the first matrix of a batch of which a script says that something is wrong: not 0, Int32.
    let private refuse (f: Frame) info (batch: int[]) (message: string -> string) =
        let wrong = Transfer.read f info DType.Int32 batch :?> HostBuffer<int>
        let count = Shape.count batch

        Matrices.refuse batch (Array.init count (fun i -> wrong.Items[wrong.Offset + i] <> 0)) message

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

    /// l, and for each matrix whether there is none.
    let cholesky (f: Frame) x (batch: int[]) : nativeint =
        let results =
            Script.callAll
                f
                (text "x" [
                    "y = x * 0.5 + x.transpose(-2, -1) * 0.5"
                    "l, info = torch.linalg_cholesky_ex(y)"
                    // Of NaN it is NaN.
                    "bad = torch.isnan(torch.sum(y, [-2, -1]))"
                    "l = torch.masked_fill(l, bad.unsqueeze(-1).unsqueeze(-1), float('nan'))"
                    "return [torch.tril(l), torch.masked_fill(info, bad, 0)]"
                ])
                [| x |]

        refuse f results[1] batch Cholesky.refusal
        results[0]

    /// l and u in one, the order of the rows, and whether it is odd.
    let lu (f: Frame) x : nativeint[] =
        Script.callAll
            f
            (text "x" [
                "lu, p, info = torch.linalg_lu_factor_ex(x)"
                "order = torch.lu_unpack(lu, p, False, True)[0]"
                "k = torch.arange(1, p.size(-1) + 1, dtype=3, device=x.device)"
                "odd = torch.remainder(torch.sum((p != k).to(3), -1), 2)"
                "return [lu, torch.argmax(order, -2).to(3), odd.to(3)]"
            ])
            [| x |]

    let private solved = [
        "y, p, info = torch.linalg_lu_factor_ex(x)"
        "zero = torch.any(torch.diagonal(y, 0, -2, -1) == 0, -1)"
    ]

    let solve (f: Frame) isTransposed a b (batch: int[]) : nativeint =
        let adjoint = if isTransposed then "True" else "False"

        let results =
            Script.callAll
                f
                (text "x, b" [
                    yield! solved
                    $"return [torch.linalg_lu_solve(y, p, b, left=True, adjoint={adjoint}), zero.to(3)]"
                ])
                [| a; b |]

        refuse f results[1] batch (Matrices.singular "solve")
        results[0]

    let invert (f: Frame) x (batch: int[]) : nativeint =
        let results =
            Script.callAll
                f
                (text "x" [
                    yield! solved
                    "b = torch.eye(x.size(-1), dtype=x.dtype, device=x.device).expand_as(x)"
                    "return [torch.linalg_lu_solve(y, p, b), zero.to(3)]"
                ])
                [| x |]

        refuse f results[1] batch (Matrices.singular "inv")
        results[0]

    /// Of matrices with numbers that are not finite all is NaN, for which libtorch has an error.
    let private parted = [
        "ok = torch.all(torch.all(torch.isfinite(x), -1, True), -2, True)"
        "u, s, v = torch.linalg_svd(torch.where(ok, x, torch.zeros_like(x)), False)"
    ]

    /// The first element of each column of u that is at least half as large as the largest is positive.
    let svd (f: Frame) x : nativeint[] =
        Script.callAll
            f
            (text "x" [
                yield! parted
                "a = torch.abs(u)"
                "i = torch.argmax((a >= torch.amax(a, -2, True) * 0.5).to(3), -2, True)"
                "d = torch.where(torch.gather(u, -2, i) < 0, -1.0, 1.0).to(x.dtype)"
                "no = torch.logical_not(ok)"
                "u = torch.masked_fill(u * d, no, float('nan'))"
                "s = torch.masked_fill(s, no.squeeze(-1), float('nan'))"
                "v = torch.masked_fill(v * d.transpose(-2, -1), no, float('nan'))"
                "return [u, s, v]"
            ])
            [| x |]

    let singularValues (f: Frame) x : nativeint =
        Script.call
            f
            (text "x" [
                "ok = torch.all(torch.all(torch.isfinite(x), -1, True), -2, True)"
                "s = torch.linalg_svdvals(torch.where(ok, x, torch.zeros_like(x)))"
                "return torch.masked_fill(s, torch.logical_not(ok).squeeze(-1), float('nan'))"
            ])
            [| x |]

    let pseudoInverse (f: Frame) (relative: float) x : nativeint =
        let share = relative.ToString("R", System.Globalization.CultureInfo.InvariantCulture)

        Script.call
            f
            (text "x" [
                yield! parted
                $"k = s > torch.amax(s, -1, True) * {share}"
                "i = torch.where(k, 1.0 / s, torch.zeros_like(s))"
                "y = torch.matmul(v.transpose(-2, -1) * i.unsqueeze(-2), u.transpose(-2, -1))"
                "return torch.masked_fill(y, torch.logical_not(ok), float('nan'))"
            ])
            [| x |]

    /// Of 16-bit floats libtorch's is NaN.
    let exponential (f: Frame) x (dtype: DType) : nativeint =
        let isHalf = DTypes.isHalf dtype
        let wide = if isHalf then cast f x DType.Float32 else x
        let y = Script.call f (text "x" [ "return torch.linalg_matrix_exp(x)" ]) [| wide |]
        if isHalf then cast f y dtype else y
