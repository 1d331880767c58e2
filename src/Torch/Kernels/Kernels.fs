namespace Cotangent.Torch

open System
open System.Collections.Concurrent
open Cotangent

/// A tensor of libtorch with what we know of it: asking libtorch for a shape takes longer than many a kernel.
[<Struct; NoComparison>]
type internal Operand = { Tensor: nativeint; DType: DType; Shape: int[] }

/// Every primitive by libtorch, on any device.
module internal Kernels =

    let private managed = Engines.ManagedEngine() :> Engines.Engine

    /// By the managed engine, by way of main memory.
    let private byManaged (f: Frame) (p: Primitive) (inputs: Operand[]) : nativeint[] =
        let host = inputs |> Array.map (fun x -> Transfer.read f x.Tensor x.DType x.Shape :> Buffer)

        managed.EvaluateAll(p, host, Device.Cpu) |> Array.map (fun b -> Transfer.write f (b :?> HostBuffer))

    /// The axes before those of a matrix.
    let private batchOf (x: Operand) = x.Shape[.. x.Shape.Length - 3]

    let private direct (f: Frame) (p: Primitive) (inputs: Operand[]) (results: Signature[]) : nativeint[] =
        let x = if inputs.Length > 0 then inputs[0] else Unchecked.defaultof<Operand>
        let tensor i = inputs[i].Tensor
        let result = results[0]
        let one made = [| made |]

        match p with
        | Primitive.Unary op -> one (ElementwiseKernels.unary f op x.Tensor x.DType x.Shape)
        | Primitive.Binary op -> one (ElementwiseKernels.binary f op x.Tensor (tensor 1) x.DType x.Shape)
        | Primitive.Select -> one (Basic.where f x.Tensor (tensor 1) (tensor 2))
        | Primitive.Convert dtype -> one (ElementwiseKernels.convert f x.Tensor x.DType dtype x.Shape)
        | Primitive.Full(value, dtype, shape) -> one (MoveKernels.fill f value dtype shape)
        | Primitive.Iota(dtype, length) -> one (MoveKernels.iota f dtype length)
        | Primitive.Random(draw, dtype, shape) ->
            one (PhiloxKernels.random f draw dtype shape x.Tensor x.Shape)
        | Primitive.Reshape shape -> one (Basic.reshape f x.Tensor shape)
        | Primitive.Permute order -> one (Basic.permute f x.Tensor order)
        | Primitive.Broadcast shape -> one (Basic.expand f x.Tensor shape)
        | Primitive.Slice region -> one (MoveKernels.slice f region x.Tensor)
        | Primitive.Place region -> one (MoveKernels.place f region x.Tensor x.DType)
        | Primitive.Concatenate axis -> one (Basic.concatenate f (inputs |> Array.map _.Tensor) axis)
        | Primitive.Gather(finder, axis, batch) ->
            let i = inputs[1]

            MoveKernels.gather
                f
                finder
                axis
                batch
                x.Tensor
                x.Shape
                x.DType
                i.Tensor
                i.DType
                i.Shape
                result.Shape
            |> one
        | Primitive.Scatter(collision, axis, batch, size) ->
            let i = inputs[1]

            MoveKernels.scatter
                f
                collision
                axis
                batch
                size
                x.Tensor
                x.Shape
                x.DType
                i.Tensor
                i.DType
                i.Shape
                result.Shape
            |> one
        | Primitive.Reduce(kind, axes) ->
            one (OrderKernels.reduce f kind axes x.Tensor x.Shape x.DType result.Shape)
        | Primitive.ArgReduce(largest, axis) ->
            one (OrderKernels.argReduce f largest axis x.Tensor x.Shape x.DType result.Shape)
        | Primitive.Sort(axis, descending) -> OrderKernels.sort f axis descending x.Tensor x.DType
        | Primitive.CumulativeSum(axis, reverse) ->
            one (OrderKernels.cumulativeSum f axis reverse x.Tensor x.DType)
        | Primitive.MatMul ->
            one (OrderKernels.multiply f x.Tensor x.Shape (tensor 1) inputs[1].Shape x.DType result.Shape)
        | Primitive.TriangularSolve isUpper ->
            one (DecompositionKernels.triangularSolve f isUpper x.Tensor (tensor 1))
        | Primitive.Qr -> DecompositionKernels.qr f x.Tensor results
        | Primitive.Eigh -> DecompositionKernels.eigh f x.Tensor results
        | Primitive.Higher Higher.Exp2 ->
            one (Script.call f "def f(x):\n  return torch.exp2(x)\n" [| x.Tensor |])
        | Primitive.Higher Higher.Log2 ->
            one (Script.call f "def f(x):\n  return torch.log2(x)\n" [| x.Tensor |])
        // libtorch lacks some, and loses digits of others.
        | Primitive.Higher _ -> byManaged f p inputs
        // Where there is nothing to compute, libtorch has errors for some.
        | Primitive.Cholesky
        | Primitive.Lu
        | Primitive.Solve _
        | Primitive.Inverse
        | Primitive.Svd
        | Primitive.SingularValues
        | Primitive.PseudoInverse _
        | Primitive.OfMatrix _ when inputs |> Array.exists (fun x -> Shape.count x.Shape = 0) ->
            byManaged f p inputs
        | Primitive.Cholesky -> one (DecompositionKernels.cholesky f x.Tensor (batchOf x))
        | Primitive.Lu -> DecompositionKernels.lu f x.Tensor
        | Primitive.Solve isTransposed ->
            one (DecompositionKernels.solve f isTransposed x.Tensor (tensor 1) (batchOf x))
        | Primitive.Inverse -> one (DecompositionKernels.invert f x.Tensor (batchOf x))
        | Primitive.Svd -> DecompositionKernels.svd f x.Tensor
        | Primitive.SingularValues -> one (DecompositionKernels.singularValues f x.Tensor)
        | Primitive.PseudoInverse relative -> one (DecompositionKernels.pseudoInverse f relative x.Tensor)
        | Primitive.OfMatrix MatrixFunction.Exp -> one (DecompositionKernels.exponential f x.Tensor x.DType)
        // libtorch has no such functions.
        | Primitive.OfMatrix(MatrixFunction.Sqrt | MatrixFunction.Log) -> byManaged f p inputs
        // Complex numbers never come here, and eigenvalues of this kind are such.
        | Primitive.Eig
        | Primitive.Complex
        | Primitive.OfComplex _
        | Primitive.Conjugate
        | Primitive.Fourier _ -> byManaged f p inputs
        | Primitive.Convolution(term, windows, groups) ->
            let b = inputs[1]

            ConvolutionKernels.convolution
                f
                term
                windows
                groups
                x.Tensor
                b.Tensor
                x.DType
                x.Shape
                b.Shape
                result.Shape
            |> one
        | Primitive.MaxPool windows ->
            ConvolutionKernels.maxPool f windows x.Tensor x.Shape result.Shape result.DType
        | Primitive.Fused g ->
            let signatures = inputs |> Array.map (fun x -> ({ Shape = x.Shape; DType = x.DType }: Signature))
            FusedKernels.evaluate f g (inputs |> Array.map _.Tensor) signatures results
        // The operands of a kernel are where they shall be.
        | Primitive.Transfer _
        | Primitive.Detach
        | Primitive.Barrier -> one (Basic.cast f x.Tensor x.DType)
        | Primitive.Print printing ->
            // The copy first: if there is no room for it, all is tried again.
            let result = Basic.cast f x.Tensor x.DType
            printing.Write(Transfer.read f x.Tensor x.DType x.Shape)
            one result
        | Primitive.Host _ -> byManaged f p inputs
        | Primitive.Custom g -> invalidOp $"'{g.Name}' is a custom function; engines never see those."

    // ---- What cuDNN refuses ----

    /// Runs a kernel; if cuDNN has none, the managed engine computes in its place, by way of main memory.
    let orManaged run (f: Frame) (p: Primitive) (inputs: Operand[]) (results: Signature[]) : nativeint[] =
        try
            run f p inputs results
        with :? LibtorchException as e when e.IsOfCudnn ->
            byManaged f p inputs

    let private run f p inputs results = orManaged direct f p inputs results

    // ---- Integers of 8 and 16 bits, and unsigned ones; complex numbers ----

    let private isOther (dtype: DType) = dtype.IsComplex || dtype.IsInteger && not (DTypes.hasLanes dtype)

    /// Whether libtorch does as we do with integers that it has few kernels for: it moves them, and widens those that it knows.
    /// Complex numbers it moves as well.
    let private knows (p: Primitive) (inputs: Operand[]) =
        match p with
        | Primitive.Convert target ->
            let source = inputs[0].DType

            (source = DType.UInt8 || source = DType.Int8 || source = DType.Int16)
            && (DTypes.hasLanes target || target = DType.Bool)
        | Primitive.Gather _
        | Primitive.Scatter(Collision.Last, _, _, _) -> not (isOther inputs[1].DType)
        | Primitive.Random _
        | Primitive.Select
        | Primitive.Full _
        | Primitive.Reshape _
        | Primitive.Permute _
        | Primitive.Broadcast _
        | Primitive.Slice _
        | Primitive.Place _
        | Primitive.Concatenate _
        | Primitive.Transfer _
        | Primitive.Detach
        | Primitive.Barrier
        | Primitive.Print _ -> true
        | Primitive.Unary _
        | Primitive.Binary _
        | Primitive.Iota _
        | Primitive.Scatter _
        | Primitive.Reduce _
        | Primitive.ArgReduce _
        | Primitive.Sort _
        | Primitive.CumulativeSum _
        | Primitive.MatMul
        | Primitive.TriangularSolve _
        | Primitive.Qr
        | Primitive.Eigh
        | Primitive.Eig
        | Primitive.Higher _
        | Primitive.Cholesky
        | Primitive.Lu
        | Primitive.Solve _
        | Primitive.Inverse
        | Primitive.Svd
        | Primitive.SingularValues
        | Primitive.PseudoInverse _
        | Primitive.OfMatrix _
        | Primitive.Complex
        | Primitive.OfComplex _
        | Primitive.Conjugate
        | Primitive.Fourier _
        | Primitive.Convolution _
        | Primitive.MaxPool _
        | Primitive.Fused _
        | Primitive.Host _
        | Primitive.Custom _ -> false

    /// Whether the managed engine computes it, by way of main memory.
    let private isForManaged (p: Primitive) (inputs: Operand[]) (results: Signature[]) =
        match p with
        | Primitive.Binary(Binary.ShiftLeft | Binary.ShiftRight) -> true
        | _ ->
            (Array.exists (fun (x: Operand) -> isOther x.DType) inputs
             || Array.exists (fun (r: Signature) -> isOther r.DType) results)
            && not (knows p inputs)

    // ---- 16-bit floats ----

    /// What libtorch does not do on 16-bit floats, on a kind of device: it goes by way of Float32.
    let private widened = ConcurrentDictionary<struct (int * string * DType), bool>()

    let private isHalf (x: Operand) = DTypes.isHalf x.DType

    let private widen f (x: Operand) =
        if isHalf x then
            { x with Tensor = Basic.cast f x.Tensor DType.Float32; DType = DType.Float32 }
        else
            x

    let private byFloat32 (f: Frame) p inputs (results: Signature[]) =
        let wide (r: Signature) = if DTypes.isHalf r.DType then { r with DType = DType.Float32 } else r

        run f p (inputs |> Array.map (widen f)) (results |> Array.map wide)
        |> Array.map2
            (fun (r: Signature) y -> if DTypes.isHalf r.DType then Basic.cast f y r.DType else y)
            results

    /// The results of a primitive: new tensors of the frame.
    let evaluate (f: Frame) (p: Primitive) (inputs: Operand[]) (results: Signature[]) : nativeint[] =
        if isForManaged p inputs results then
            byManaged f p inputs
        elif not (Array.exists isHalf inputs) then
            run f p inputs results
        else
            // What is computed in Float32 and rounded then does not fit there.
            f.Room <- 0n
            let key = struct (f.Place.Kind, string p, inputs[0].DType)

            if widened.ContainsKey key then
                byFloat32 f p inputs results
            else
                try
                    direct f p inputs results
                with :? LibtorchException as e when
                    e.IsOfCudnn
                    || e.Message.Contains "not implemented for"
                    || e.Message.Contains "Low precision" ->
                    widened[key] <- true
                    byFloat32 f p inputs results
