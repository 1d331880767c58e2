namespace Cotangent

open Cotangent.Batching
open Cotangent.Differentiation

/// A derivative of one's own for `withDerivative`: a linear map in either direction. The other is its transpose, found
/// automatically where the one given is linear.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type Derivative<'p, 'q> =
    /// argument, its tangent -> tangent of the result
    | Push of ('p -> 'p -> 'q)
    /// argument, cotangent of the result -> cotangent of the argument
    | Pull of ('p -> 'q -> 'p)

/// Along which axes `vmapWith` finds the examples and lays the results. Negative axes count from the last.
type BatchAxes = {
    /// One entry for each field of the argument (item of a tuple, field of a record, item of a list): the axis of
    /// examples in every tensor of that field, or None where all examples share it. A list of one entry holds for
    /// all fields.
    In: int option list
    /// The axis of examples in every tensor of the result.
    Out: int
}

/// The face of the library: transformations of functions. Each composes with every other, in any order and to any
/// depth. A 'p, 'q or 'aux is any tree of tensors (see `Tree`).
[<AutoOpen>]
module Core =
    /// The value of a scalar function and its gradient, which is of the type of the argument.
    let valueAndGrad (f: 'p -> Tensor) (x: 'p) : Tensor * 'p =
        let struct (value, (), gradient) = Transform.valueAndGradWith "valueAndGrad" (fun x -> f x, ()) x
        value, gradient

    /// The gradient of a scalar function: of the type of the argument, whatever record that is. Reverse mode: about the
    /// price of two or three evaluations, however many parameters there are.
    ///
    /// <example><code>grad (fun x -> sum (sin x)) (tensor [ 0.0; 1.0 ])  // cos x: [1, 0.5403]</code></example>
    let grad (f: 'p -> Tensor) (x: 'p) : 'p =
        let struct (_, (), gradient) = Transform.valueAndGradWith "grad" (fun x -> f x, ()) x
        gradient

    /// The gradient of a function that also returns something else, which comes out with it.
    let gradWith (f: 'p -> Tensor * 'aux) (x: 'p) : 'p * 'aux =
        let struct (_, aux, gradient) = Transform.valueAndGradWith "gradWith" f x
        gradient, aux

    /// Value and gradient of a function that also returns something else.
    let valueAndGradWith (f: 'p -> Tensor * 'aux) (x: 'p) : (Tensor * 'aux) * 'p =
        let struct (value, aux, gradient) = Transform.valueAndGradWith "valueAndGradWith" f x
        (value, aux), gradient

    /// Pushes a tangent forward: the value at x, and the change of the value as x changes by dx. Forward mode: about the
    /// price of two evaluations.
    ///
    /// <example><code>jvp sin (tensor 0.0) (tensor 1.0)  // (0, 1)</code></example>
    let jvp (f: 'p -> 'q) (x: 'p) (dx: 'p) : 'q * 'q = Transform.jvp "jvp" f x dx

    /// The value at x, and the function that pulls a cotangent of the value back to one of x. It can be called again
    /// and again.
    let vjp (f: 'p -> 'q) (x: 'p) : 'q * ('q -> 'p) =
        let struct (y, pull, _) = Transform.vjp "vjp" f x
        y, pull

    /// The value at x, and the derivative there as a linear function of tangents, without evaluating f again.
    let linearize (f: 'p -> 'q) (x: 'p) : 'q * ('p -> 'q) =
        let struct (y, push, _) = Transform.linearize "linearize" f x
        y, push

    /// The transpose of a linear function: ⟨f x, y⟩ = ⟨x, fᵀ y⟩. The argument tells shapes and dtypes only; a function
    /// that is not linear is refused.
    let linearTranspose (f: 'p -> 'q) (like: 'p) : 'q -> 'p =
        Transform.linearTranspose "linearTranspose" f like

    let private requireScalar operation (x: Tensor) =
        if x.Rank <> 0 then
            raise (
                ShapeException
                    $"{operation} differentiates by one number; the argument has shape {Shape.show x.Dims}. Use `grad`, `jvp` or `jacobian`."
            )

    /// The derivative of a function of one number; the result may have any shape.
    ///
    /// <example><code>diff (fun x -> x ** 3.0) (tensor 2.0)  // 12</code></example>
    let diff (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        requireScalar "diff" x
        snd (Transform.jvp "diff" f x (Tensor.onesLike x))

    /// The n-th derivative of a function of one number.
    let diffn (n: int) (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        if n < 0 then raise (ValueException $"diffn: the order {n} is negative.")

        let rec nest n = if n = 0 then f else diff (nest (n - 1))
        nest n x

    /// A function of one example as a function of a batch: over axis 0 of every tensor of the argument, which must all
    /// have the same size there, N (a ShapeException otherwise). The function sees tensors without that axis and is
    /// called once, whatever N; each of its primitives then works on all examples at once. Tensors of the result get N
    /// as axis 0, also those that are the same for all examples. What the function closes over is shared by all of them.
    ///
    /// Inside, a value can't be read, as for `if` or `t[mask]` (a TraceException): `where` and masks do the same for
    /// each example. Random numbers: a batch of keys from `Key.batch`, or one key closed over to share the draws.
    ///
    /// <example><code>
    /// let distance (x: Tensor, y: Tensor) = norm (x - y)           // of two vectors
    /// vmap distance (tensor [ [ 0.0; 0.0 ]; [ 1.0; 2.0 ] ], tensor [ [ 3.0; 4.0 ]; [ 1.0; 2.0 ] ])  // [5, 0]
    ///
    /// let perExample loss model (xs, ys) = vmap (fun example -> grad (loss example) model) (xs, ys)
    /// </code></example>
    let vmap (f: 'p -> 'q) (x: 'p) : 'q = Batch.vmap "vmap" f x

    /// `vmap` over other axes than the first, or over some fields of the argument only.
    ///
    /// <example><code>
    /// // The columns of a matrix, each times one and the same vector; the results are columns again.
    /// let columns = tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]
    /// vmapWith { In = [ Some 1; None ]; Out = 1 } (fun (column, v) -> column * v) (columns, tensor [ 10.0; 1.0 ])
    /// // [[10, 20], [3, 4]]
    /// </code></example>
    let vmapWith (axes: BatchAxes) (f: 'p -> 'q) (x: 'p) : 'q = Batch.vmapWith "vmapWith" axes.In axes.Out f x

    /// The results of a linear map for each tensor like t that is 1 in one place and 0 elsewhere, along axis 0. All at
    /// once; or in parts, where the largest tensor on the way, `width` numbers for each, would have more than 2²⁶.
    let private overBasis operation map (t: Tensor) width =
        let most = (1 <<< 26) / max 1 (max width t.Size)
        Batch.overBasis operation (max 1 most) map t

    /// Derivatives of every output (leading axes) by every input (trailing axes), in reverse mode: the choice for more
    /// inputs than outputs. All rows at once, by a `vmap` of the pull.
    let jacobian (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        let struct (y, pull, width) = Transform.vjp "jacobian" f x
        let rows = overBasis "jacobian" pull y width
        rows.Reshape(Array.append y.Dims x.Dims)

    /// The same as `jacobian` in forward mode: the choice for more outputs than inputs. All columns at once, by a `vmap`
    /// of the push.
    let jacobianForward (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        let struct (y, push, width) = Transform.linearize "jacobianForward" f x
        let columns = overBasis "jacobianForward" push x width
        columns.MoveAxis(0, -1).Reshape(Array.append y.Dims x.Dims)

    /// The second derivatives of a scalar function: shape (x's shape) ++ (x's shape).
    ///
    /// <example><code>hessian (fun x -> sum (x ** 3.0)) (tensor [ 1.0; 2.0 ])  // [[6, 0], [0, 12]]</code></example>
    let hessian (f: Tensor -> Tensor) (x: Tensor) : Tensor = jacobianForward (grad f) x

    /// The Hessian of a scalar function times a vector, without the Hessian: forward over reverse.
    let hvp (f: 'p -> Tensor) (x: 'p) (v: 'p) : 'p = snd (Transform.jvp "hvp" (grad f) x v)

    /// The sum of the diagonal of a linear map from tensors like x to such.
    let private trace operation (push: Tensor -> Tensor) (x: Tensor) width =
        sum (overBasis operation (fun e -> sum (push e * e)) x width)

    /// The trace of the Hessian of a scalar function.
    let laplacian (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        let struct (_, push, width) = Transform.linearize "laplacian" (grad f) x
        trace "laplacian" push x width

    /// The trace of the Jacobian of a vector field: f must return the shape of its argument.
    let divergence (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        let struct (y, push, width) = Transform.linearize "divergence" f x

        if not (Shape.equal y.Dims x.Dims) then
            raise (
                ShapeException
                    $"divergence: a vector field of shape {Shape.show x.Dims} is needed, the function returned {Shape.show y.Dims}."
            )

        trace "divergence" push x width

    /// The curl of a vector field in three dimensions.
    let curl (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        let j = jacobianForward f x

        if j.Dims <> [| 3; 3 |] then
            raise (
                ShapeException
                    $"curl is defined for fields from (3,) to (3,); got {Shape.show x.Dims} to {Shape.show j.Dims[.. j.Rank - x.Rank - 1]}."
            )

        stack 0 [ j[2, 1] - j[1, 2]; j[0, 2] - j[2, 0]; j[1, 0] - j[0, 1] ]

    /// The same values, constant for every differentiation around.
    let stopGradient (x: 'p) : 'p = Tree.map Bind.detach x

    /// A function with a derivative of one's own: for numerics that the chain rule spoils, for implicit functions, for
    /// gradients changed on purpose. Everything differentiated must come in through the argument.
    ///
    /// <example><code>
    /// // The identity, whose cotangents are clipped on the way back.
    /// let clipped = withDerivative (Derivative.Pull(fun _ c -> clamp -1.0 1.0 c)) (fun (x: Tensor) -> x)
    /// </code></example>
    let withDerivative (derivative: Derivative<'p, 'q>) (f: 'p -> 'q) : 'p -> 'q =
        match derivative with
        | Derivative.Push push -> Transform.custom "withDerivative" (ValueSome push) ValueNone f
        | Derivative.Pull pull -> Transform.custom "withDerivative" ValueNone (ValueSome pull) f

/// Checks for the duration of a call. They cost time; use them to find a fault.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Debug =
    /// Runs a function; the first primitive that makes a NaN or an infinity, forward or on the way back, raises a
    /// NumberException that names it.
    ///
    /// <example><code>Debug.checkNumbers (fun () -> grad (fun x -> sum (log x)) (tensor [ 0.0 ]))  // throws: `log`</code></example>
    let checkNumbers (body: unit -> 'a) : 'a = Ambient.duringNumberCheck body

    /// Runs a function; a random key used twice in it raises a KeyException.
    let checkKeys (body: unit -> 'a) : 'a = Ambient.duringKeyCheck body
