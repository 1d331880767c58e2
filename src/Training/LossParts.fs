namespace Cotangent

open Cotangent.Engines

/// What losses and metrics ask of their arguments, each in its own name, and how losses end.
module internal LossParts =
    let requireFloat (operation: string) (what: string) (t: Tensor) =
        Given.check what t

        if not t.DType.IsFloat then
            raise (
                DTypeException
                    $"{operation}: the {what} must be floating-point, got {t.DType} {Shape.show t.Dims}; convert it first, with `t.Convert DType.Float32` for example."
            )

    /// What is compared with labels, which come before it.
    let requireScores (operation: string) (what: string) (t: Tensor) =
        Given.check what t

        if not t.DType.IsFloat then
            raise (
                DTypeException
                    $"{operation}: the {what} must be floating-point, got {t.DType} {Shape.show t.Dims}. The targets come first: are the two swapped? If not, convert it, with `t.Convert DType.Float32` for example."
            )

    /// Equal shapes and floating-point dtypes; nothing is stretched.
    let requireEqual (operation: string) (what: string) (a: Tensor) (other: string) (b: Tensor) =
        Given.check what a
        Given.check other b
        Operands.sameDType operation a b
        requireFloat operation what a

        if not (Shape.equal a.Dims b.Dims) then
            raise (
                ShapeException
                    $"{operation}: the {what} has shape {Shape.show a.Dims}, the {other} {Shape.show b.Dims}; the shapes must be equal, and nothing is stretched. Reshape, squeeze or unsqueeze one of them."
            )

    let requirePositive (operation: string) (what: string) (value: float) =
        if not (value > 0.0 && value < infinity) then
            raise (ValueException $"{operation}: {what} is {string value}; it must be positive and finite.")

    let requireNotNegative (operation: string) (what: string) (value: float) =
        if not (value >= 0.0 && value < infinity) then
            raise (
                ValueException $"{operation}: {what} is {string value}; it must be finite and not negative."
            )

    // ---- Numbers at hand ----

    /// The tensor whose numbers can be looked at for next to nothing: not while tracing, where there are none, and not on a
    /// device, which would have to be waited for.
    let private atHand (t: Tensor) : Tensor voption =
        let rec value (t: Tensor) =
            match t with
            | Value _ -> t
            | Traced r -> value r.Concrete

        if t.Size > 0 && t.Device = Device.Cpu && t.HasNumbers then
            ValueSome(value t)
        else
            ValueNone

    /// The first number, in row-major order, for which something does not hold, where it can be seen: its index and value.
    let private firstBad (isBad: float -> bool) (t: Tensor) =
        t.Reading(fun host -> Inspect.firstWhere isBad host)

    /// Refuses numbers outside of [low, high], where they can be seen. NaN passes: it shows in the loss.
    let requireWithin (operation: string) (what: string) (wanted: string) low high (t: Tensor) =
        match atHand t with
        | ValueNone -> ()
        | ValueSome t ->
            if not (t.Reading(Inspect.isWithin low high)) then
                match firstBad (fun x -> x < low || x > high) t with
                | ValueNone -> ()
                | ValueSome(struct (index, value)) ->
                    raise (
                        ValueException
                            $"{operation}: the {what} at {Shape.show index} is {string value}; {wanted}."
                    )

    /// Refuses the places where something holds, if they can be seen.
    let requireNowhere (operation: string) (what: string) (mask: Tensor) =
        match atHand mask with
        | ValueNone -> ()
        | ValueSome mask ->
            match firstBad (fun x -> x <> 0.0) mask with
            | ValueNone -> ()
            | ValueSome(struct (index, _)) ->
                raise (ValueException $"{operation}: at {Shape.show index} {what}.")

    /// What sums of probabilities are off by, rounded in this dtype.
    let private slack (dtype: DType) =
        if dtype = DType.Float64 then 1e-12
        elif dtype = DType.Float32 then 1e-6
        else 1e-2

    let requireProbabilities (operation: string) (what: string) (way: string) (t: Tensor) =
        let slack = slack t.DType
        requireWithin operation what $"a probability is wanted, from 0 to 1. {way}" -slack (1.0 + slack) t

    /// Refuses integers outside of 0 to n - 1, where they can be seen.
    let requireIndices (operation: string) (what: string) (n: int) (t: Tensor) =
        match atHand t with
        | ValueNone -> ()
        | ValueSome t ->
            match firstBad (fun x -> x < 0.0 || x >= float n) t with
            | ValueNone -> ()
            | ValueSome(struct (index, value)) ->
                raise (
                    IndexException
                        $"{operation}: the {what} at {Shape.show index} is {string value}, which is none of the {n} classes 0 to {n - 1}. Replace it, or ask for more classes."
                )

    /// Integers of the shape of the scores without their last axis, that of the classes.
    let requireLabels (operation: string) (scores: Tensor) (labels: Tensor) =
        Given.check "labels" labels
        requireScores operation "logits" scores

        if scores.Rank < 1 then
            raise (ShapeException $"{operation}: logits (…, classes) are wanted, got a scalar.")

        if not labels.DType.IsInteger then
            raise (
                DTypeException
                    $"{operation}: the labels must be integers, the positions of classes, got {labels.DType} {Shape.show labels.Dims}; convert them with `t.Convert DType.Int64`."
            )

        let wanted = scores.Dims[.. scores.Rank - 2]

        if not (Shape.equal wanted labels.Dims) then
            raise (
                ShapeException
                    $"{operation}: logits {Shape.show scores.Dims} want labels of shape {Shape.show wanted}, one for each row, got {Shape.show labels.Dims}."
            )

    /// 0, 1, 2, … where another tensor is.
    let countBeside (t: Tensor) (dtype: DType) (n: int) : Tensor =
        Bind.create (Primitive.Iota(dtype, n)) t.Device

    /// Labels in a dtype that has the number of every class: those of eight bits end at 255.
    let wideLabels (labels: Tensor) : Tensor =
        if labels.DType.Size < 4 then labels.Convert DType.Int32 else labels

    // ---- How losses end ----

    /// 16-bit floats overflow in squares and lose digits in sums: losses are computed in Float32 at least.
    let wide (t: Tensor) : Tensor = if DTypes.isHalf t.DType then t.Convert DType.Float32 else t

    /// Losses in the dtype of the prediction.
    let each (prediction: Tensor) (losses: Tensor) : Tensor = losses.Convert prediction.DType

    /// Their mean, in the dtype of the prediction.
    let meanOf (operation: string) (prediction: Tensor) (losses: Tensor) : Tensor =
        if losses.Size = 0 then
            raise (
                ShapeException
                    $"{operation}: no examples in shape {Shape.show prediction.Dims} to take the mean of; leave empty batches out."
            )

        (mean losses).Convert prediction.DType
