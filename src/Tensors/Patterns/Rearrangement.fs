namespace Cotangent

open System.Collections.Generic
open Cotangent.Inlined // in place of functions of Array and List

/// What a pattern does to a tensor: every axis taken apart, some folded, those left put in order, new ones added, and all
/// put together again.
module internal Rearrangement =
    let private labelOfRest i = $"... {i}"

    /// The sizes that the caller gave, each for a name in the pattern.
    let private given (pattern: Pattern) (sizes: (string * int) seq) : Dictionary<string, int> =
        let found = Dictionary<string, int>()
        let names = Pattern.items (pattern.Left @ pattern.Right) |> List.map _.Label

        for name, size in sizes do
            Given.check "sizes" name

            if size < 0 then
                raise (
                    ValueException
                        $"{pattern.Operation}: {name} of size {size}; sizes are 0 or more, and those that follow from the tensor are left out."
                )

            if not (List.exists (fun known -> known = name) names) then
                raise (
                    ValueException
                        $"{pattern.Operation}: a size is given for {name}, which does not stand in \"{pattern.Text}\"."
                )

            if not (found.TryAdd(name, size)) then
                raise (ValueException $"{pattern.Operation}: two sizes are given for {name}; give one.")

        found

    /// The sizes of the axes that one axis of the tensor is made of.
    let private split
        (pattern: Pattern)
        (sizes: Dictionary<string, int>)
        (x: Tensor)
        axis
        (group: PatternGroup)
        =
        let whole = x.Dims[axis]

        let sizeOf (item: PatternItem) =
            match item with
            | PatternItem.Number(size, _) -> ValueSome size
            | PatternItem.Axis _
            | PatternItem.Rest _ ->
                match sizes.TryGetValue item.Label with
                | true, size -> ValueSome size
                | false, _ -> ValueNone

        let known =
            (1L, group.Items)
            ||> List.fold (fun n item ->
                match sizeOf item with
                | ValueSome size -> n * int64 size
                | ValueNone -> n)

        let misfit (at: int) (reason: string) =
            pattern.Fail at $"axis {axis} of shape {Shape.show x.Dims} has size {whole}; {reason}"

        let at =
            match group.Items with
            | [] -> 0
            | item :: _ -> item.At

        match group.Items |> List.filter (fun item -> (sizeOf item).IsNone) with
        | [] -> if known <> int64 whole then misfit at $"the pattern and the sizes given say {known}"
        | [ item ] ->
            if known = 0L then
                misfit item.At $"with an axis of size 0 beside it {item.Label} can be any"

            if int64 whole % known <> 0L then
                misfit item.At $"{known} does not divide it, and so {item.Label} has no size"

            sizes[item.Label] <- int (int64 whole / known)
        | _ :: second :: _ ->
            misfit
                second.At
                $"the sizes of {group.Items.Head.Label} and {second.Label} can't both be told. Give one of them"

        [
            for item in group.Items do
                struct (item.Label, (sizeOf item).Value)
        ]

    /// The axes of a tensor, taken apart as the left side says.
    let private apart
        (pattern: Pattern)
        (sizes: Dictionary<string, int>)
        (x: Tensor)
        : struct (string * int)[] =
        let isRest (group: PatternGroup) = group.Items |> List.exists _.IsRest
        let named = pattern.Left |> List.filter (fun group -> not (isRest group)) |> List.length
        let rest = x.Rank - named

        if rest < 0 || rest > 0 && not (List.exists isRest pattern.Left) then
            raise (
                ShapeException
                    $"{pattern.Operation}: the left side of \"{pattern.Text}\" has {named} axes, and the tensor has shape {Shape.show x.Dims}. Name each axis; three dots stand for any number of them."
            )

        let mutable axis = 0

        [|
            for group in pattern.Left do
                if isRest group then
                    for i in 0 .. rest - 1 do
                        struct (labelOfRest i, x.Dims[axis + i])

                    axis <- axis + rest
                else
                    yield! split pattern sizes x axis group
                    axis <- axis + 1
        |]

    /// The tensor that the right side describes. What it has not is folded; what only it has is a new axis.
    let run
        (pattern: Pattern)
        (sizes: (string * int) seq)
        (fold: int[] -> Tensor -> Tensor)
        (x: Tensor)
        : Tensor =
        let sizes = given pattern sizes

        for item in Pattern.items pattern.Right do
            match item with
            | PatternItem.Number(size, _) -> sizes[item.Label] <- size
            | PatternItem.Axis _
            | PatternItem.Rest _ -> ()

        let axes = apart pattern sizes x
        let rest = axes |> Array.filter (fun (struct (label, _)) -> label.StartsWith "... ") |> Array.length
        let elementary = x.Reshape(axes |> Array.map (fun (struct (_, size)) -> size))
        let labels = axes |> Array.map (fun (struct (label, _)) -> label)

        let labelsOf (group: PatternGroup) = [|
            for item in group.Items do
                if item.IsRest then
                    for i in 0 .. rest - 1 do
                        labelOfRest i
                else
                    item.Label
        |]

        let wanted = [|
            for group in pattern.Right do
                yield! labelsOf group
        |]

        let isWanted label = Array.contains label wanted
        let folded = Range.filter labels.Length (fun i -> not (isWanted labels[i]))
        let kept = Array.filter isWanted labels
        let remaining = if folded.Length = 0 then elementary else fold folded elementary
        let old = wanted |> Array.filter (fun label -> Array.contains label kept)
        let inOrder = remaining.Permute(old |> Array.map (fun label -> System.Array.IndexOf(kept, label)))

        let sizeOf label =
            match Array.tryFindIndex (fun known -> known = label) labels with
            | Some i -> elementary.Dims[i]
            | None -> sizes[label]

        let spread =
            if old.Length = wanted.Length then
                inOrder
            else
                let narrow =
                    wanted |> Array.map (fun label -> if Array.contains label kept then sizeOf label else 1)

                let wide =
                    wanted |> Array.map (fun label -> int64 (sizeOf label)) |> Shape.sized pattern.Operation

                (inOrder.Reshape narrow).Expand wide

        let shape = [|
            for group in pattern.Right do
                let parts = labelsOf group |> Array.map sizeOf

                if group.IsMerged then
                    yield!
                        Shape.sized pattern.Operation [| Array.fold (fun n size -> n * int64 size) 1L parts |]
                else
                    yield! parts
        |]

        spread.Reshape shape
