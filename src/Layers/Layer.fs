namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// What turns one tensor into another: a layer that can stand in a <c>Sequential</c>. Nothing else asks for it: a model is any
/// record, and its forward pass any function.
/// </summary>
type ILayer =
    /// The output, as it is while predicting.
    abstract Forward: x: Tensor -> Tensor

/// A layer that is another while it is trained: it draws random numbers, or keeps statistics of what it sees.
type ITrainingLayer =
    inherit ILayer

    /// The output while training, and the layer with what it has learned of its input besides its parameters.
    abstract Train: x: Tensor * key: Key -> struct (Tensor * ILayer)

/// What the errors of layers have in common: they say which layer, what it got and what it wants.
module internal Layer =
    /// Sizes that a constructor was given.
    let requirePositive (operation: string) (sizes: (string * int) list) =
        match sizes |> List.tryFind (fun (_, size) -> size < 1) with
        | Some(what, size) -> raise (ValueException $"{operation}: {size} {what}; there must be at least 1.")
        | None -> ()

    /// Parameters that are trained are floats.
    let requireFloat (operation: string) (dtype: DType) =
        if not dtype.IsFloat then
            raise (
                DTypeException
                    $"{operation}: parameters of {dtype} can't be trained; ask for a floating-point dtype."
            )

    /// The last axis of an input holds what the layer takes.
    let requireLast (operation: string) (what: string) (size: int) (x: Tensor) =
        Given.check "x" x

        if x.Rank = 0 || x.Dims[x.Rank - 1] <> size then
            raise (
                ShapeException
                    $"{operation}: the input has shape {Shape.show x.Dims}; its last axis must hold the {size} {what} of this layer."
            )
