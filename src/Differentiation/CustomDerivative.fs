namespace Cotangent.Differentiation

open Cotangent

/// A function that brings its own derivative, on flat lists of tensors. Absent tangents and cotangents are ValueNone.
[<AbstractClass>]
type internal CustomDerivative(name) =
    inherit CustomOperation(name)

    /// inputs, outputs, input tangents -> output tangents
    abstract Push: Tensor[] * Tensor[] * Tensor voption[] -> Tensor voption[]
    /// inputs, outputs, output cotangents -> input cotangents
    abstract Pull: Tensor[] * Tensor[] * Tensor voption[] -> Tensor voption[]

    /// Runs it and pushes tangents through it: the outputs and their tangents.
    abstract Pushed: Tensor[] * Tensor voption[] -> struct (Tensor[] * Tensor voption[])

    default f.Pushed(inputs, tangents) =
        let outputs = Bind.apply (Primitive.Custom f) inputs
        struct (outputs, f.Push(inputs, outputs, tangents))

    /// Runs it for a tape, where the inputs marked are to have cotangents: its outputs, and what to push and pull them
    /// by. A function that keeps residuals returns one that holds them.
    abstract Recorded: Tensor[] * bool[] -> struct (Tensor[] * CustomDerivative)

    default f.Recorded(inputs, _) = struct (Bind.apply (Primitive.Custom f) inputs, f)

    /// Whether it says itself what series it makes. Else they are found from its push.
    abstract HasSeries: bool

    default _.HasSeries = false

    /// Runs it on series, up to the terms of an order: of each input the first, and the others (none of a constant, ValueNone being 0)
    /// -> the same of each output.
    abstract Series:
        order: int * inputs: Tensor[] * rest: Tensor voption[][] -> struct (Tensor[] * Tensor voption[][])

    default f.Series(_, _, _) = invalidOp $"The series of '{f.Name}' are found from its push."

    /// Whether its derivative is that of what it runs, so that a result has no tangent, and an input no cotangent, where
    /// what it runs has none. Else all that are floats have.
    abstract IsFollowed: bool

    default _.IsFollowed = false

module internal CustomDerivative =
    let ofCustom (f: CustomFunction) =
        match f with
        | :? CustomDerivative as d -> d
        | other ->
            raise (
                DerivativeException $"'{other.Name}' has no derivative. Give it one with `withDerivative`."
            )

    /// Its outputs one level down must not come from the same trace, nor from one inside: then the function reached for
    /// a traced tensor behind its arguments' back, and that part of the derivative or batch would be lost.
    let refuseClosures (trace: Trace) name (outputs: Tensor[]) =
        for t in outputs do
            match t with
            | Traced r when r.Trace.Level >= trace.Level ->
                raise (
                    DerivativeException
                        $"`{name}`: its function uses a tensor traced by `{r.TracedBy}` that is not among its arguments, so its part of the result would be lost. Pass it as an argument (in a tuple or record); a differentiated one can be made constant with `stopGradient` instead."
                )
            | Traced _
            | Value _ -> ()
