namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Connections around functions: residual, dense, and those of a U-net. Plain functions, for whatever stands inside.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Connect =
    /// <summary>x + f x (He et al. 2016).</summary>
    /// <exception cref="T:Cotangent.ShapeException">The function changes the shape.</exception>
    /// <example><code>
    /// Connect.residual relu (tensor [ -1.0; 2.0 ]) // [-1, 4]
    /// </code></example>
    let residual (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        Given.check "f" f
        Given.check "x" x
        let y = f x

        if not (Shape.equal x.Dims y.Dims) then
            raise (
                ShapeException
                    $"Connect.residual: the function makes {Shape.show y.Dims} of {Shape.show x.Dims}; to add the two they must be equal. Where it changes the shape, add a projection of the input yourself: f x + project x."
            )

        x + y

    /// <summary>
    /// Each function of all that went before, put together along an axis; at the end everything (Huang, Liu, van der Maaten and
    /// Weinberger 2017).
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The parts differ along another axis.</exception>
    /// <example><code>
    /// let total (x: Tensor) = x.Sum([ -1 ], true)
    /// Connect.dense -1 [ total; total ] (tensor [ 1.0; 2.0 ]) // [1, 2, 3, 6]
    /// </code></example>
    let dense (axis: int) (functions: (Tensor -> Tensor) list) (x: Tensor) : Tensor =
        Given.check "functions" functions
        Given.check "x" x
        functions |> List.fold (fun seen f -> concat axis [ seen; f seen ]) x

    /// <summary>
    /// A function around another, with a connection past it: up (x beside inner (down x)), put together along an axis. Nested, it is
    /// a U-net (Ronneberger, Fischer and Brox 2015): each level goes down, and comes up to its own input's size.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">What comes from inside differs from x along another axis.</exception>
    /// <example><code>
    /// let halve (x: Tensor) = x.Reshape([ -1; 2 ]).Mean [ 1 ]
    /// let twice (x: Tensor) = (stack 1 [ x; x ]).Flatten()
    /// let level inner = Connect.around 0 halve (inner >> twice) id
    /// level (level id) (tensor [ 1.0; 3.0; 5.0; 7.0 ]) // shape (12)
    /// </code></example>
    let around
        (axis: int)
        (down: Tensor -> Tensor)
        (inner: Tensor -> Tensor)
        (up: Tensor -> Tensor)
        (x: Tensor)
        : Tensor =
        Given.check "down" down
        Given.check "inner" inner
        Given.check "up" up
        Given.check "x" x
        up (concat axis [ x; inner (down x) ])
