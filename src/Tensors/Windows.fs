namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// What surrounds the spatial axes where windows slide over them: zeros for a convolution, nothing for pooling.
/// </summary>
/// <example><code>
/// { Window.plain with Padding = Padding.Sides [ (1, 0); (2, 2) ] }
/// </code></example>
[<RequireQualifiedAccess; Struct>]
type Padding =
    /// None: windows stay inside.
    | Valid
    /// So much that there are ⌈size / stride⌉ windows along each axis. An odd one goes to the end.
    | Same
    /// As much before and after each axis.
    | Around of width: int
    /// Before and after, axis by axis. A single pair holds for all axes.
    | Sides of widths: (int * int) list

/// <summary>How windows slide over the spatial axes. A list of one entry holds for all axes.</summary>
/// <example><code>
/// { Window.plain with Strides = [ 2; 1 ]; Padding = Padding.Around 1 }
/// </code></example>
[<CompiledName "FSharpWindow">]
type Window = {
    /// How far apart the first elements of neighbouring windows are.
    Strides: int list
    Padding: Padding
    /// How far apart the elements of one window are.
    Dilation: int list
}

/// Windows that are used often.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Window =
    /// <summary>Strides and dilation of 1, no padding.</summary>
    /// <example><code>
    /// { Window.plain with Dilation = [ 2 ] }
    /// </code></example>
    let plain: Window = { Strides = [ 1 ]; Padding = Padding.Valid; Dilation = [ 1 ] }

    /// <summary>Strides and dilation of 1, as many windows as elements.</summary>
    /// <example><code>
    /// convolve Window.same (Tensor.ones DType.Float32 [ 8; 3; 5; 5 ]) (Tensor.zeros DType.Float32 [ 3; 28; 28 ]) // shape (8, 28, 28)
    /// </code></example>
    let same: Window = { plain with Padding = Padding.Same }

    /// <summary>A stride along all axes; no padding.</summary>
    /// <example><code>
    /// maxPool [ 2; 2 ] (Window.stride 2) (Tensor.zeros DType.Float32 [ 3; 28; 28 ]) // shape (3, 14, 14)
    /// </code></example>
    let stride (step: int) : Window = { plain with Strides = [ step ] }

/// The windows that a `Window` makes over axes of given sizes, checked.
module internal WindowRules =
    let perAxis (operation: string) what least axes (entries: int list) =
        match entries with
        | [ one ] when one >= least -> Array.replicate axes one
        | many when many.Length = axes && List.forall (fun n -> n >= least) many -> Array.ofList many
        | wrong ->
            raise (
                ValueException
                    $"{operation}: %A{wrong} as {what} for {axes} spatial axes; give one number for all of them or one for each, {least} or more."
            )

    // Sizes are computed in 64 bits: two numbers of 32 overflow in a product or a sum.

    /// The elements from the first to the last of a window.
    let reach (size: int[]) (dilation: int[]) : int64[] =
        Array.map2 (fun n d -> (int64 n - 1L) * int64 d + 1L) size dilation

    let private sides (operation: string) axes (padding: (int * int) list) =
        let refuse () =
            raise (
                ValueException
                    $"{operation}: %A{padding} as padding of {axes} spatial axes; give one pair for all of them or one for each, of numbers not negative."
            )

        if padding |> List.exists (fun (before, after) -> before < 0 || after < 0) then refuse ()

        match padding with
        | [ pair ] -> Array.replicate axes pair
        | pairs when pairs.Length = axes -> Array.ofList pairs
        | _ -> refuse ()

    /// Before and after each axis, for windows that reach so far over axes of the sizes `full`.
    let widths (operation: string) (window: Window) (full: int[]) (step: int[]) (reach: int64[]) =
        let axes = full.Length

        let same a =
            let count = int64 (partsOf full[a] step[a])
            let total = max 0L ((count - 1L) * int64 step[a] + reach[a] - int64 full[a])
            struct (total / 2L, total - total / 2L)

        let given pairs =
            sides operation axes pairs
            |> Array.map (fun (before, after) -> struct (int64 before, int64 after))

        match window.Padding with
        | Padding.Valid -> Array.create axes (struct (0L, 0L))
        | Padding.Same -> Array.init axes same
        | Padding.Around width -> given [ width, width ]
        | Padding.Sides pairs -> given pairs

    let windowsOver (operation: string) (window: Window) (size: int[]) (full: int[]) : Windows =
        let axes = full.Length
        let step = perAxis operation "strides" 1 axes window.Strides
        let dilation = perAxis operation "dilation" 1 axes window.Dilation
        let reach = reach size dilation
        let widths = widths operation window full step reach
        let before = widths |> Array.map (fun (struct (before, _)) -> before)
        let after = widths |> Array.map (fun (struct (_, after)) -> after)
        let padded = Array.init axes (fun a -> int64 full[a] + before[a] + after[a])

        if Array.exists2 (<) padded reach then
            raise (
                ShapeException
                    $"{operation}: windows of {Shape.show size} with dilation {Shape.show dilation} reach over {Shape.showLong reach} elements, more than the spatial axes {Shape.show full} have with their padding. Use smaller windows, or `Padding.Same`."
            )

        // Kernels count in 32 bits. With the padding there may be no more places than a tensor can have elements.
        Shape.sized $"{operation}, with its padding" padded |> ignore

        // A stride beyond the last window, and the dilation of a single element, lead nowhere.
        let stepOf a = min (int64 step[a]) (max 1L (padded[a] - reach[a] + 1L))

        {
            Full = full
            Size = size
            Step = Array.init axes (stepOf >> int)
            Dilation = Array.init axes (fun a -> if size[a] = 1 then 1 else dilation[a])
            Before = Array.map int before
            After = Array.map int after
        }

    /// Whether window i along an axis has an element that is no padding.
    let private isThere (w: Windows) a i =
        let start = i * w.Step[a] - w.Before[a]
        let first = if start >= 0 then 0 else partsOf -start w.Dilation[a]
        first < w.Size[a] && start + first * w.Dilation[a] < w.Full[a]

    let poolingWindows (operation: string) (size: int list) (window: Window) (full: int[]) =
        let size = Array.ofList size

        if size.Length < 1 || size.Length > 3 || Array.exists (fun n -> n < 1) size then
            raise (
                ValueException
                    $"{operation}: windows of sizes %A{List.ofArray size}; give a size of 1 or more for each of one to three spatial axes."
            )

        let windows = windowsOver operation window size full
        let count = windows.Count

        for a in 0 .. full.Length - 1 do
            for i in 0 .. count[a] - 1 do
                if not (isThere windows a i) then
                    raise (
                        ShapeException
                            $"{operation}: window {i} along spatial axis {a} lies in the padding altogether ({windows.Before[a]} before, {windows.After[a]} after). Use less padding than the window has elements."
                    )

        windows
