(**
---
title: Coming from PyTorch, JAX, DiffSharp, TorchSharp
category: Use
categoryindex: 3
index: 1
description: Tables from what you know to Cotangent; every right-hand side was run.
---
*)
(*** hide ***)
#load "../site/page.fsx"

open Page

(**
# Coming from PyTorch, JAX, DiffSharp, TorchSharp

Every right-hand side on this page was run when it was made, after these definitions:
*)
(*** hide ***)
// begin
(*** show ***)
open Cotangent

let key, key2 = Key.split (Key.create 0L)
let x = tensor [ [ 1.0f; 2.0f; 3.0f ]; [ 4.0f; 5.0f; 6.0f ] ]
let y = Random.normal key DType.Float32 [ 2; 3 ]
let labels = tensor [ 0; 2 ]
let gain, bias = tensor [ 1.0f; 1.0f; 1.0f ], tensor [ 0.0f; 0.0f; 0.0f ]
let q, k, v = x, y, 2.0f * x
let a, b = tensor [ [ 4.0f; 1.0f ]; [ 1.0f; 3.0f ] ], tensor [ 0.5f; 0.25f ]
let f (x: Tensor) = sum (sin x * x)
let layer = Linear.init Linear.defaults 3 3 key2
let loss layer = Loss.meanSquaredError y (Linear.forward layer x)
let optimizer = Optimizer.adam 1e-3
let state = optimizer.Init layer
let path = System.IO.Path.GetTempFileName()
(*** hide ***)
// end

let torch = [
    "torch.tensor([[1., 2.], [3., 4.]])", "tensor [ [ 1.0f; 2.0f ]; [ 3.0f; 4.0f ] ]"
    "torch.zeros(2, 3)", "Tensor.zeros DType.Float32 [ 2; 3 ]"
    "torch.arange(10), torch.arange(0, 10, 2)",
    "Tensor.arange DType.Int32 10, tensor [ 0..2..9 ]"
    "x.shape, x.dtype, x.device", "x.Shape, x.DType, x.Device"
    "x.to(torch.float64)", "x.Convert DType.Float64"
    "x.sum().item()", "float (sum x)"
    "x.numpy()", "x.ToData<float32[,]>()"
    "x[0], x[:, 1:3], x[:, -1]", "x[0], x[*, 1..2], x[*, -1]"
    "x[mask]", "x[x.Greater 2.0]"
    "x[0, 1] = 5", "x.At[0, 1].Set 5.0"
    "x.view(3, 2), x.T, x.permute(1, 0)", "x.Reshape [ 3; 2 ], x.T, x.Permute [ 1; 0 ]"
    "x.unsqueeze(-1), x.squeeze()", "x.Unsqueeze -1, x.Squeeze()"
    "torch.cat([x, y]), torch.stack([x, y])", "concat 0 [ x; y ], stack 0 [ x; y ]"
    "x @ y.T", "matmul x y.T"
    "torch.einsum('ij,kj->ik', x, y)", "einsum \"ij,kj->ik\" [ x; y ]"
    "torch.complex(x, y), torch.polar(x, y), z.real, z.conj()",
    "complex x y |> fun z -> polar x y, real z, conj z"
    "torch.fft.fft(x), torch.fft.rfft(x), torch.fft.fft2(x)", "fft x, rfft x, fft2 x"
    "torch.fft.irfft(torch.fft.rfft(x), n=3)", "(rfft x).Irfft(length = 3)"
    "torch.hann_window(4)", "SignalWindow.hann DType.Float32 4"
    "einops.rearrange(x, 'h (w c) -> c h w', c=3)",
    "rearrange \"h (w c) -> c h w\" [ (\"c\", 3) ] x"
    "einops.reduce(x, 'h w -> w', 'mean'), einops.repeat(x, 'h w -> h w c', c=3)",
    "reduce \"h w -> w\" Reduce.Mean [] x, repeat \"h w -> h w c\" [ (\"c\", 3) ] x"
    "x.gather(1, i), x.take_along_dim(i, 1)", "x.Gather(tensor [ [ 2; 0 ]; [ 1; 1 ] ], 1)"
    "x.scatter(1, i, u), x.scatter_add(1, i, u)",
    "let i, u = tensor [ [ 2 ]; [ 1 ] ], tensor [ [ 7.0f ]; [ 8.0f ] ]\nx.Scatter(i, u, 1), x.ScatterAdd(i, u, 1)"
    "x.scatter_reduce(1, i, u, 'amax')",
    "x.ScatterReduce(Reduce.Max, tensor [ [ 2 ]; [ 1 ] ], tensor [ [ 7.0f ]; [ 8.0f ] ], 1)"
    "x[rows, columns], x.index_put((rows, columns), u)",
    "let part = x.AtPoints [ tensor [ 0; 1 ]; tensor [ 2; 0 ] ]\npart.Value, part.Set(tensor [ 7.0f; 8.0f ])"
    "x.nonzero(), x.unique(), x.flatten().bincount()",
    "x.NonZero(), x.Unique(), labels.BinCount()"
    "x.cumsum(1), x.cumprod(1), x.cummax(1).values, x.logcumsumexp(1)",
    "x.CumulativeSum 1, x.CumulativeProd 1, x.CumulativeMax 1, x.CumulativeLogSumExp 1"
    "x.quantile(0.25, dim=1), x.median(), x.mode(dim=1)",
    "x.Quantile(0.25, 1), x.Quantile(0.5, how = QuantileMethod.Lower), x.Mode 1"
    "torch.searchsorted(v, x), torch.bucketize(x, v)",
    "x[0].SearchSorted x, x[0].SearchSorted x"
    "torch.cdist(x, y), x.diff(), x.rot90()", "x.Cdist y, x.Diff(), x.Rot90()"
    "x.unfold(1, 2, 1), x.tensor_split(2), x.flatten(0, 1)",
    "x.Unfold(1, 2), x.SplitEvenly 2, x.Flatten(0, 1)"
    "x.expand(-1, 3), x.clamp(min=0)", "x.Expand [ -1; 3 ], clampMin 0.0 x"
    "x.sum(), x.mean(dim=0, keepdim=True)", "sum x, x.Mean([ 0 ], keepDims = true)"
    "x.max(dim=1).values, x.argmax(dim=1)", "x.Max [ 1 ], x.ArgMax 1"
    "x.std(), x.var(0)", "x.Std(correction = 1), x.Variance([ 0 ], correction = 1)"
    "x.diagonal(), x.tril(), torch.diag(v)", "x.Diagonal(), x.Tril(), Tensor.diag x[0]"
    "x.repeat(2, 1), x.repeat_interleave(2, 0)", "x.Tile [ 2; 1 ], x.Repeat(2, 0)"
    "x.split([1, 2], 1), x.chunk(2), x.unbind()",
    "x.Split([ 1; 2 ], 1), x.Chunk 2, x.Unstack()"
    "torch.linalg.solve(a, b), torch.linalg.inv(a), a.det()", "solve a b, inv a, det a"
    "torch.linalg.slogdet(a), torch.logdet(a)", "slogdet a, logAbsDet a"
    "torch.linalg.cholesky(a), torch.linalg.lu(a)", "cholesky a, lu a"
    "torch.linalg.solve_triangular(a, b, upper=True)", "a.SolveTriangular(b, upper = true)"
    "torch.linalg.svd(x, full_matrices=False), torch.linalg.svdvals(x)",
    "svd x, singularValues x"
    "torch.linalg.lstsq(x, b).solution, torch.linalg.pinv(x)", "lstsq a b, pinv x"
    "torch.linalg.matrix_exp(a), torch.linalg.matrix_power(a, 3)",
    "matrixExp a, matrixPower 3 a"
    "torch.linalg.matrix_norm(x, 'nuc'), torch.linalg.matrix_rank(x)",
    "matrixNorm MatrixNorm.Nuclear x, x.MatrixRank()"
    "torch.kron(x, y), torch.cross(x, y), torch.tensordot(x, y, ([1], [1]))",
    "kron x y, cross x y, x.TensorDot(y, [ 1 ], [ 1 ])"
    "torch.cov(x), torch.corrcoef(x)", "cov x, corrcoef x"
    "torch.special.xlogy(x, x), torch.special.ndtri(b)", "xlogy x x, ndtri b"
    "torch.special.gammainc(x, x), torch.special.i0e(x)", "gammainc x x, besselI0e x"
    "torch.allclose(x, y)", "x.AllClose y"
    "torch.where(x > 0, x, y)", "where (x.Greater 0.0) x y"
    "x.clamp(-1, 1)", "clamp -1.0 1.0 x"
    "F.softmax(x, -1), x.logsumexp(-1)", "softmax x, x.LogSumExp [ -1 ]"
    "torch.manual_seed(0); torch.randn(2, 3)",
    "Random.normal (Key.create 0L) DType.Float32 [ 2; 3 ]"
    "x.requires_grad_(); f(x).backward(); x.grad", "grad f x"
    "x.detach()", "stopGradient x"
    "torch.autograd.grad(..., create_graph=True)", "grad (fun x -> norm (grad f x)) x"
    "torch.func.vmap(f)(x)", "vmap f x"
    "torch.func.jvp(f, (x,), (y,))", "jvp f x y"
    "torch.compile(f)(x)", "compile f x"
    "x.to('cuda'), x.cpu()", "x.To(List.last (Device.available ())), x.To Device.Cpu"
    "F.conv2d(x, w, padding=1)",
    "convolve { Window.plain with Padding = Padding.Around 1 } (Tensor.ones DType.Float32 [ 8; 3; 3; 3 ]) (Tensor.zeros DType.Float32 [ 2; 3; 9; 9 ])"
    "F.max_pool2d(x, 2), F.avg_pool2d(x, 2)",
    "let image = Tensor.zeros DType.Float32 [ 1; 3; 8; 8 ]\nmaxPool [ 2; 2 ] (Window.stride 2) image, averagePool [ 2; 2 ] (Window.stride 2) image"
    "F.avg_pool2d(x, 2, padding=1), F.max_pool2d(x, 2, return_indices=True)",
    "let image, window = Tensor.zeros DType.Float32 [ 1; 3; 8; 8 ], { Window.stride 2 with Padding = Padding.Around 1 }\naveragePoolWithZeros [ 2; 2 ] window image, maxPoolWithPositions [ 2; 2 ] (Window.stride 2) image"
    "F.max_unpool2d(values, indices, 2)",
    "let values, positions = maxPoolWithPositions [ 2; 2 ] (Window.stride 2) (Tensor.zeros DType.Float32 [ 1; 3; 8; 8 ])\nmaxUnpool [ 8; 8 ] positions values"
    "F.unfold(x, 3), F.fold(columns, 8, 3)",
    "let columns = unfoldWindows [ 3; 3 ] Window.plain (Tensor.zeros DType.Float32 [ 1; 3; 8; 8 ])\nfoldWindows [ 8; 8 ] [ 3; 3 ] Window.plain columns"
    "F.grid_sample(x, grid, padding_mode='border')",
    "(Tensor.zeros DType.Float32 [ 1; 3; 8; 8 ]).GridSample(Tensor.zeros DType.Float32 [ 1; 5; 5; 2 ], padding = PaddingMode.Replicate)"
    "F.pad(x, (1, 1), mode='reflect')", "PaddingMode.pad PaddingMode.Reflect [ (1, 1) ] x"
    "nn.Linear(3, 8)",
    "Linear.init { Linear.defaults with Weight = Init.inverseRoot; Bias = Some Init.inverseRoot } 3 8 key"
    "nn.Conv2d(3, 16, 3, padding=1)",
    "Convolution.init { Convolution.defaults with Window = Window.same } [ 3; 3 ] (3, 16) key"
    "nn.ConvTranspose2d(16, 3, 2, stride=2)",
    "TransposedConvolution.init { TransposedConvolution.defaults with Window = Window.stride 2 } [ 2; 2 ] (16, 3) key"
    "nn.BatchNorm2d(3)(x), model.train()",
    "BatchNorm.train (BatchNorm.create 3) (Tensor.zeros DType.Float32 [ 2; 3; 9; 9 ])"
    "nn.BatchNorm2d(3)(x), model.eval()",
    "BatchNorm.forward (BatchNorm.create 3) (Tensor.zeros DType.Float32 [ 2; 3; 9; 9 ])"
    "nn.GroupNorm(4, 16), nn.LayerNorm(16)", "GroupNorm.create 4 16, LayerNorm.create 16"
    "nn.Dropout(0.5)(x)", "Dropout.train (Dropout.create 0.5) key x"
    "nn.Dropout2d(0.5)", "Dropout.init Dropped.Channels 0.5"
    "F.interpolate(x, scale_factor=2, mode='bilinear')",
    "(Tensor.zeros DType.Float32 [ 1; 3; 8; 8 ]).Resize([ 16; 16 ], Interpolation.Linear)"
    "F.adaptive_avg_pool2d(x, 1).flatten(1)",
    "globalAveragePool (Tensor.zeros DType.Float32 [ 1; 3; 8; 8 ])"
    "nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))",
    "Sequential.create [ Linear.create 3 8 (Key.fold 0L key); Activation.Relu; Linear.create 8 1 (Key.fold 1L key) ]"
    "nn.ModuleList([block() for _ in range(48)])",
    "Repeat.fold Linear.forward (Repeat.create 48 (Linear.create 3 3) key) x"
    "F.elu(x), F.hardswish(x), F.glu(x)",
    "elu 1.0 x, hardswish x, glu -1 (concat -1 [ x; x ])"
    "register_buffer('mean', mean)", "Frozen(Tensor.zeros DType.Float32 [ 3 ])"
    "nn.RMSNorm(16), nn.InstanceNorm2d(3)", "RmsNorm.create 16, InstanceNorm.create 3"
    "nn.Embedding(100, 16)(labels)",
    "Embedding.forward (Embedding.create 100 16 key) labels"
    "nn.MultiheadAttention(8, 2, batch_first=True)(x, x, x)",
    "MultiHeadAttention.forward (MultiHeadAttention.create 8 2 key) (Tensor.zeros DType.Float32 [ 2; 5; 8 ])"
    "nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2), 6)",
    "TransformerEncoder.create 6 8 2 key"
    "nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2), 6)",
    "TransformerDecoder.initWithMemory TransformerDecoder.defaults 8 6 8 2 key"
    "nn.LSTM(3, 5, batch_first=True)(x), nn.GRU(3, 5)",
    "Lstm.forward (Lstm.create 3 5 key) x, Gru.create 3 5 key"
    "nn.LSTM(3, 5, num_layers=2, bidirectional=True)",
    "Lstm.init { Lstm.defaults with Layers = 2; IsBidirectional = true } 3 5 key"
    "nn.PixelShuffle(2)(x)", "pixelShuffle 2 (Tensor.zeros DType.Float32 [ 1; 4; 8; 8 ])"
    "sum(p.numel() for p in model.parameters())", "Model.count layer"
    "model.named_parameters()", "Tree.entries layer"
    "for p in model.encoder.parameters(): p.requires_grad_(False)",
    "(Optimizer.adam 1e-3 |> Optimizer.freeze (Selection.named [ \"weight\" ])).Init layer"
    "F.mse_loss(x, y)", "Loss.meanSquaredError y x"
    "F.cross_entropy(x, labels)", "Loss.crossEntropy labels x"
    "F.cross_entropy(x, labels, label_smoothing=0.1, ignore_index=-100)",
    "Loss.crossEntropyWith { Loss.crossEntropyDefaults with Smoothing = 0.1; Ignored = Some -100 } labels x"
    "F.binary_cross_entropy_with_logits(x, y)",
    "Loss.binaryCrossEntropyWithLogits (sigmoid y) x"
    "F.huber_loss(x, y), F.smooth_l1_loss(x, y), F.l1_loss(x, y)",
    "Loss.huber 1.0 y x, Loss.smoothL1 1.0 y x, Loss.meanAbsoluteError y x"
    "F.ctc_loss(…), F.kl_div(…), F.triplet_margin_loss(…)",
    "Loss.ctc, Loss.klDivergence (softmax y) (logSoftmax x), Loss.triplet 1.0 x y (2.0f * y)"
    "F.layer_norm(x, [n], gain, bias)", "x.LayerNorm(gain = gain, bias = bias)"
    "F.scaled_dot_product_attention(q, k, v)", "attend Attention.full q k v"
    "opt.zero_grad(); loss.backward(); opt.step()",
    "Optimizer.step optimizer (grad loss layer) state layer"
    "clip_grad_norm_(model.parameters(), 1.0)",
    "(Optimizer.chain [ Optimizer.clipByGlobalNorm 1.0; Optimizer.sgd 0.1 ]).Init layer"
    "optim.SGD(params, 0.1, momentum=0.9)", "(Optimizer.momentum 0.1).Init layer"
    "optim.AdamW(params, 1e-3, betas=(0.9, 0.95))",
    "(Optimizer.adamW (1e-3, beta2 = 0.95)).Init layer"
    "optim.AdamW([{'params': decayed}, {'params': rest, 'weight_decay': 0}])",
    "(Optimizer.adamW (1e-3, decayed = Selection.where (fun leaf -> leaf.Tensor.Rank > 1))).Init layer"
    "[{'params': head, 'lr': 1e-2}, …]",
    "(Optimizer.groups [ Selection.all, Optimizer.sgd 1e-2 ]).Init layer"
    "p.requires_grad = False",
    "(Optimizer.adam 1e-3 |> Optimizer.freeze (Selection.named [ \"bias\" ])).Init layer"
    "lr_scheduler.OneCycleLR(opt, 0.1, total_steps=1000)",
    "(Optimizer.sgd (Schedule.oneCycle 0.1 1000)).Init layer"
    "SequentialLR(LinearLR(…, total_iters=100), CosineAnnealingLR(…, T_max=900))",
    "Schedule.warmUp 100 (Schedule.cosine 1e-3 0.0 900)"
    "scheduler.get_last_lr()", "(Schedule.cosine 1e-3 0.0 900).At 450"
    "lr_scheduler.ReduceLROnPlateau(opt)",
    "Plateau.update Plateau.defaults (loss layer) (Plateau.start Plateau.defaults)"
    "AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.999))",
    "WeightAverage.start layer |> WeightAverage.exponential 0.999 layer"
    "optim.LBFGS(params, line_search_fn=\"strong_wolfe\")",
    "LBfgs.start LBfgs.defaults loss layer |> LBfgs.step LBfgs.defaults loss"
    "autocast(dtype=bfloat16)", "MixedPrecision.computeIn DType.BFloat16 f x"
    "GradScaler()", "LossScale.valueAndGrad (LossScale.start LossScale.dynamic) loss layer"
    "torch.save(model.state_dict(), path), safetensors.torch.save_file(…)",
    "Checkpoint.save path layer"
    "model.load_state_dict(torch.load(path))", "Checkpoint.load path layer"
    "model.load_state_dict(weights, strict=False)",
    "Checkpoint.loadWith { Checkpoint.defaults with KeepMissing = true; IgnoreExtra = true } path layer"
    "safetensors.torch.load_file(path)", "Safetensors.read path"
    "torch.load('weights.pt')", "PyTorch.read"
    "for epoch in range(10): for batch in loader: …",
    "let step x batch = x + mean (batch: Tensor), x\nTrain.run { Train.defaults with Epochs = 10 } step (Data.batches 2 key x) (tensor 0.0f)"
    "tqdm(loader)",
    "let step x batch = x + mean (batch: Tensor), x\nlet run progress = Train.run { Train.defaults with Progress = progress } step (Data.batches 2 key x) (tensor 0.0f)\nProgress.show \"training\" run"
    "torch.profiler.profile()", "Profile.run (fun () -> f x)"
    "torchmetrics.Accuracy(), sklearn.metrics.roc_auc_score(…)",
    "Metric.accuracy labels x, Metric.rocAuc (tensor [ true; false ]) (tensor [ 0.9; 0.2 ])"
    "torch.autograd.detect_anomaly()", "Debug.checkNumbers (fun () -> grad f x)"
]

let jax = [
    "jnp.array([1., 2.])", "tensor [ 1.0f; 2.0f ]"
    "x.at[0].set(0.)", "x.At[0].Set 0.0"
    "x.at[jnp.array([0, 0])].add(1.)", "x.At[tensor [ 0; 0 ]].Add 1.0"
    "x.at[i].multiply(2.), x.at[i].max(2.)",
    "x.At[tensor [ 0; 0 ]].Multiply 2.0, x.At[tensor [ 0; 0 ]].Max 2.0"
    "x.at[rows, columns].set(7.)",
    "x.AtPoints([ tensor [ 0; 1 ]; tensor [ 2; 0 ] ]).Set 7.0"
    "jnp.nonzero(x, size=4, fill_value=-1)",
    "compile (fun (x: Tensor) -> x.NonZero(size = 4, fill = -1)) x"
    "jnp.unique(x, size=4, fill_value=0)",
    "compile (fun (x: Tensor) -> x.Unique(size = 4)) x"
    "jax.ops.segment_sum(x, labels, 3)", "x.SegmentReduce(Reduce.Sum, labels, 3)"
    "jnp.repeat(x, n, axis=0, total_repeat_length=3)",
    "x.Repeat(tensor [ 1; 2 ], 0, length = 3)"
    "jax.random.key(0)", "Key.create 0L"
    "k1, k2 = jax.random.split(key)", "let k1, k2 = Key.split key in k1, k2"
    "jax.random.fold_in(key, 7)", "Key.fold 7L key"
    "jax.random.normal(key, (2, 3))", "Random.normal key DType.Float32 [ 2; 3 ]"
    "jnp.linalg.solve(a, b), jnp.linalg.inv(a), jnp.linalg.det(a)",
    "solve a b, inv a, det a"
    "jsp.linalg.cho_factor(a), jsp.linalg.solve_triangular(l, b, lower=True)",
    "(cholesky a).SolveTriangular b"
    "jsp.linalg.expm(a), jsp.linalg.sqrtm(a), jnp.linalg.norm(a, 2)",
    "matrixExp a, matrixSqrt a, matrixNorm MatrixNorm.Spectral a"
    "jsp.special.logsumexp(x), jsp.special.betainc(x, x, y)",
    "logSumExp x, betainc x x (sigmoid y)"
    "jsp.stats.norm.cdf(x), norm.logcdf(x), norm.ppf(p)", "ndtr x, logNdtr x, ndtri b"
    "jax.grad(f)(x)", "grad f x"
    "jax.value_and_grad(f)(x)", "valueAndGrad f x"
    "jax.grad(f, has_aux=True)(x)", "gradWith (fun x -> f x, x.Mean()) x"
    "jax.jvp(f, (x,), (y,))", "jvp f x y"
    "y, pull = jax.vjp(f, x)", "let y, pull = vjp f x in pull y"
    "jax.linearize(f, x)", "linearize f x"
    "jax.linear_transpose(f, x)", "linearTranspose (fun (x: Tensor) -> x.T) x"
    "jax.jacrev(f)(x), jax.jacfwd(f)(x)", "jacobian sin x[0], jacobianForward sin x[0]"
    "jax.hessian(f)(x)", "hessian f x[0]"
    // There the terms are derivatives, here coefficients: those over k!.
    "jax.experimental.jet.jet(f, (x,), ((y, 2 * y),))", "jet f [ x; y; y ]"
    "jax.vmap(f)(x)", "vmap f x"
    "jax.vmap(f, in_axes=(0, None))(x, v)",
    "vmapWith { In = [ Some 0; None ]; Out = 0 } (fun (a, b) -> dot a b) (x, y[0])"
    "jax.lax.stop_gradient(x)", "stopGradient x"
    "jax.jit(f)(x)", "compile f x"
    "jax.checkpoint(f)(x)", "checkpoint f x"
    "jax.checkpoint(f, policy=dots_saveable)(x)",
    "checkpointWith CheckpointPolicy.Products f x"
    "save_only_these_names(\"h\"), checkpoint_name(x, \"h\")",
    "CheckpointPolicy.Names [ \"h\" ], checkpointName \"h\" x"
    "save_anything_except_these_names(\"h\")", "CheckpointPolicy.AllExcept [ \"h\" ]"
    "jax.eval_shape(f, x)", "evalShape f x"
    "@jax.custom_batching.custom_vmap",
    "withBatching (fun (batch: BatchedArgument<Tensor>) -> sin batch.Value) sin x"
    "lax.fori_loop(0, 10, lambda i, x: x / 2, x)", "iterate 10 (fun x -> x / 2.0) x"
    "lax.fori_loop(0, 10, lambda i, x: x * i, x)",
    "iteratei 10 (fun i x -> x * i.Convert DType.Float32) x"
    "lax.scan(lambda s, x: (s + x, s), 0., xs)",
    "scan (fun s x -> s + x, s) (tensor 0.0f) x[0]"
    "lax.cond(p, f, g, x)", "cond ((sum x).Greater 0.0) f (fun x -> -(f x)) x"
    "lax.switch(i, [f, g], x)", "switch (tensor 1) [ f; (fun x -> -(f x)) ] x"
    "lax.associative_scan(jnp.multiply, x)",
    "associativeScan (fun (x: Tensor) y -> x * y) x"
    "@jax.custom_vjp", "withDerivative (Derivative.Pull(fun x c -> c * cos x)) sin x"
    "jax.tree.map(f, tree)", "Tree.map (fun t -> t * 2.0) layer"
    "jax.tree.leaves(tree)", "Tree.leaves layer"
    "flat, unravel = ravel_pytree(tree); unravel(flat)",
    "let flat = Tree.toVector layer\nTree.ofVector layer flat"
    "jax.test_util.check_grads(f, (x,), 1)",
    "Debug.checkDerivative f (x.Convert DType.Float64)"
    "optax.adam(1e-3).init(params)", "(Optimizer.adam 1e-3).Init layer"
    "updates, state = opt.update(g, state, params)",
    "optimizer.Update (grad loss layer) state layer"
    "optax.chain(a, b)", "Optimizer.chain [ Optimizer.clipByGlobalNorm 1.0; optimizer ]"
    "optax.warmup_cosine_decay_schedule(...)",
    "Schedule.warmUp 100 (Schedule.cosine 1e-3 0.0 1000)"
    "optax.masked(opt, mask), optax.multi_transform(…)",
    "(Optimizer.groups [ Selection.all, optimizer ]).Init layer"
    "optax.apply_if_finite(opt, …)", "(Optimizer.skipNonFinite optimizer).Init layer"
    "optax.MultiSteps(opt, 4)", "(Optimizer.accumulate 4 optimizer).Init layer"
    "jax.config.update(\"jax_debug_nans\", True)", "Debug.checkNumbers (fun () -> f x)"
    "jax.debug.print(\"x: {}\", x)", "Debug.print \"x\" x"
    "jax.debug.callback(seen, x)", "Debug.observe ignore x"
    "jax.pure_callback(g, x, x)", "hostCall x (fun x -> x * 2.0) x"
]

let diffSharp = [
    "dsharp.tensor([1.; 2.])", "tensor [ 1.0f; 2.0f ]"
    "dsharp.zeros([2; 3])", "Tensor.zeros DType.Float32 [ 2; 3 ]"
    "x.double()", "x.Convert DType.Float64"
    "dsharp.diff f x, dsharp.diffn 3 f x", "diff sin (tensor 1.0), diffn 3 sin (tensor 1.0)"
    "dsharp.grad f x", "grad f x"
    "dsharp.fgrad f x  // value and gradient", "valueAndGrad f x"
    "dsharp.gradv f x v  // directional derivative", "snd (jvp f x y)"
    "dsharp.gradhessian f x", "grad f x[0], hessian f x[0]"
    "dsharp.hessianv f x v", "hvp f x y"
    "dsharp.jacobian f x, dsharp.jacobianTv f x v",
    "jacobian sin x[0], snd (vjp sin x[0]) y[0]"
    "dsharp.laplacian f x, dsharp.curl f x, dsharp.divergence f x",
    "laplacian f x[0], curl sin x[0], divergence sin x[0]"
    "x.forwardDiff(tag, y), x.reverseDiff() and reverse()", "jvp f x y, vjp f x"
    "Linear(3, 8) --> relu --> Linear(8, 1)", "Mlp.create [ 3; 8; 1 ] Activation.Relu key"
    "model.parametersVector", "concat 0 [ for t in Tree.leaves layer -> t.Flatten() ]"
    "Optimizer.adam(model, dataset, loss, lr = dsharp.tensor(1e-3))",
    "Optimizer.step (Optimizer.adam 1e-3) (grad loss layer) state layer"
    "a.det(), a.inv(), a.solve(b)", "det a, inv a, solve a b"
    "x.cov(), x.corrcoef()", "cov x, corrcoef x"
    "dsharp.seed(0)", "Key.create 0L"
]

let torchSharp = [
    "torch.tensor(new[] { 1f, 2f })", "tensor [| 1.0f; 2.0f |]"
    "torch.zeros(2, 3, dtype: ScalarType.Float32)", "Tensor.zeros DType.Float32 [ 2; 3 ]"
    "x.data<float>().ToArray()", "x.Flatten().ToData<float32[]>()"
    "x[TensorIndex.Colon, TensorIndex.Slice(1, 3)]", "x[*, 1..2]"
    "x.requires_grad = true; f(x).backward(); x.grad", "grad f x"
    "class Net : Module<Tensor, Tensor> { … RegisterComponents(); }",
    "Linear.forward layer x"
    "torch.no_grad()", "f x"
    "optim.Adam(model.parameters())", "(Optimizer.adam 1e-3).Init layer"
]

/// With the packages beside the core.
let around = [
    "TensorDataset(x, labels)", "Dataset.ofTensors (x, labels)"
    "class Mine(Dataset): __len__, __getitem__", "Dataset.init 100L (fun i -> float32 i)"
    "random_split(dataset, [0.9, 0.1])",
    "Dataset.split key [ 0.9; 0.1 ] (Dataset.ofTensors (x, labels))"
    "ConcatDataset([a, b]), Subset(a, [0, 1])",
    "let a = Dataset.ofTensors x\nDataset.concat [ a; a ], Dataset.subset [ 0L; 1L ] a"
    "WeightedRandomSampler([1., 3.], 10)",
    "Dataset.sample key [ 1.0; 3.0 ] 10L (Dataset.ofTensors x)"
    "DataLoader(dataset, 2, shuffle=True, num_workers=4)",
    "Loader.createWith { Loader.defaults with Workers = 4 } (Dataset.ofTensors x |> Dataset.shuffle key |> Dataset.batch 2)"
    "pad_sequence(sequences, batch_first=True)", "Collate.pad 0.0 [| x[0]; x[0, 0..1] |]"
    "datasets.FashionMNIST('data', train=True)", "fun () -> ReadySets.fashionMnist true"
    "datasets.ImageFolder('pictures')", "ImageFolder.read"
    "pandas.read_csv('a.csv'), pyarrow.parquet.read_table(…)",
    "Csv.read Csv.defaults [ Column.Numbers(\"a\", DType.Float32) ], ParquetFile.read"
    "numpy.load('a.npy'), h5py.File('a.h5')", "NumPy.read, Hdf5.read"
    "Image.open('a.png')", "Image.load"
    "transforms.ToTensor()(image)", "Image.toTensor (Image.filled 8 8 Color.White)"
    "transforms.Resize(8), transforms.CenterCrop(8)",
    "Geometry.resizeShorter Resampling.Bilinear 8, Geometry.cropCenter 8 8"
    "transforms.RandomHorizontalFlip(), RandomResizedCrop(8)",
    "Augment.flip 0.5 key, Augment.cropResized Augment.cropDefaults 8 8 key"
    "transforms.Normalize([0.5], [0.25])(batch)",
    "ImageBatch.normalize [| 0.5 |] [| 0.25 |] (Tensor.ones DType.Float32 [ 2; 1; 8; 8 ])"
    "v2.MixUp()(images, targets)",
    "ImageBatch.mixup 0.2 key (Tensor.ones DType.Float32 [ 2; 1; 8; 8 ], Tensor.ones DType.Float32 [ 2; 10 ])"
    "utils.make_grid(images)",
    "Image.grid 8 1 (Image.unstack (Tensor.ones DType.Float32 [ 16; 1; 8; 8 ]))"
    "tokenizers.Tokenizer.from_file(…)", "TextTokenizer.Letters \"abc\""
    "SummaryWriter('runs/1')",
    "TensorBoard.writer (System.IO.Path.GetTempFileName() + \"d\")"
    "wandb.init()", "RunPage.writer (System.IO.Path.GetTempFileName() + \".html\")"
    "d = Normal(0., 2.); d.log_prob(x); d.rsample((3,))",
    "let d = Normal(tensor 0.0f, tensor 2.0f)\nd.LogProb x, d.Sample(key, 3)"
    "Categorical(logits=x)", "Categorical.OfLogits x"
    "kl_divergence(Exponential(2.), Exponential(1.))",
    "Distribution.kl (Exponential(tensor 2.0)) (Exponential(tensor 1.0))"
    "TransformedDistribution(Normal(0., 1.), [ExpTransform()])",
    "TransformedNumber(Normal(tensor 0.0, tensor 1.0), Bijections.Exp)"
    "MCMC(NUTS(model), num_samples=200).run(data)",
    "let logDensity (x: Tensor) = Normal(tensor 0.0, tensor 1.0).LogProb x\nNuts.sample { Nuts.defaults with Draws = 200 } logDensity (tensor 0.0) key"
    "mcmc.summary(), diagnostics.split_gelman_rubin(draws)",
    "let draws = Random.normal key DType.Float64 [ 4; 100 ]\nSummary.Of draws, Diagnostics.RHat draws"
    "SVI(model, AutoNormal(model), optimizer, Trace_ELBO())",
    "Variational.meanField { Variational.defaults with Steps = 200 } (fun x -> -0.5 * square x) (tensor 0.0) key"
]

let packages =
    [
        "#I \"../tests/Data/bin/Release/net10.0\""
        "#r \"Sylvan.Data.Csv.dll\""
        "#r \"Microsoft.ML.Tokenizers.dll\""
        "#r \"Cotangent.Data.dll\""
        "#I \"../src/Images/bin/Release/net10.0\""
        "#r \"SkiaSharp.dll\""
        "#r \"Cotangent.Images.dll\""
        "#I \"../src/Charts/bin/Release/net10.0\""
        "#r \"Cotangent.Charts.dll\""
        "#I \"../src/Distributions/bin/Release/net10.0\""
        "#r \"Cotangent.Distributions.dll\""
        "open Cotangent.Images"
        "open Cotangent.Charts"
        "open Cotangent.Distributions"
        "open Cotangent.Inference"
    ]
    |> List.map _.Replace("\"..", "\"" + repository.Replace("\\", "/"))
    |> String.concat "\n"

let definitions = lines "docs/coming-from.fsx" "// begin" "// end" |> String.concat "\n"
runAll definitions (torch @ jax @ diffSharp @ torchSharp |> List.map snd)
runAll $"{packages}\n{definitions}" (List.map snd around)

(**
## PyTorch

Three differences run through the table. Nothing is changed in place: what would mutate returns a copy. Differentiation is
a function of functions, not a property of tensors: there is no `requires_grad`, no `.grad`, no `backward`, no
`no_grad`. And a model is data: no base class, no registered parameters, no `train()` and `eval()`.
*)
(*** hide ***)
table "PyTorch" torch
(*** include-it-raw ***)

(**
Slices include both ends: PyTorch's `1:3` is F#'s `1..2`. The weight of a `Linear` has the shape (inputs, outputs), that of
PyTorch's `nn.Linear` (outputs, inputs); `PyTorch.read` and [its page](checkpoints.html) say how weights come over. A new `nn.Linear` starts from other numbers than
`Linear.defaults` (Glorot, biases 0), hence `Init.inverseRoot`. `Variance` and `Std` divide by $n$, as NumPy's do, unless a
`correction` is given. A loss takes the target first and stretches nothing: `(B, 1)` against `(B)` is an error. Dtypes
don't promote: convert one side.

## The libraries around PyTorch

Data, pictures, charts and distributions are in packages of their own: `Cotangent.Data`, `Cotangent.Images`, `Cotangent.Charts` and
`Cotangent.Distributions`. Their pages are [Data](data.html), [Pictures](images.html), [Watching a training](watching.html) and
[Probability distributions](distributions.html) and [Bayesian inference](inference.html).
*)
(*** hide ***)
table "torch.utils.data, torchvision, pandas, TensorBoard, torch.distributions, Pyro" around
(*** include-it-raw ***)

(**
## JAX

The transformations are the same and mean the same. What is differentiated with respect to is *one* tree: where JAX has
`argnums`, close over the rest, or pass a tuple or record. `if float x > 0.0` works inside `grad` and `jvp`, as it does in
JAX without `jit`; inside `vmap` a tensor has no single number, and the error says so: use `where`.
*)
(*** hide ***)
table "JAX, Optax" jax
(*** include-it-raw ***)

(**
`make_jaxpr` is `Compile.graph`. For `static_argnums`, what is no tensor in the argument is static by itself. `jax_enable_x64` has no counterpart:
`1.0` is Float64, and layers are Float32 unless `DType` of their options says otherwise. `block_until_ready` is `Device.synchronize`.

Keys have no shape and no dtype of their own; a `Key` is an abstract type. `Tree` needs no registration of classes.

## DiffSharp

[Migrating from DiffSharp](migrating-from-diffsharp.html) shows whole programs. The vocabulary is DiffSharp's where it had a word. Nesting needs no tags, a `Model` is a record instead of a class, and
literals are not all Float32: `1.0` is Float64, as everywhere in F#.
*)
(*** hide ***)
table "DiffSharp" diffSharp
(*** include-it-raw ***)

(**
## TorchSharp

Tensors are managed arrays: the garbage collector owns them, and nothing is disposed. The C# facade is shown in
[its quick start](quickstart-csharp.html).
*)
(*** hide ***)
table "TorchSharp" torchSharp
(*** include-it-raw ***)
