/// Functions of FSharp.Core's modules, written out where they are called: the loop is compiled ahead with its caller, whichever
/// FSharp.Core a program brings along, and there is no closure, whose class .NET would load first. A program's first result
/// waits for all of that. To open it puts these in place of FSharp.Core's functions of the same names, silently; so the line that
/// does says so, in the same words in every file.
module internal Cotangent.Inlined

open System

/// Whether two types are one.
let inline sameType (a: Type) (b: Type) = obj.ReferenceEquals(a, b)

/// `lazy` without FSharp.Core's part in it.
let inline later ([<InlineIfLambda>] make: unit -> 'T) : Lazy<'T> = Lazy<'T>(Func<'T>(make))

/// How many parts of `size` elements make up n, the last one perhaps smaller. n + size - 1 would overflow near the largest
/// integer.
let partsOf (n: int) (size: int) : int = n / size + (if n % size > 0 then 1 else 0)

/// The numbers 0 .. n - 1.
module Range =
    let inline forall n ([<InlineIfLambda>] f: int -> bool) =
        let mutable i = 0

        while i < n && f i do
            i <- i + 1

        i >= n

    let inline exists n ([<InlineIfLambda>] f: int -> bool) = not (forall n (fun i -> not (f i)))

    /// The first of which something is true, or ValueNone.
    let inline tryFind n ([<InlineIfLambda>] f: int -> bool) =
        let mutable i = 0

        while i < n && not (f i) do
            i <- i + 1

        if i < n then ValueSome i else ValueNone

    /// Those of which something is true.
    let inline filter n ([<InlineIfLambda>] f: int -> bool) : int[] =
        let found = ResizeArray<int>()

        for i in 0 .. n - 1 do
            if f i then found.Add i

        found.ToArray()

module Array =
    // Which the compiler makes a loop over a new array of.
    let inline init n ([<InlineIfLambda>] f: int -> 'T) : 'T[] = [| for i in 0 .. n - 1 -> f i |]

    let inline create n (value: 'T) : 'T[] = init n (fun _ -> value)

    let inline map ([<InlineIfLambda>] f: 'T -> 'U) (xs: 'T[]) : 'U[] = init xs.Length (fun i -> f xs[i])

    let inline mapi ([<InlineIfLambda>] f: int -> 'T -> 'U) (xs: 'T[]) : 'U[] =
        init xs.Length (fun i -> f i xs[i])

    let inline map2 ([<InlineIfLambda>] f: 'T -> 'U -> 'V) (xs: 'T[]) (ys: 'U[]) : 'V[] =
        if xs.Length <> ys.Length then invalidArg (nameof ys) "The arrays have different lengths."

        init xs.Length (fun i -> f xs[i] ys[i])

    let inline iter ([<InlineIfLambda>] f: 'T -> unit) (xs: 'T[]) =
        for x in xs do
            f x

    let inline iteri ([<InlineIfLambda>] f: int -> 'T -> unit) (xs: 'T[]) =
        for i in 0 .. xs.Length - 1 do
            f i xs[i]

    let inline tryFindIndex ([<InlineIfLambda>] f: 'T -> bool) (xs: 'T[]) : int option =
        match Range.tryFind xs.Length (fun i -> f xs[i]) with
        | ValueSome i -> Some i
        | ValueNone -> None

    let inline tryFind ([<InlineIfLambda>] f: 'T -> bool) (xs: 'T[]) : 'T option =
        match Range.tryFind xs.Length (fun i -> f xs[i]) with
        | ValueSome i -> Some xs[i]
        | ValueNone -> None

    let inline choose ([<InlineIfLambda>] f: 'T -> 'U option) (xs: 'T[]) : 'U[] =
        let found = ResizeArray<'U>()

        for x in xs do
            match f x with
            | Some y -> found.Add y
            | None -> ()

        found.ToArray()

    let inline forall ([<InlineIfLambda>] f: 'T -> bool) (xs: 'T[]) =
        Range.forall xs.Length (fun i -> f xs[i])

    let inline exists ([<InlineIfLambda>] f: 'T -> bool) (xs: 'T[]) =
        Range.exists xs.Length (fun i -> f xs[i])

    let inline forall2 ([<InlineIfLambda>] f: 'T -> 'U -> bool) (xs: 'T[]) (ys: 'U[]) =
        if xs.Length <> ys.Length then invalidArg (nameof ys) "The arrays have different lengths."

        Range.forall xs.Length (fun i -> f xs[i] ys[i])

    let inline contains (x: 'T) (xs: 'T[]) = Range.exists xs.Length (fun i -> xs[i] = x)

    let inline filter ([<InlineIfLambda>] f: 'T -> bool) (xs: 'T[]) : 'T[] =
        let found = ResizeArray<'T>()

        for x in xs do
            if f x then found.Add x

        found.ToArray()

    let inline fold ([<InlineIfLambda>] f: 'S -> 'T -> 'S) (start: 'S) (xs: 'T[]) : 'S =
        let mutable state = start

        for x in xs do
            state <- f state x

        state

    let inline sumBy ([<InlineIfLambda>] f: 'T -> 'N) (xs: 'T[]) : 'N =
        let mutable total = LanguagePrimitives.GenericZero<'N>

        for x in xs do
            total <- total + f x

        total

    let copy (xs: 'T[]) : 'T[] = xs.Clone() :?> 'T[]

    // Where the element is a type parameter, fresh is a method for each kind of element.
    let private fresh<'T> n : 'T[] = init n (fun _ -> Unchecked.defaultof<'T>)

    let sub (xs: 'T[]) start count : 'T[] =
        let part = fresh count
        System.Array.Copy(xs, start, part, 0, count)
        part

    let take count (xs: 'T[]) : 'T[] = sub xs 0 count

    let skip count (xs: 'T[]) : 'T[] = sub xs count (xs.Length - count)

    let truncate count (xs: 'T[]) : 'T[] = sub xs 0 (max 0 (min count xs.Length))

    let append (xs: 'T[]) (ys: 'T[]) : 'T[] =
        let all = fresh (xs.Length + ys.Length)
        System.Array.Copy(xs, all, xs.Length)
        System.Array.Copy(ys, 0, all, xs.Length, ys.Length)
        all

    let concat (parts: 'T[] list) : 'T[] =
        let mutable length = 0

        for part in parts do
            length <- length + part.Length

        let all = fresh length
        let mutable at = 0

        for part in parts do
            System.Array.Copy(part, 0, all, at, part.Length)
            at <- at + part.Length

        all

module List =
    let inline length (xs: 'T list) =
        let mutable n = 0

        for _ in xs do
            n <- n + 1

        n

    let inline exists ([<InlineIfLambda>] f: 'T -> bool) (xs: 'T list) =
        let mutable rest = xs

        while not rest.IsEmpty && not (f rest.Head) do
            rest <- rest.Tail

        not rest.IsEmpty

    let inline map ([<InlineIfLambda>] f: 'T -> 'U) (xs: 'T list) : 'U list = [ for x in xs -> f x ]

    let inline fold ([<InlineIfLambda>] f: 'S -> 'T -> 'S) (start: 'S) (xs: 'T list) : 'S =
        let mutable state = start

        for x in xs do
            state <- f state x

        state

    let inline iter ([<InlineIfLambda>] f: 'T -> unit) (xs: 'T list) =
        for x in xs do
            f x
