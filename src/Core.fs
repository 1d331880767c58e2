namespace Cotangent

open Cotangent.Batching
open Cotangent.Compiler
open Cotangent.Differentiation
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// A custom derivative for <c>withDerivative</c>: a linear map in either direction. The other is its transpose,
/// found automatically where the one given is linear; <c>Both</c> gives the two.
/// </summary>
/// <example><code>
/// // Forward, the tangent times the slope; backward, the cotangent times it.
/// let push = Derivative.Push(fun x dx -> dx * cos x)
/// let pull = Derivative.Pull(fun x y -> y * cos x)
/// grad (withDerivative push sin) (tensor 0.0) // 1
/// grad (withDerivative pull sin) (tensor 0.0) // 1
/// </code></example>
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type Derivative<'p, 'q> =
    /// Forward: argument, its tangent -> tangent of the result.
    | Push of ('p -> 'p -> 'q)
    /// Reverse: argument, cotangent of the result -> cotangent of the argument.
    | Pull of ('p -> 'q -> 'p)
    /// Both, for a derivative that is not linear in what it is given, or whose transpose costs too much: neither is the transpose of
    /// the other then.
    | Both of push: ('p -> 'p -> 'q) * pull: ('p -> 'q -> 'p)

/// <summary>
/// Along which axes <c>vmapWith</c> finds the examples and lays the results. Negative axes count from the last.
/// </summary>
/// <example><code>
/// // Examples along axis 1 of the first item; the second is shared.
/// let axes = { In = [ Some 1; None ]; Out = 0 }
/// vmapWith axes (fun (x: Tensor, factor: Tensor) -> sum x * factor) (tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ], tensor 10.0) // [40, 60]
/// </code></example>
type BatchAxes = {
    /// One entry for each field of the argument (item of a tuple, field of a record, item of a list): the axis of
    /// examples in every tensor of that field, or None where all examples share it. A list of one entry holds for
    /// all fields.
    In: int option list
    /// The axis of examples in every tensor of the result.
    Out: int
}

/// <summary>
/// Along which axis <c>associativeScanWith</c> goes, and from which end. Negative axes count from the last.
/// </summary>
/// <example><code>
/// // Running sums from the last item on.
/// let fromTheEnd = { Axis = 0; Reverse = true }
/// associativeScanWith fromTheEnd (fun (a: Tensor) b -> a + b) (tensor [ 1.0; 2.0; 3.0 ]) // [6, 5, 3]
/// </code></example>
type ScanAxis = {
    /// The axis of items in every tensor.
    Axis: int
    /// Whether it goes from the last item to the first.
    Reverse: bool
}

/// <summary>
/// The face of the library: transformations of functions. Each composes with every other, in any order and to any
/// depth. A 'p, 'q or 'aux is any tree of tensors (see <c>Tree</c>).
/// </summary>
[<AutoOpen>]
module Core =
    /// <summary>
    /// The value of a scalar function and its gradient, which is of the type of the argument: one evaluation and one
    /// pull.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The function returns anything but one floating-point number.
    /// </exception>
    /// <exception cref="T:Cotangent.TreeException">The argument holds no tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A tensor of the argument is not floating-point.</exception>
    /// <example><code>
    /// let f x = sum (x ** 2.0)
    /// valueAndGrad f (tensor [ 1.0; 2.0 ]) // (5, [2, 4])
    /// </code></example>
    let valueAndGrad (f: 'p -> Tensor) (x: 'p) : Tensor * 'p =
        Given.check "f" f
        let struct (value, (), gradient) = Transform.valueAndGradWith "valueAndGrad" (fun x -> f x, ()) x
        value, gradient

    /// <summary>
    /// The gradient of a scalar function: of the type of the argument, whatever record that is. Reverse mode: about the
    /// price of two or three evaluations, however many parameters there are.
    /// </summary>
    /// <remarks>
    /// Tensors of the gradient have the shapes and dtypes of those of the argument; what the function does not use has
    /// the gradient 0.
    /// </remarks>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The function returns anything but one floating-point number.
    /// </exception>
    /// <exception cref="T:Cotangent.TreeException">The argument holds no tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">
    /// A tensor of the argument is not floating-point: close over it instead.
    /// </exception>
    /// <example><code>
    /// grad (fun x -> sum (sin x)) (tensor [ 0.0; 1.0 ]) // cos x: [1, 0.5403]
    /// </code></example>
    let grad (f: 'p -> Tensor) (x: 'p) : 'p =
        Given.check "f" f
        Transform.gradient "grad" f x

    /// <summary>The gradient of a function that also returns something else, which comes out with it.</summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The first result is anything but one floating-point number.
    /// </exception>
    /// <example><code>
    /// let f x = sum (sin x), mean x
    /// gradWith f (tensor [ 0.0; 1.0 ]) // ([1, 0.5403], 0.5)
    /// </code></example>
    let gradWith (f: 'p -> Tensor * 'aux) (x: 'p) : 'p * 'aux =
        Given.check "f" f
        let struct (_, aux, gradient) = Transform.valueAndGradWith "gradWith" f x
        gradient, aux

    /// <summary>Value and gradient of a function that also returns something else.</summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The first result is anything but one floating-point number.
    /// </exception>
    /// <example><code>
    /// let f x = sum (x * x), "kept"
    /// let (value, note), gradient = valueAndGradWith f (tensor [ 3.0 ])
    /// value, gradient // (9, [6])
    /// </code></example>
    let valueAndGradWith (f: 'p -> Tensor * 'aux) (x: 'p) : (Tensor * 'aux) * 'p =
        Given.check "f" f
        let struct (value, aux, gradient) = Transform.valueAndGradWith "valueAndGradWith" f x
        (value, aux), gradient

    /// <summary>
    /// Pushes a tangent forward: the value at x, and the change of the value as x changes by dx. Forward mode: about
    /// the price of two evaluations.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The tangent differs from x in a shape or a dtype.</exception>
    /// <exception cref="T:Cotangent.TreeException">
    /// The tangent differs from x in structure, or there are no tensors.
    /// </exception>
    /// <example><code>
    /// jvp sin (tensor 0.0) (tensor 1.0) // (0, 1)
    /// </code></example>
    let jvp (f: 'p -> 'q) (x: 'p) (dx: 'p) : 'q * 'q =
        Given.check "f" f
        Transform.jvp "jvp" f x dx

    /// <summary>
    /// The value at x, and the function that pulls a cotangent of the value back to one of x. It can be called again
    /// and again.
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">The argument holds no tensors.</exception>
    /// <example><code>
    /// let y, pull = vjp sin (tensor [ 0.0; 1.0 ])
    /// pull (tensor [ 1.0; 10.0 ]) // [1, 5.403]
    /// </code></example>
    let vjp (f: 'p -> 'q) (x: 'p) : 'q * ('q -> 'p) =
        Given.check "f" f
        let struct (y, pull, _) = Transform.vjp "vjp" f x
        y, pull

    /// <summary>
    /// The value at x, and the derivative there as a linear function of tangents, without evaluating f again.
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">The argument holds no tensors.</exception>
    /// <example><code>
    /// let y, push = linearize (fun x -> x ** 3.0) (tensor 2.0)
    /// push (tensor 1.0), push (tensor 10.0) // (12, 120)
    /// </code></example>
    let linearize (f: 'p -> 'q) (x: 'p) : 'q * ('p -> 'q) =
        Given.check "f" f
        let struct (y, push, _) = Transform.linearize "linearize" f x
        y, push

    /// <summary>
    /// The transpose of a linear function: ⟨f x, y⟩ = ⟨x, fᵀ y⟩. The argument tells shapes and dtypes only; a function
    /// that is not linear is refused.
    /// </summary>
    /// <exception cref="T:Cotangent.DerivativeException">The function is not linear.</exception>
    /// <example><code>
    /// let sums = linearTranspose (fun (x: Tensor) -> x.Expand [ 3; 2 ]) (tensor [ 0.0; 0.0 ])
    /// sums (tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ]; [ 5.0; 6.0 ] ]) // [9, 12]
    /// </code></example>
    let linearTranspose (f: 'p -> 'q) (like: 'p) : 'q -> 'p =
        Given.check "f" f
        Transform.linearTranspose "linearTranspose" f like

    let private requireScalar (operation: string) (x: Tensor) =
        if x.Rank <> 0 then
            raise (
                ShapeException
                    $"{operation} differentiates by one number; the argument has shape {Shape.show x.Dims}. Use `grad`, `jvp` or `jacobian`."
            )

    /// <summary>The derivative of a function of one number; the result may have any shape.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The argument is not one number.</exception>
    /// <example><code>
    /// diff (fun x -> x ** 3.0) (tensor 2.0) // 12
    /// </code></example>
    let diff (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        Given.check "f" f
        Given.check "x" x
        requireScalar "diff" x
        snd (Transform.jvp "diff" f x (Tensor.onesLike x))

    let private requireOrder (operation: string) (n: int) =
        if n < 0 then raise (ValueException $"{operation}: the order {n} is negative.")

    /// <summary>
    /// The n-th derivative of a function of one number, in Taylor mode: of the order of n² evaluations. <c>taylor</c> has those of all
    /// orders up to n for the same price.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The argument is not one number.</exception>
    /// <exception cref="T:Cotangent.ValueException">n is negative.</exception>
    /// <example><code>
    /// diffn 3 sin (tensor 0.0) // -1
    /// </code></example>
    let diffn (n: int) (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        Given.check "f" f
        Given.check "x" x
        requireOrder "diffn" n

        if n = 0 then
            f x
        else
            requireScalar "diffn" x
            let factorial = List.fold (fun product k -> product * float k) 1.0 [ 2..n ]
            let term = List.last (Transform.jet "diffn" n f x [ Tensor.onesLike x ])
            if n = 1 then term else term * factorial

    /// <summary>
    /// Taylor mode: the series of a function along a curve. The curve is x₀ + x₁ t + x₂ t² + …, given by its terms, trees of one
    /// structure; the result is as many terms of f along it. They are coefficients: k! times the k-th is the k-th derivative with respect to t. All of
    /// them at once take of the order of n² evaluations, where derivatives in derivatives take 2ⁿ.
    /// </summary>
    /// <remarks>
    /// Jets compose as functions do: <c>jet g (jet f terms)</c> is <c>jet (f >> g) terms</c>. <c>taylorAlong</c> is the jet along a straight line.
    /// Source: A. Griewank and A. Walther, "Evaluating Derivatives", 2nd ed., 2008, chapter 13.
    /// </remarks>
    /// <exception cref="T:Cotangent.ValueException">There are no terms.</exception>
    /// <exception cref="T:Cotangent.ShapeException">A term differs from the first in a shape or a dtype.</exception>
    /// <exception cref="T:Cotangent.TreeException">A term differs from the first in structure, or there are no tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A tensor of the argument is not floating-point.</exception>
    /// <example><code>
    /// // exp along t + t²: 1 + t + 3/2 t² + …
    /// jet exp [ tensor 0.0; tensor 1.0; tensor 1.0 ] // [1; 1; 1.5]
    /// </code></example>
    let jet (f: 'p -> 'q) (terms: 'p list) : 'q list =
        Given.check "f" f
        Given.check "terms" terms

        match terms with
        | [] -> raise (ValueException "jet: there are no terms. Give at least the point, the first one.")
        | x :: rest -> Transform.jet "jet" rest.Length f x rest

    /// <summary>
    /// The Taylor polynomial of order n along a line: the n + 1 coefficients of f (x + t v) in the powers of t, in Taylor mode. k! times the
    /// k-th is the k-th derivative along v.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">n is negative.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The direction differs from x in a shape or a dtype.</exception>
    /// <exception cref="T:Cotangent.TreeException">
    /// The direction differs from x in structure, or there are no tensors.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">A tensor of the argument is not floating-point.</exception>
    /// <example><code>
    /// let f (x: Tensor) = x[0] * x[0] * x[1]
    /// taylorAlong 3 f (tensor [ 1.0; 2.0 ]) (tensor [ 1.0; 1.0 ]) // those of (1 + t)² (2 + t): [2; 5; 4; 1]
    /// </code></example>
    let taylorAlong (n: int) (f: 'p -> 'q) (x: 'p) (v: 'p) : 'q list =
        Given.check "f" f
        Given.check "x" x
        Given.check "v" v
        requireOrder "taylorAlong" n
        Transform.jet "taylorAlong" n f x (if n = 0 then [] else [ v ])

    /// <summary>
    /// The Taylor polynomial of order n of a function of one number: the n + 1 coefficients of f (x + t) in the powers of t, in Taylor
    /// mode. k! times the k-th is the k-th derivative, as <c>diffn</c> has it. The result may be any tree.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The argument is not one number.</exception>
    /// <exception cref="T:Cotangent.ValueException">n is negative.</exception>
    /// <example><code>
    /// taylor 3 exp (tensor 0.0) // [1; 1; 0.5; 0.1667]
    /// </code></example>
    let taylor (n: int) (f: Tensor -> 'q) (x: Tensor) : 'q list =
        Given.check "f" f
        Given.check "x" x
        requireScalar "taylor" x
        requireOrder "taylor" n
        Transform.jet "taylor" n f x (if n = 0 then [] else [ Tensor.onesLike x ])

    /// <summary>
    /// A function of one example as a function of a batch: over axis 0 of every tensor of the argument, which must all
    /// have the same size there, N (a ShapeException otherwise). The function sees tensors without that axis and is
    /// called once, whatever N; each of its primitives then works on all examples at once. Tensors of the result get N
    /// as axis 0, also those that are the same for all examples. What the function closes over is shared by all of
    /// them.
    /// </summary>
    /// <remarks>
    /// Inside, a value can't be read, as for <c>if</c> or <c>t[mask]</c> (a TraceException): <c>where</c> and masks do
    /// the same for each example. Random numbers: a batch of keys from <c>Key.batch</c>, or one key closed over to
    /// share the draws.
    /// </remarks>
    /// <exception cref="T:Cotangent.ShapeException">
    /// A tensor of the argument is a scalar, or sizes along axis 0 differ.
    /// </exception>
    /// <exception cref="T:Cotangent.TraceException">A value is read inside.</exception>
    /// <example><code>
    /// let distance (x: Tensor, y: Tensor) = norm (x - y)           // of two vectors
    /// let xs = tensor [ [ 0.0; 0.0 ]; [ 1.0; 2.0 ] ]
    /// let ys = tensor [ [ 3.0; 4.0 ]; [ 1.0; 2.0 ] ]
    /// vmap distance (xs, ys) // [5, 0]
    ///
    /// let perExample loss model (xs, ys) = vmap (fun example -> grad (loss example) model) (xs, ys)
    /// </code></example>
    let vmap (f: 'p -> 'q) (x: 'p) : 'q =
        Given.check "f" f
        Batch.vmap "vmap" f x

    /// <summary><c>vmap</c> over other axes than the first, or over some fields of the argument only.</summary>
    /// <exception cref="T:Cotangent.AxisException">A tensor has no such axis.</exception>
    /// <exception cref="T:Cotangent.ShapeException">Sizes along the axes of examples differ.</exception>
    /// <example><code>
    /// // The columns of a matrix, each times one and the same vector; the results are columns again.
    /// let columns = tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]
    /// vmapWith { In = [ Some 1; None ]; Out = 1 } (fun (column, v) -> column * v) (columns, tensor [ 10.0; 1.0 ])
    /// // [[10, 20], [3, 4]]
    /// </code></example>
    let vmapWith (axes: BatchAxes) (f: 'p -> 'q) (x: 'p) : 'q =
        Given.check "axes" axes
        Given.check "f" f
        Batch.vmapWith "vmapWith" axes.In axes.Out f x

    /// <summary>
    /// A function with a custom batching rule, which <c>vmap</c> uses in place of running the function's operations on all examples:
    /// for a batch that an algorithm of its own does better, or a function that reads numbers. The rule is given the argument of all
    /// examples at once, and returns the results of all of them, along axis 0 of every tensor.
    /// </summary>
    /// <remarks>
    /// Where no batch is, the function runs, and its derivatives are its own; the derivatives of a batch are the rule's. So both must
    /// compute the same. Everything traced must come in through the argument. The way back computes the function, or the rule, again.
    /// </remarks>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The rule returns a tensor that has not as many items along axis 0 as there are examples.
    /// </exception>
    /// <exception cref="T:Cotangent.DerivativeException">
    /// The function, or the rule, uses a traced tensor that is not part of its argument.
    /// </exception>
    /// <example><code>
    /// // One product of matrices in place of one for each example.
    /// let rule (batch: BatchedArgument&lt;Tensor * Tensor&gt;) =
    ///     match batch.IsBatched with
    ///     | [ false; true ] -> matmul (snd batch.Value) (fst batch.Value).T
    ///     | _ -> batch.Expanded |> fun (w, x) -> (matmul w (x.Unsqueeze 2)).Squeeze 2
    ///
    /// let apply = withBatching rule (fun (w: Tensor, x: Tensor) -> (matmul w (x.Unsqueeze 1)).Squeeze 1)
    /// let w, xs = tensor [ [ 1.0; 2.0 ] ], tensor [ [ 1.0; 1.0 ]; [ 0.0; 3.0 ] ]
    /// vmap (fun x -> apply (w, x)) xs // [[3], [6]]
    /// </code></example>
    let withBatching (rule: BatchedArgument<'p> -> 'q) (f: 'p -> 'q) : 'p -> 'q =
        Given.check "rule" rule
        Given.check "f" f
        CustomBatching.run "withBatching" rule f

    /// <summary>
    /// The shapes and dtypes of what a function returns, without computing anything: its result, whose tensors know their shape, dtype
    /// and device, and have no numbers. The function is traced, so it costs no memory and hardly any time, whatever the sizes.
    /// </summary>
    /// <remarks>
    /// Of the argument, too, only shapes and dtypes are asked for: the result of another <c>evalShape</c> will do, and so will
    /// <c>(Tensor.zeros DType.Float32 []).Expand shape</c>, which takes no memory.
    /// </remarks>
    /// <exception cref="T:Cotangent.TraceException">The function reads a number, or a number of the result is read.</exception>
    /// <example><code>
    /// let y = evalShape (fun (x: Tensor) -> {| Gram = matmul x.T x; Mean = mean x |}) (Tensor.ones DType.Float32 [ 5; 3 ])
    /// y.Gram.Shape, y.Mean.DType // ([3, 3], Float32)
    ///
    /// let model = evalShape (fun key -> Linear.create 10000 10000 key) (Key.create 0L)
    /// model.Weight.Shape // [10000, 10000]
    /// </code></example>
    let evalShape (f: 'p -> 'q) (x: 'p) : 'q =
        Given.check "f" f
        ShapeOnly.evaluate "evalShape" f x

    /// The results of a linear map for each tensor like t that is 1 in one place and 0 elsewhere, along axis 0. All at
    /// once; or in parts, where the largest tensor on the way, `width` numbers for each, would have more than 2²⁶.
    let private overBasis (operation: string) map (t: Tensor) width =
        let most = (1 <<< 26) / max 1 (max width t.Size)
        Batch.overBasis operation (max 1 most) map t

    /// <summary>
    /// Derivatives of every output (leading axes) by every input (trailing axes), in reverse mode: the choice for more
    /// inputs than outputs. All rows at once, by a <c>vmap</c> of the pull. Of the type of the argument, whatever tree that is: each
    /// of its tensors holds the derivatives with respect to the one in its place.
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">The argument holds no tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A tensor of the argument, or the result, is not floating-point.</exception>
    /// <example><code>
    /// jacobian (fun x -> x * x) (tensor [ 1.0; 2.0; 3.0 ]) // [[2, 0, 0], [0, 4, 0], [0, 0, 6]]
    ///
    /// let line (slope: Tensor, offset: Tensor) = slope * tensor [ 1.0; 2.0 ] + offset
    /// jacobian line (tensor 3.0, tensor 0.0) // ([1, 2], [1, 1])
    /// </code></example>
    let jacobian (f: 'p -> Tensor) (x: 'p) : 'p =
        Given.check "f" f
        Given.check "x" x
        Jacobians.only (Jacobians.reverse "jacobian" f x)

    /// <summary>
    /// The same as <c>jacobian</c> in forward mode: the choice for more outputs than inputs. All columns at once, by a
    /// <c>vmap</c> of the push.
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">The argument holds no tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A tensor of the argument, or the result, is not floating-point.</exception>
    /// <example><code>
    /// jacobianForward (fun x -> stack 0 [ x; x * x ]) (tensor 3.0) // [1, 6]
    /// </code></example>
    let jacobianForward (f: 'p -> Tensor) (x: 'p) : 'p =
        Given.check "f" f
        Given.check "x" x
        Jacobians.only (Jacobians.forward "jacobianForward" f x)

    /// <summary>
    /// The derivatives of every tensor of a result by every tensor of an argument, where both are trees, in reverse mode: a
    /// <c>Jacobian</c>, whose blocks are asked for by what they are the derivatives of.
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">The argument holds no tensors, or the result can't.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A tensor of the argument, or of the result, is not floating-point.</exception>
    /// <example><code>
    /// let j = jacobians (fun (a: Tensor, b: Tensor) -> {| Sum = a + b; Product = a * b |}) (tensor 2.0, tensor 3.0)
    /// j.Of(fun y -> y.Product) // (3, 2)
    /// j.By(fst).Sum // 1
    /// j.Block((fun y -> y.Product), snd) // 2
    /// </code></example>
    let jacobians (f: 'p -> 'q) (x: 'p) : Jacobian<'p, 'q> =
        Given.check "f" f
        Given.check "x" x
        Jacobians.reverse "jacobians" f x

    /// <summary>The same as <c>jacobians</c> in forward mode: the choice for more outputs than inputs.</summary>
    /// <exception cref="T:Cotangent.TreeException">The argument holds no tensors, or the result can't.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A tensor of the argument, or of the result, is not floating-point.</exception>
    /// <example><code>
    /// let j = jacobiansForward (fun t -> {| Place = t * t; Speed = 2.0 * t |}) (tensor 3.0)
    /// (j.By id).Place // 6
    /// </code></example>
    let jacobiansForward (f: 'p -> 'q) (x: 'p) : Jacobian<'p, 'q> =
        Given.check "f" f
        Given.check "x" x
        Jacobians.forward "jacobiansForward" f x

    /// <summary>The second derivatives of a scalar function: shape (x's shape) ++ (x's shape).</summary>
    /// <exception cref="T:Cotangent.ShapeException">The function returns more than one number.</exception>
    /// <example><code>
    /// hessian (fun x -> sum (x ** 3.0)) (tensor [ 1.0; 2.0 ]) // [[6, 0], [0, 12]]
    /// </code></example>
    let hessian (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        Given.check "f" f
        Given.check "x" x
        jacobianForward (Transform.gradient "hessian" f) x

    /// <summary>
    /// The second derivatives of a scalar function of any tree: of its gradient with respect to each tensor of the argument. Forward over reverse.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The function returns more than one number.</exception>
    /// <exception cref="T:Cotangent.TreeException">The argument holds no tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A tensor of the argument is not floating-point.</exception>
    /// <example><code>
    /// let h = hessians (fun (a: Tensor, b: Tensor) -> a * a * b) (tensor 2.0, tensor 3.0)
    /// h.Of(fst) // (6, 4)
    /// h.Block(fst, snd) // 4
    /// </code></example>
    let hessians (f: 'p -> Tensor) (x: 'p) : Jacobian<'p, 'p> =
        Given.check "f" f
        Given.check "x" x
        Jacobians.forward "hessians" (Transform.gradient "hessians" f) x

    /// <summary>The Hessian of a scalar function times a vector, without the Hessian: forward over reverse.</summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The function returns more than one number, or v does not match x.
    /// </exception>
    /// <example><code>
    /// hvp (fun x -> sum (x ** 3.0)) (tensor [ 1.0; 2.0 ]) (tensor [ 1.0; 1.0 ]) // [6, 12]
    /// </code></example>
    let hvp (f: 'p -> Tensor) (x: 'p) (v: 'p) : 'p =
        Given.check "f" f
        snd (Transform.jvp "hvp" (Transform.gradient "hvp" f) x v)

    /// <summary>
    /// A vector times the Hessian of a scalar function, without the Hessian: reverse over reverse. Where the second derivatives are
    /// continuous it is the same as <c>hvp</c>, which takes less time and memory.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The function returns more than one number, or v does not match x.
    /// </exception>
    /// <example><code>
    /// vhp (fun x -> sum (x ** 3.0)) (tensor [ 1.0; 2.0 ]) (tensor [ 1.0; 1.0 ]) // [6, 12]
    /// </code></example>
    let vhp (f: 'p -> Tensor) (x: 'p) (v: 'p) : 'p =
        Given.check "f" f
        let struct (_, pull, _) = Transform.vjp "vhp" (Transform.gradient "vhp" f) x
        pull v

    /// The sum of the diagonal of a linear map from tensors like x to such.
    let private trace (operation: string) (push: Tensor -> Tensor) (x: Tensor) width =
        sum (overBasis operation (fun e -> sum (push e * e)) x width)

    /// <summary>
    /// The Laplacian of a scalar function, the sum of its second derivatives with respect to each number of the argument, which may be any tree. In
    /// Taylor mode along all axes at once, of which only the sum goes on from each primitive to the next: about the price of half of the
    /// pushes that the diagonal of the Hessian takes.
    /// </summary>
    /// <remarks>
    /// Source: R. Li and others, "A computational framework for neural network-based variational Monte Carlo with Forward Laplacian",
    /// 2024.
    /// </remarks>
    /// <exception cref="T:Cotangent.ShapeException">The function returns anything but one floating-point number.</exception>
    /// <exception cref="T:Cotangent.TreeException">The argument holds no tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A tensor of the argument is not floating-point.</exception>
    /// <example><code>
    /// laplacian (fun x -> sum (x ** 2.0)) (tensor [ 1.0; 2.0; 3.0 ]) // 6
    /// </code></example>
    let laplacian (f: 'p -> Tensor) (x: 'p) : Tensor =
        Given.check "f" f
        Given.check "x" x
        Laplacian.at "laplacian" f x

    /// <summary>The trace of the Jacobian of a vector field.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The function does not return the shape of its argument.</exception>
    /// <example><code>
    /// divergence (fun x -> x * x) (tensor [ 1.0; 2.0 ]) // 6
    /// </code></example>
    let divergence (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        Given.check "f" f
        Given.check "x" x
        let struct (y, push, width) = Transform.linearize "divergence" f x

        if not (Shape.equal y.Dims x.Dims) then
            raise (
                ShapeException
                    $"divergence: a vector field of shape {Shape.show x.Dims} is needed, the function returned {Shape.show y.Dims}."
            )

        trace "divergence" push x width

    /// <summary>The curl of a vector field in three dimensions.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The field is not one from (3,) to (3,).</exception>
    /// <example><code>
    /// // A rotation about the third axis.
    /// let field (x: Tensor) = stack 0 [ -x[1]; x[0]; 0 * x[2] ]
    /// curl field (tensor [ 1.0; 2.0; 3.0 ]) // [0, 0, 2]
    /// </code></example>
    let curl (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        Given.check "f" f
        Given.check "x" x
        let j = jacobianForward f x

        if j.Dims <> [| 3; 3 |] then
            raise (
                ShapeException
                    $"curl is defined for fields from (3,) to (3,); got {Shape.show x.Dims} to {Shape.show j.Dims[.. j.Rank - x.Rank - 1]}."
            )

        stack 0 [ j[2, 1] - j[1, 2]; j[0, 2] - j[2, 0]; j[1, 0] - j[0, 1] ]

    /// <summary>
    /// Runs a function and then frees the memory of all tensors made in it that its result does not show, without waiting
    /// for the garbage collector to find them: around a step of training, the memory of one step serves for the next. What
    /// else of them is still used afterwards raises an error. Inside a transformation nothing is freed, since it may still
    /// be needed on the way back.
    /// </summary>
    /// <example><code>
    /// let x = tensor [ 1.0f; 2.0f ]
    /// scope (fun () -> sum (exp x * 2.0f)) // 20.2147
    /// </code></example>
    let scope (body: unit -> 'a) : 'a =
        Given.check "body" body

        Scope.during body (fun result ->
            if not (Walkers.holdsTensors typeof<'a>) then
                ValueSome []
            else
                let leaves = Tree.leaves result |> List.ofArray

                let buffers =
                    leaves
                    |> List.choose (fun t ->
                        match t with
                        | Value b -> Some b
                        | Traced _ -> None)

                if buffers.Length < leaves.Length then ValueNone else ValueSome buffers)

    /// <summary>
    /// Runs a function that makes tensors on a device: those it makes from data, from numbers and from keys' seeds. What is
    /// made of other tensors is where they are.
    /// </summary>
    /// <exception cref="T:Cotangent.DeviceException">There is no such device, or nothing that serves it.</exception>
    /// <example><code>
    /// onDevice Device.Cpu (fun () -> Tensor.zeros DType.Float32 [ 2 ]) // [0, 0]
    /// </code></example>
    let onDevice (device: Device) (body: unit -> 'a) : 'a =
        Given.check "device" device
        Given.check "body" body
        Ambient.onDevice device body

    /// <summary>
    /// Runs a function with the kernels of one engine on the CPU, to compare or to look for a fault. The environment
    /// variable COTANGENT_CPU_ENGINE (fastest, managed or libtorch) does so for a whole program.
    /// </summary>
    /// <exception cref="T:Cotangent.DeviceException">libtorch is asked for and can't be loaded.</exception>
    /// <example><code>
    /// withCpuEngine CpuEngine.Managed (fun () -> sin (tensor 0.0)) // 0
    /// </code></example>
    let withCpuEngine (engine: CpuEngine) (body: unit -> 'a) : 'a =
        Given.check "engine" engine
        Given.check "body" body
        Extension.withCpuEngine engine body

    /// <summary>The same values, constant for every differentiation around.</summary>
    /// <example><code>
    /// grad (fun x -> sum (x * stopGradient x)) (tensor [ 3.0 ]) // [3]
    /// </code></example>
    let stopGradient (x: 'p) : 'p = Tree.replace "stopGradient" Bind.detach x

    /// <summary>
    /// A function with a custom derivative: for numerics that the chain rule spoils, for implicit functions, for
    /// gradients changed on purpose. Everything differentiated must come in through the argument.
    /// </summary>
    /// <exception cref="T:Cotangent.TraceException">
    /// The function uses a differentiated tensor that is not part of its argument.
    /// </exception>
    /// <example><code>
    /// // The identity, whose cotangents are clipped on the way back.
    /// let clipped = withDerivative (Derivative.Pull(fun _ c -> clamp -1.0 1.0 c)) (fun (x: Tensor) -> x)
    /// grad (fun x -> sum (5.0 * clipped x)) (tensor [ 2.0 ]) // [1]
    /// </code></example>
    let withDerivative (derivative: Derivative<'p, 'q>) (f: 'p -> 'q) : 'p -> 'q =
        Given.check "derivative" derivative
        Given.check "f" f

        match derivative with
        | Derivative.Push push -> Transform.custom "withDerivative" (ValueSome push) ValueNone f
        | Derivative.Pull pull -> Transform.custom "withDerivative" ValueNone (ValueSome pull) f
        | Derivative.Both(push, pull) -> Transform.custom "withDerivative" (ValueSome push) (ValueSome pull) f

    /// <summary>
    /// A function whose computation runs as one program: on the first call for each signature of its argument (shapes,
    /// dtypes, device, static fields) it is traced into a graph, simplified, fused into loop nests and turned into
    /// machine code; later calls run that. Results are those of the plain function up to rounding; random draws are the
    /// same numbers.
    /// </summary>
    /// <remarks>
    /// The function must be pure: it runs again only when the signature changes, and tensors that it closes over are
    /// constants of the program. Inside, numbers can't be read: <c>cond</c>, <c>where</c>, <c>iterate</c>, <c>scan</c>
    /// and <c>whileLoop</c> do what <c>if</c> and <c>for</c> do. Compile once and call often: each compiled function has
    /// programs of its own. Composes with all other transformations, in any order.
    /// </remarks>
    /// <exception cref="T:Cotangent.TraceException">The function reads a number.</exception>
    /// <example><code>
    /// let step = compile (fun (x: Tensor) -> x - 0.1 * grad (fun x -> sum (x * x)) x)
    /// step (tensor [ 1.0; 2.0 ]) // [0.8, 1.6]
    /// </code></example>
    let compile (f: 'p -> 'q) : 'p -> 'q =
        Given.check "f" f
        WarmUp.start ()
        unbox (box (CompiledFunction<'p, 'q>("compile", f, (fun _ -> 0))))

    /// <summary>
    /// <c>compile</c> for a function of a pair whose first item is given away: the program may put its results in that
    /// memory, so that parameters and the state of an optimiser are updated in place. Give it what is replaced by the
    /// result anyway, and go on with the result.
    /// </summary>
    /// <remarks>
    /// A result takes over the memory of a tensor of its shape and dtype that the program is done with; the others are
    /// made anew. Views made before keep their numbers: memory that another tensor shows, or that is passed twice, is not
    /// overwritten. All tensors of the first item are used up by the call all the same, on every device. Under another
    /// transformation (<c>grad</c>, <c>vmap</c>, inside <c>compile</c>) nothing is given away, since it may still be needed.
    /// </remarks>
    /// <exception cref="T:Cotangent.TraceException">The function reads a number.</exception>
    /// <exception cref="T:Cotangent.DonationException">A tensor is used after it was given away.</exception>
    /// <example><code>
    /// let step = compileDonating (fun (x: Tensor, rate: Tensor) -> x - rate * grad (fun x -> sum (x * x)) x)
    /// let x = step (tensor [ 1.0; 2.0 ], tensor 0.1)
    /// step (x, tensor 0.1) // [0.64, 1.28]
    /// x + 1.0 // throws DonationException
    /// </code></example>
    let compileDonating (f: 'a * 'b -> 'q) : 'a * 'b -> 'q =
        Given.check "f" f
        let donated (a: 'a, _: 'b) = if Walkers.holdsTensors typeof<'a> then (Tree.leaves a).Length else 0

        WarmUp.start ()
        unbox (box (CompiledFunction<'a * 'b, 'q>("compileDonating", f, donated)))

    /// <summary>
    /// Folds a function over the slices along axis 0 of every tensor of a tree, as <c>List.mapFold</c> does: from a carry
    /// and a slice to the next carry and a result; the last carry, and the results stacked along axis 0.
    /// </summary>
    /// <remarks>
    /// In a compiled function the loop is part of the program, compiled once whatever its length. In reverse mode the
    /// carries of all rounds are kept there, and each round is computed again on the way back.
    /// </remarks>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The sequences differ in length, or the function changes a shape or dtype of the carry.
    /// </exception>
    /// <example><code>
    /// scan (fun t x -> t + x, t + x) (tensor 0.0) (tensor [ 1.0; 2.0; 3.0 ]) // (6, [1, 3, 6])
    /// </code></example>
    let scan (f: 'carry -> 'x -> 'carry * 'y) (initial: 'carry) (xs: 'x) : 'carry * 'y =
        Given.check "f" f
        Loops.scan f initial xs

    /// <summary>
    /// Running results of an associative function along axis 0 of every tensor of a tree: the first item, the first two combined,
    /// the first three, … Neighbours are combined in pairs, then pairs of these: for n items 2n calls of the function in 2 log₂ n
    /// steps, of which each does all of its calls at once, where <c>scan</c> needs n steps (Blelloch, "Prefix sums and their
    /// applications", 1990). Recurrences that are linear, or products of matrices, run so.
    /// </summary>
    /// <remarks>
    /// The function is given two items, without their axis, the earlier one first, and must return one like them; (a ∘ b) ∘ c and
    /// a ∘ (b ∘ c) must be the same but for rounding, and it must not read numbers (it runs under <c>vmap</c>). All derivatives,
    /// batches and compiled programs are those of what it does.
    /// </remarks>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The tensors differ in their number of items, or the function changes a shape or dtype.
    /// </exception>
    /// <exception cref="T:Cotangent.AxisException">A tensor is a scalar.</exception>
    /// <exception cref="T:Cotangent.TreeException">There are no tensors.</exception>
    /// <exception cref="T:Cotangent.TraceException">The function reads a number.</exception>
    /// <example><code>
    /// associativeScan (fun (x: Tensor) y -> x * y) (tensor [ 1.0; 2.0; 3.0; 4.0 ]) // [1, 2, 6, 24]
    ///
    /// // h ↦ a h + b, one after the other: of each item the factor and the summand of all up to there.
    /// let after (a: Tensor, b: Tensor) (a', b') = a * a', a' * b + b'
    /// associativeScan after (tensor [ 0.5; 0.5; 2.0 ], tensor [ 1.0; 1.0; 1.0 ]) // ([0.5, 0.25, 0.5], [1, 1.5, 4])
    /// </code></example>
    let associativeScan (combine: 'a -> 'a -> 'a) (xs: 'a) : 'a =
        Given.check "combine" combine
        TreeScan.run 0 false combine xs

    /// <summary>
    /// <c>associativeScan</c> along another axis, or from the end: then the last item comes first, and each is combined with those
    /// behind it.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The tensors differ in their number of items, or the function changes a shape or dtype.
    /// </exception>
    /// <exception cref="T:Cotangent.AxisException">A tensor has no such axis.</exception>
    /// <exception cref="T:Cotangent.TreeException">There are no tensors.</exception>
    /// <exception cref="T:Cotangent.TraceException">The function reads a number.</exception>
    /// <example><code>
    /// let xs = tensor [ [ 1.0; 2.0; 3.0 ]; [ 4.0; 5.0; 6.0 ] ]
    /// associativeScanWith { Axis = 1; Reverse = true } (fun (x: Tensor) y -> x + y) xs // [[6, 5, 3], [15, 11, 6]]
    /// </code></example>
    let associativeScanWith (along: ScanAxis) (combine: 'a -> 'a -> 'a) (xs: 'a) : 'a =
        Given.check "along" along
        Given.check "combine" combine
        TreeScan.run along.Axis along.Reverse combine xs

    /// <summary>
    /// A function applied n times. In a compiled function the loop is part of the program: a whole training run can be
    /// one call.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The function's result has other shapes or dtypes than its argument.
    /// </exception>
    /// <exception cref="T:Cotangent.ValueException">n is negative.</exception>
    /// <example><code>
    /// iterate 10 (fun x -> 0.5 * (x + 4.0 / x)) (tensor 1.0) // the root of 4 by Newton's method: 2
    /// </code></example>
    let iterate (n: int) (f: 'a -> 'a) (x: 'a) : 'a =
        Given.check "f" f
        Loops.iterate n f x

    /// <summary>
    /// The same with a function that is also given the round's number, Int32 from 0 on, before what goes round: as <c>mapi</c> is to
    /// <c>map</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The function's result has other shapes or dtypes than its argument.
    /// </exception>
    /// <exception cref="T:Cotangent.ValueException">n is negative.</exception>
    /// <example><code>
    /// // 5!
    /// iteratei 5 (fun k x -> x * (k.Convert DType.Float64 + 1.0)) (tensor 1.0) // 120
    /// </code></example>
    let iteratei (n: int) (f: Tensor -> 'a -> 'a) (x: 'a) : 'a =
        Given.check "f" f
        Loops.iteratei n f x

    /// <summary>
    /// Calls a function of .NET with numbers, from inside compiled functions as well: whenever the program runs, with tensors that can be read.
    /// What it returns is told beforehand by tensors like it, of which shapes and dtypes count alone: a program has to know them.
    /// </summary>
    /// <remarks>
    /// The function shall make the same of the same and do nothing else: it is called as often as the program needs its results, perhaps
    /// never; <c>Debug.observe</c> is for what shall be done each time. Under <c>vmap</c> it is called for each example by itself. It has no
    /// derivative but one that <c>withDerivative</c> gives it. Tensors of a GPU come to main memory and go back.
    /// </remarks>
    /// <exception cref="T:Cotangent.ShapeException">The function returns other shapes or dtypes than it was said to.</exception>
    /// <exception cref="T:Cotangent.TreeException">The argument holds no tensors.</exception>
    /// <exception cref="T:Cotangent.DerivativeException">It is differentiated.</exception>
    /// <example><code>
    /// // A table of the user's own, looked up in a compiled function.
    /// let prices = dict [ 1, 0.5; 2, 0.8 ]
    /// let price = hostCall (tensor 0.0) (fun (code: Tensor) -> tensor prices[int code])
    /// compile (fun code -> 3.0 * price code) (tensor 2) // 2.4
    ///
    /// let ownSine = withDerivative (Derivative.Push(fun x d -> d * cos x)) (hostCall (tensor 0.0) (fun x -> tensor (System.Math.Sin(float x))))
    /// compile (grad ownSine) (tensor 0.0) // 1
    /// </code></example>
    let hostCall (like: 'q) (f: 'p -> 'q) (x: 'p) : 'q =
        Given.check "like" like
        Given.check "f" f
        HostCalls.call "hostCall" like f x

    /// <summary>
    /// A function applied as long as a condition, one Bool, holds. Under <c>vmap</c> each example stops by itself.
    /// </summary>
    /// <remarks>
    /// Forward mode differentiates it everywhere, reverse mode outside of compiled functions only: a program can't keep
    /// the values of a number of rounds that it does not know. <c>boundedWhileLoop</c> has no such limit.
    /// </remarks>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The condition is not one Bool, or the function changes a shape or dtype.
    /// </exception>
    /// <example><code>
    /// whileLoop (fun (x: Tensor) -> x.Less 100.0) (fun x -> 2.0 * x) (tensor 1.0) // 128
    /// </code></example>
    let whileLoop (condition: 'a -> Tensor) (f: 'a -> 'a) (x: 'a) : 'a =
        Given.check "condition" condition
        Given.check "f" f
        Loops.whileLoop condition f x

    /// <summary>
    /// <c>whileLoop</c> for so many rounds at the most, with derivatives of every mode, compiled too: adaptive solvers, searches and
    /// iterations that stop by their own numbers can be trained through.
    /// </summary>
    /// <remarks>
    /// After the last round that the bound allows it returns what was reached, whether or not the condition still holds: ask
    /// the condition of the result. A large bound is cheap: on the way back memory, and the times that each round is computed
    /// again, grow with its logarithm (recursive checkpointing; Griewank 1992), and rounds that are not needed are not run.
    /// </remarks>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The condition is not one Bool, or the function changes a shape or dtype.
    /// </exception>
    /// <exception cref="T:Cotangent.ValueException">The bound is negative.</exception>
    /// <example><code>
    /// // Doubled until it is 100 or more: 64 times x.
    /// let grow x = boundedWhileLoop 1000 (fun (x: Tensor) -> x.Less 100.0) (fun x -> 2.0 * x) x
    /// compile (grad grow) (tensor 2.0) // 64
    /// </code></example>
    let boundedWhileLoop (bound: int) (condition: 'a -> Tensor) (f: 'a -> 'a) (x: 'a) : 'a =
        Given.check "condition" condition
        Given.check "f" f
        BoundedLoop.run bound condition f x

    /// <summary>
    /// One of two functions of x, by one Bool. In a compiled function both are in the program, and one of them runs;
    /// under a <c>vmap</c> over the test both run, and each example takes its own.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The test is not one Bool, or, where it can't be read, the branches differ in shapes or dtypes.
    /// </exception>
    /// <example><code>
    /// let x = tensor 3.0
    /// cond (x.Greater 0.0) (fun x -> x * x) (fun x -> -x) x // 9
    /// </code></example>
    let cond (test: Tensor) (onTrue: 'a -> 'b) (onFalse: 'a -> 'b) (x: 'a) : 'b =
        Given.check "test" test
        Given.check "onTrue" onTrue
        Given.check "onFalse" onFalse
        Loops.cond test onTrue onFalse x

    /// <summary>
    /// One of several functions of x, by one integer: the function at that place of the list. In a compiled function all are in the
    /// program, and one of them runs, found by as many comparisons as the logarithm of their number; under a <c>vmap</c> over the
    /// index all run, and each example takes its own.
    /// </summary>
    /// <remarks>
    /// An index outside of the list raises where it can be read. Where it can't, in a compiled function and under a <c>vmap</c> over
    /// it, an index below 0 takes the first function, and one beyond the last takes that.
    /// </remarks>
    /// <exception cref="T:Cotangent.IndexException">The index is negative, or there are not so many functions.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The index is not an integer.</exception>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The index is not one number, or, where it can't be read, the functions differ in shapes or dtypes of their results.
    /// </exception>
    /// <exception cref="T:Cotangent.ValueException">There are no functions.</exception>
    /// <example><code>
    /// let activations = [ (fun (x: Tensor) -> relu x); tanh; (fun x -> x * x) ]
    /// switch (tensor 2) activations (tensor -3.0) // 9
    ///
    /// // Each example chooses.
    /// vmap (fun (i, x) -> switch i activations x) (tensor [ 0; 2 ], tensor [ -3.0; -3.0 ]) // [0, 9]
    /// </code></example>
    let switch (index: Tensor) (branches: ('a -> 'b) list) (x: 'a) : 'b =
        Given.check "index" index
        let branches = Given.items "branches" branches
        Switch.run index branches x

    /// <summary>
    /// The same function, whose values inside are not kept for the way back of reverse mode but computed again: memory
    /// for time (Chen, Xu, Zhang and Guestrin, "Training deep nets with sublinear memory cost", 2016). It may close over
    /// what is differentiated, as a layer does over its parameters: gradients arrive there, too.
    /// </summary>
    /// <example><code>
    /// grad (checkpoint (fun x -> sum (x * x))) (tensor [ 1.0; 2.0 ]) // [2, 4]
    /// </code></example>
    let checkpoint (f: 'p -> 'q) : 'p -> 'q =
        Given.check "f" f
        Checkpoint.run f

    /// <summary>
    /// <c>checkpoint</c> that keeps some of the values inside, as a policy says: the results of products and convolutions, say, which
    /// are dear to compute again, or what has been named by <c>checkpointName</c>, or all but that. Compiled programs keep the same.
    /// </summary>
    /// <remarks>
    /// Of a function that reads numbers nothing is kept inside. Names and products inside of the bodies of loops and branches are those of
    /// the bodies' own checkpoints.
    /// </remarks>
    /// <example><code>
    /// let w1, w2 = tensor [ [ 0.5; 1.0 ]; [ 0.0; 2.0 ] ], tensor [ [ 1.0 ]; [ 3.0 ] ]
    /// let layers (x: Tensor) = matmul (tanh (matmul x w1)) w2 |> sum
    /// grad (checkpointWith CheckpointPolicy.Products layers) (tensor [ [ 0.0; 0.0 ] ]) // [[3.5, 6]]
    ///
    /// let named (x: Tensor) = checkpointName "hidden" (exp x) |> sin |> sum
    /// grad (checkpointWith (CheckpointPolicy.Names [ "hidden" ]) named) (tensor [ 0.0 ]) // [0.5403]
    /// </code></example>
    let checkpointWith (policy: CheckpointPolicy) (f: 'p -> 'q) : 'p -> 'q =
        Given.check "policy" policy
        Given.check "f" f
        Checkpoint.runWith policy f

    /// <summary>The same values, under a name by which <c>checkpointWith</c> keeps them. Elsewhere it does nothing.</summary>
    /// <example><code>
    /// checkpointName "hidden" (tensor [ 1.0; 2.0 ]) // [1, 2]
    /// </code></example>
    let checkpointName (name: string) (x: 'p) : 'p =
        Given.check "name" name
        Checkpoint.name name x
