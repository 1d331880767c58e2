(**
---
title: Coming from NumPy
category: Use
categoryindex: 3
index: 2
description: NumPy's everyday functions and what they are in Cotangent; every right-hand side was run.
---
*)
(*** hide ***)
#load "../site/page.fsx"

open Page

(**
# Coming from NumPy

Every right-hand side on this page was run when it was made, after these definitions:
*)
(*** hide ***)
// begin
(*** show ***)
open Cotangent

let key = Key.create 0L
let x = tensor [ [ 1.0; 2.0; 3.0 ]; [ 4.0; 5.0; 6.0 ] ]
let y = Random.normal key DType.Float64 [ 2; 3 ]
let a, b = tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ], tensor [ [ 5.0; 6.0 ]; [ 7.0; 8.0 ] ]
let v, w = tensor [ 3.0; 1.0; 2.0; 1.0 ], tensor [ 1.0; 2.0; 3.0; 4.0 ]
let i = tensor [ 3; 1; 3 ]
let rows, columns = tensor [ 0; 1 ], tensor [ 2; 0 ]
(*** hide ***)
// end

let making = [
    "np.array([1., 2.])", "tensor [ 1.0; 2.0 ]"
    "np.zeros((2, 3)), np.ones_like(x), np.full((2, 3), 7.)",
    "Tensor.zeros DType.Float64 [ 2; 3 ], Tensor.onesLike x, Tensor.full DType.Float64 [ 2; 3 ] 7.0"
    "np.arange(10), np.arange(0, 1, 0.1)",
    "Tensor.arange DType.Int32 10, Tensor.arangeIn DType.Float64 0.0 1.0 0.1"
    "np.linspace(0, 1, 5), np.logspace(0, 3, 4)",
    "Tensor.linspace DType.Float64 0.0 1.0 5, Tensor.logspace DType.Float64 0.0 3.0 4"
    "np.geomspace(1, 8, 4)", "exp (Tensor.linspace DType.Float64 (log 1.0) (log 8.0) 4)"
    "np.eye(3), np.diag(v), np.tri(3)",
    "Tensor.eye DType.Float64 3, Tensor.diag v, (Tensor.ones DType.Float64 [ 3; 3 ]).Tril()"
    "np.meshgrid(v, w, indexing='ij')", "Tensor.meshgrid [ v; w ]"
    "np.random.default_rng(0).normal(size=(2, 3))",
    "Random.normal (Key.create 0L) DType.Float64 [ 2; 3 ]"
    "x.astype(np.float32), x.dtype, x.shape, x.ndim, x.size",
    "x.Convert DType.Float32, x.DType, x.Shape, x.Rank, x.Size"
    "x.tolist(), float(x[0, 0])", "x.ToData<float list list>(), float x[0, 0]"
    "np.load('a.npy'), np.load('a.npz')", "NumPy.readArray, NumPy.read"
]

let shaping = [
    "x.reshape(3, 2), x.ravel(), x.T", "x.Reshape [ 3; 2 ], x.Flatten(), x.T"
    "np.transpose(x, (1, 0)), np.swapaxes(x, 0, 1), np.moveaxis(x, 0, -1)",
    "x.Permute [ 1; 0 ], x.Transpose(0, 1), x.MoveAxis(0, -1)"
    "x[:, None], np.expand_dims(x, 0), np.squeeze(x)",
    "x.Unsqueeze 1, x.Unsqueeze 0, x.Squeeze()"
    "np.broadcast_to(v, (2, 4))", "v.Expand [ 2; 4 ]"
    "np.concatenate([x, y]), np.vstack([x, y]), np.hstack([x, y])",
    "concat 0 [ x; y ], concat 0 [ x; y ], concat 1 [ x; y ]"
    "np.stack([x, y], -1)", "stack -1 [ x; y ]"
    "np.split(v, [1, 3]), np.array_split(v, 3)", "v.SplitAt [ 1; 3 ], v.SplitEvenly 3"
    "np.tile(x, (2, 1)), np.repeat(x, 2, axis=0), np.repeat(x, [1, 2], axis=0)",
    "x.Tile [ 2; 1 ], x.Repeat(2, 0), x.Repeat(tensor [ 1; 2 ], 0)"
    "np.flip(x, 0), np.roll(x, 1, 0), np.rot90(x)", "x.Flip 0, x.Roll(1, 0), x.Rot90()"
    "np.pad(x, ((1, 1), (0, 2)))", "x.Pad [ (1, 1); (0, 2) ]"
    "np.pad(v, 2, 'reflect'), … 'symmetric', 'edge', 'wrap'",
    "[ PaddingMode.Reflect; PaddingMode.Symmetric; PaddingMode.Replicate; PaddingMode.Circular ]\n|> List.map (fun mode -> PaddingMode.pad mode [ (2, 2) ] v)"
    "sliding_window_view(v, 3)", "v.Unfold(0, 3)"
]

let indexing = [
    "x[0], x[-1, 1:3], x[..., 0]", "x[0], x[-1, 1..2], x[*, 0]"
    "v[::2], v[::-1]", "v.Slice [ Index.Range(None, None, 2) ], v.Flip()"
    "v[i], np.take(x, [2, 0], axis=1)", "v[i], x.Take(tensor [ 2; 0 ], 1)"
    "x[rows, columns]", "x.AtPoints([ rows; columns ]).Value"
    "x[np.ix_(rows, columns)]", "x.Slice [ Index.Take rows; Index.Take columns ]"
    "x[x > 2]", "x[x.Greater 2.0]"
    "x[0, 1] = 5., x[x > 2] = 0.", "x.At[0, 1].Set 5.0, x.At[x.Greater 2.0].Set 0.0"
    "x[rows, columns] = 7., np.add.at(x, (rows, columns), 1.)",
    "x.AtPoints([ rows; columns ]).Set 7.0, x.AtPoints([ rows; columns ]).Add 1.0"
    "np.multiply.at(v, i, 2.), np.maximum.at(v, i, 2.), np.minimum.at(v, i, 2.)",
    "v.At[i].Multiply 2.0, v.At[i].Max 2.0, v.At[i].Min 2.0"
    "np.take_along_axis(x, k, 1)", "x.Gather(tensor [ [ 2; 0 ]; [ 1; 1 ] ], 1)"
    "np.put_along_axis(x, k, 9., 1)",
    "x.Scatter(tensor [ [ 2 ]; [ 1 ] ], tensor [ [ 9.0 ]; [ 9.0 ] ], 1)"
    "np.where(x > 2, x, y)", "where (x.Greater 2.0) x y"
    "np.nonzero(x), np.argwhere(x), np.flatnonzero(x)",
    "(x.NonZero()).Unstack 1, x.NonZero(), x.Flatten().NonZero().Flatten()"
    "np.searchsorted(w, v), … side='right'",
    "w.SearchSorted v, w.SearchSorted(v, right = true)"
    "np.digitize(v, w)", "v.Digitize w"
    "np.unique(v), np.unique(v, return_inverse=True, return_counts=True)",
    "v.Unique(), v.UniqueAll()"
    "np.isin(v, [1., 2.])", "v.IsIn(tensor [ 1.0; 2.0 ])"
    "np.sort(v), np.argsort(-v), np.partition(v, -2)[-2:]",
    "v.Sort(), v.ArgSort(descending = true), fst (v.TopK 2)"
    "np.tril_indices(3)", "((Tensor.ones DType.Int32 [ 3; 3 ]).Tril().NonZero()).Unstack 1"
]

let reducing = [
    "x.sum(), x.mean(0), x.max(1, keepdims=True)",
    "sum x, x.Mean 0, x.Max([ 1 ], keepDims = true)"
    "x.std(), x.var(0, ddof=1)", "x.Std(), x.Variance(0, correction = 1)"
    "np.prod(x), np.ptp(x)", "x.Prod(), x.Max() - x.Min()"
    "x.argmax(1), np.any(x > 2), np.all(x > 0)",
    "x.ArgMax 1, (x.Greater 2.0).Any(), (x.Greater 0.0).All()"
    "np.count_nonzero(x)", "x.NotEqual(0.0).Sum()"
    "np.cumsum(v), np.cumprod(v), np.maximum.accumulate(v)",
    "v.CumulativeSum 0, v.CumulativeProd 0, v.CumulativeMax 0"
    "np.logaddexp.accumulate(v), np.minimum.accumulate(v)",
    "v.CumulativeLogSumExp 0, v.CumulativeMin 0"
    "np.diff(v), np.diff(x, n=2, axis=1)", "v.Diff(), x.Diff(1, 2)"
    "np.median(x), np.quantile(x, 0.25, axis=1), np.percentile(x, [25, 75])",
    "x.Median(), x.Quantile(0.25, 1), x.Quantiles [ 0.25; 0.75 ]"
    "scipy.stats.mode(v)", "v.Mode()"
    "np.bincount(i), np.histogram(v, bins=4), np.histogram(v, bins=w)",
    "i.BinCount(), v.Histogram 4, v.Histogram w"
    "np.average(v, weights=w)", "sum (v * w) / sum w"
    "np.interp(v, w, w ** 2)", "interp v w (w ** 2.0)"
    "np.add.reduceat, a sum for each group",
    "v.SegmentReduce(Reduce.Sum, tensor [ 0; 1; 1; 0 ], 2)"
]

let products = [
    "a @ b, np.dot(v, w), np.outer(v, w)", "matmul a b, dot v w, outer v w"
    "np.einsum('ij,jk->ik', a, b)", "einsum \"ij,jk->ik\" [ a; b ]"
    "a + 1j * b, z.real, z.imag, np.conj(z), np.angle(z)",
    "complex a b |> fun z -> real z, imag z, conj z, angle z"
    "np.fft.fft(v), np.fft.ifft(v), np.fft.rfft(v)", "fft v, ifft v, rfft v"
    "np.fft.irfft(np.fft.rfft(v), n=4)", "(rfft v).Irfft(length = 4)"
    "np.fft.fftn(x), np.fft.fft(x, axis=0, norm='ortho')",
    "x.Fftn(), x.Fft(axis = 0, norm = FourierNorm.Orthonormal)"
    "np.fft.fftfreq(8, 0.1), np.fft.fftshift(v)",
    "fftFrequencies DType.Float64 8 0.1, v.FftShift()"
    "np.tensordot(a, b, 1), np.inner(a, b)",
    "einsum \"ij,jk->ik\" [ a; b ], einsum \"ij,kj->ik\" [ a; b ]"
    "np.kron(a, b)",
    "einsum \"ij,kl->ikjl\" [ a; b ] |> rearrange \"i k j l -> (i k) (j l)\" []"
    "np.trace(a), np.diagonal(a), np.triu(a)", "trace a, a.Diagonal(), a.Triu()"
    "np.linalg.norm(x, axis=1), np.linalg.norm(x, 2)",
    "x.Norm 1, matrixNorm MatrixNorm.Spectral x"
    "np.linalg.solve(a, b), np.linalg.inv(a)", "solve a b, inv a"
    "np.linalg.det(a), np.linalg.slogdet(a)", "det a, slogdet a"
    "np.linalg.svd(x, full_matrices=False), np.linalg.svdvals(x)", "svd x, singularValues x"
    "np.linalg.lstsq(a, b)[0], np.linalg.pinv(x)", "lstsq a b, pinv x"
    "np.linalg.matrix_power(a, 3), np.linalg.matrix_rank(x), np.linalg.cond(x)",
    "matrixPower 3 a, x.MatrixRank(), conditionNumber x"
    "np.kron(a, b), np.vander(v, 3, increasing=True)", "kron a b, vander 3 v"
    "np.tensordot(a, b, ([1], [0]))", "a.TensorDot(b, [ 1 ], [ 0 ])"
    "np.cov(x), np.corrcoef(x)", "cov x, corrcoef x"
    "scipy.linalg.cholesky(m, lower=True), scipy.linalg.expm(a), scipy.linalg.toeplitz(v, w)",
    "cholesky (matmul a a.T), matrixExp a, toeplitz v w"
    "scipy.special.erfinv(p), ndtri(p), gammainc(v, w), iv(0, x)",
    "erfinv (tensor 0.5), ndtri (tensor 0.9), gammainc v w, besselI0 x"
    "np.log2(x), np.cbrt(x), np.logaddexp(a, b)", "log2 x, cbrt x, logAddExp a b"
    "scipy.spatial.distance.cdist(a, b)", "a.Cdist b"
]

let elementwise = [
    "np.exp(x), np.log1p(x), np.sqrt(x), np.abs(x)", "exp x, log1p x, sqrt x, abs x"
    "np.clip(x, 0, 1), np.clip(x, 0, None), np.clip(x, None, 1)",
    "clamp 0.0 1.0 x, clampMin 0.0 x, clampMax 1.0 x"
    "np.maximum(x, y), np.minimum(x, 0)", "maximum x y, clampMax 0.0 x"
    "x ** 2, np.sign(x), np.floor(x), x % 2", "x ** 2.0, x.Sign(), floor x, x % 2.0"
    "np.isnan(x), np.isfinite(x), np.nan_to_num(x)",
    "x.IsNaN(), x.IsFinite(), x.At[x.IsNaN()].Set 0.0"
    "np.allclose(x, y), np.isclose(x, y), np.array_equal(x, y)",
    "x.AllClose y, x.IsClose y, x.Equals y"
    "x > 2, (x > 2) & (x < 5)", "x.Greater 2.0, x.Greater(2.0) &&& x.Less 5.0"
]

let definitions =
    lines "docs/coming-from-numpy.fsx" "// begin" "// end" |> String.concat "\n"

runAll
    definitions
    ([ making; shaping; indexing; reducing; products; elementwise ]
     |> List.concat
     |> List.map snd)

(**
Four things are different throughout. A tensor never changes: what would assign returns a copy. Dtypes never meet silently: convert one
side; but a number written beside a tensor takes its dtype. Slices with two ends include both, as everywhere in F#: `1:3` is `1..2`. And
an index outside its axis is an error, never cut off.

## Making arrays
*)
(*** hide ***)
table "NumPy" making
(*** include-it-raw ***)

(**
## Shapes
*)
(*** hide ***)
table "NumPy" shaping
(*** include-it-raw ***)

(**
Axes by name instead of number are often clearer: see [axes by letters and names](einsum.html).

## Indices and searching

Brackets select along each axis by itself; NumPy's `x[rows, columns]`, which pairs the indices, is `AtPoints`.
*)
(*** hide ***)
table "NumPy" indexing
(*** include-it-raw ***)

(**
Where the size of a result depends on the numbers, as in `NonZero`, `Unique` or `Masked`, a compiled function needs it beforehand, as in
JAX: `t.NonZero(size = 10, fill = -1)`. Without one the error says so.

## Reductions
*)
(*** hide ***)
table "NumPy" reducing
(*** include-it-raw ***)

(**
`Median` is the mean of the two middle elements of an even number, as here; PyTorch's takes the lower.

## Products
*)
(*** hide ***)
table "NumPy" products
(*** include-it-raw ***)

(**
## Elementwise
*)
(*** hide ***)
table "NumPy" elementwise
(*** include-it-raw ***)
