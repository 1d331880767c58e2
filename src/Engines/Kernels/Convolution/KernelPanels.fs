namespace Cotangent.Engines

// The kernels of a convolution in the order in which tiles read them.

open System.Buffers
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// The orders in which kernels are kept: in panels of so many, or as panels of the planes of their transforms, upright or not (see
/// WinogradProducts.fs).
[<RequireQualifiedAccess; Struct>]
type internal KernelOrder =
    | Panels of rows: int
    | Planes of size: TileSize * isUpright: bool

module internal KernelPanels =

    /// A convolution's kernels in an order, in so many elements of an array from a line of the caches on, which are filled for this call
    /// alone, or kept.
    let kept
        (sums: CorrelationSums<'T>)
        (order: KernelOrder)
        (length: int)
        (fill: 'T[] -> int -> unit)
        : struct ('T[] * int) =
        match sums.Packing with
        | null ->
            let struct (panels, start) = Panels.rent<'T> length
            fill panels start
            struct (panels, start)
        | packing ->
            let panels =
                packing.Get(
                    (sums.Term, sums.Groups, order),
                    fun () ->
                        let panels = Panels.fixed'<'T> length
                        fill panels (Panels.line panels)
                        panels
                )

            struct (panels, Panels.line panels)

    let release (sums: CorrelationSums<'T>) (panels: 'T[]) =
        if isNull sums.Packing then ArrayPool<'T>.Shared.Return panels

    /// The elements of a group's kernels, relative to their first one, that a phase of the target meets, in stretches that are
    /// `Step` apart: of `Count` elements from `Place` on.
    [<Struct; NoComparison; NoEquality>]
    type Stretch = { Place: int; Step: int; Count: int }

    let stretches (kernel: Placement<'T>) channels (target: OutputPhase) : Stretch[] =
        let places =
            seq { 1..3 }
            |> Seq.fold
                (fun found a -> [|
                    for place: int in found do
                        for tap in target.Taps[a] -> place + tap.Index * kernel.Steps[a]
                |])
                (Array.init channels (fun c -> c * kernel.Channel))

        let found = ResizeArray<Stretch>()
        let mutable first = 0

        while first < places.Length do
            let step = if first + 1 < places.Length then places[first + 1] - places[first] else 1
            let mutable last = first + 1

            while last < places.Length && places[last] - places[last - 1] = step do
                last <- last + 1

            found.Add { Place = places[first]; Step = step; Count = last - first }
            first <- last

        found.ToArray()

    /// Rows `first` to `last` of a group's kernels, as a panel of so many rows: first the first elements of all of them, then the second
    /// ones. What the panel lacks is zero.
    let panel rows (kernel: Placement<'T>) rowStep first last (stretches: Stretch[]) (into: 'T[]) start =
        let mutable at = start

        for s in stretches do
            Panels.pack
                rows
                (last - first)
                s.Count
                kernel.Items
                (kernel.Offset + first * rowStep + s.Place)
                rowStep
                s.Step
                into
                at

            at <- at + s.Count * rows
