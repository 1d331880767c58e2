namespace Cotangent.Checkpoints

open System

/// Which of some names is most like one that is not among them.
module internal NearestName =
    /// Names that are compared, at most: more would take longer than they help.
    [<Literal>]
    let private Most = 2000

    /// How many letters have to be put in, left out or replaced (Levenshtein, 1966).
    let distance (a: string) (b: string) : int =
        let mutable above = Array.init (b.Length + 1) id

        for i in 1 .. a.Length do
            let row = Array.zeroCreate (b.Length + 1)
            row[0] <- i

            for j in 1 .. b.Length do
                let replaced = above[j - 1] + (if a[i - 1] = b[j - 1] then 0 else 1)
                row[j] <- min replaced (1 + min above[j] row[j - 1])

            above <- row

        above[b.Length]

    /// Among names of a sensible length, one that shares more than half of its letters.
    let find (name: string) (names: string[]) : string | null =
        let fits (other: string) =
            other.Length <= 200 && abs (other.Length - name.Length) <= (name.Length + 1) / 2

        let candidates =
            names |> Seq.filter fits |> Seq.truncate Most |> Seq.map (fun other -> other, distance name other)

        if name.Length > 200 || Seq.isEmpty candidates then
            null
        else
            match candidates |> Seq.minBy snd with
            | nearest, d when d <= (name.Length + 1) / 2 -> nearest
            | _ -> null
