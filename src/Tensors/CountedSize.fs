namespace Cotangent

/// Sizes that depend on numbers.
module internal CountedSize =
    /// The size that the caller gave; else what is counted, where there are numbers to count.
    let named
        (argument: string)
        (operation: string)
        (size: int option)
        (t: Tensor)
        (count: unit -> Tensor)
        : int =
        match size, t with
        | Some size, _ when size < 0 ->
            raise (ValueException $"{operation}: a {argument} of {size}; 0 or more is needed.")
        | Some size, _ -> size
        | None, Traced tracer when not t.HasNumbers ->
            raise (
                TraceException
                    $"{operation}: how many there are depends on the numbers, which `{tracer.TracedBy}` does not know, of {t.DType} {Shape.show t.Dims}. Give the {argument} of the result."
            )
        | None, _ -> Staging.suspended (fun () -> int (count ()))

    let get operation size t count = named "size" operation size t count

    /// The numbers that are wanted, in a vector of fixed size: those that a mask marks, in order; then the fill.
    let marked (size: int) (mask: Tensor) (numbers: Tensor) : struct (Tensor * Tensor) =
        let order = (mask.Convert DType.Int32).CumulativeSum 0 - 1
        // Those that are not wanted all go to one place more.
        let slot = where (mask.And(order.Less(float size))) order (Tensor.fullLike order (float size))
        let all = Bind.one (Primitive.Scatter(Collision.Last, 0, 0, size + 1)) [| numbers; slot |]

        let isFilled =
            (Bind.create (Primitive.Iota(DType.Int32, size)) mask.Device).Less(mask.Sum().Convert DType.Int32)

        struct (sliceAxis 0 0 size all, isFilled)
