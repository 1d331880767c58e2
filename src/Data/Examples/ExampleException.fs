namespace Cotangent

open System

/// <summary>
/// Where an example comes from: the name of its source (a file, most often) and its index there, from 0, whatever happened to the
/// order since.
/// </summary>
[<Struct; NoComparison>]
type ExampleOrigin = {
    /// The source's name.
    Source: string
    /// The index in the source.
    Index: int64
} with

    override origin.ToString() = $"example {origin.Index} of {origin.Source}"

/// <summary>
/// An example that could not be made: which one, and in <c>InnerException</c> what went wrong. <c>Dataset.recover</c> puts another in its
/// place.
/// </summary>
[<Sealed>]
type ExampleException internal (origin: ExampleOrigin, epoch: int, message: string, inner: exn) =
    inherit CotangentException(message, inner)

    /// The source and the index in it.
    member _.Origin = origin
    /// The epoch in which it was asked for.
    member _.Epoch = epoch

    static member private Named(origin: ExampleOrigin, epoch: int, inner: exn, wayOut: string) : exn =
        match inner with
        | :? ExampleException
        | :? OperationCanceledException -> inner
        | _ ->
            ExampleException(
                origin,
                epoch,
                $"{origin} (epoch {epoch}): {inner.GetType().Name}: {inner.Message}{wayOut}",
                inner
            )

    /// An error as it arose at an example of a dataset, or, if it names its example already, as it is.
    static member internal Of(origin: ExampleOrigin, epoch: int, inner: exn) : exn =
        ExampleException.Named(
            origin,
            epoch,
            inner,
            " To go on without it, put another in its place by `Dataset.recover`."
        )

    /// The same at an example of a stream, which ends there.
    static member internal OfStream(origin: ExampleOrigin, epoch: int, inner: exn) : exn =
        ExampleException.Named(origin, epoch, inner, "")
