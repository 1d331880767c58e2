namespace Cotangent.Engines

// The products of kernels and images (see CorrelationImage.fs), block by block on all cores.

open System
open System.Buffers
open System.Numerics
open Cotangent
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.Tile
open Cotangent.Inlined // in place of functions of Array and List

module internal Correlation =

    /// Columns, as many as whole tiles have.
    let private tiled<'T> n = partsOf n (2 * columns<'T>()) * 2 * columns<'T>()

    let private sixes m = partsOf m Rows * Rows

    /// A block of taps whose rows of six kernels stay in the first-level cache while columns go past.
    [<Literal>]
    let private Depth = 256

    /// So many taps are added up block after block; from there on, sums are taken in halves (see Reduce).
    [<Literal>]
    let private Longest = 8192

    /// Panels of six kernels of k taps each, of which those from `First` up to `Last` count, and the rows of the image that
    /// they meet.
    [<Struct; NoComparison; NoEquality>]
    type private Taps<'T> = { Panels: 'T[]; Start: int; K: int; Table: nativeint[]; First: int; Last: int }

    /// sums (m rows of `width`) <- panels times the rows of the image that begin at the table's entries.
    let private product m (t: Taps<'T>) (image: 'T[]) width (sums: 'T[]) =
        optimised ()
        let v = nativeint Vector<'T>.Count
        let tall, wide = 16 * Rows, columns<'T>()
        let table = t.Table

        for p in t.First .. Depth .. t.Last - 1 do
            let kp = min Depth (t.Last - p)
            let last = p + kp

            for i0 in 0..tall .. m - 1 do
                for j in 0..wide .. width - 1 do
                    let b = &at image j

                    for i in i0..Rows .. min m (i0 + tall) - 1 do
                        tile
                            kp
                            &(at t.Panels (t.Start + i * t.K + p * Rows))
                            1n
                            6n
                            &b
                            (at table p)
                            (fun _ left -> at table (last - left))
                            v
                            &(at sums (i * width + j))
                            (nativeint width)
                            (p > t.First)

    /// The same for few kernels, which would leave most of a tile empty: one after the other, by four vectors.
    let private thinProduct m (t: Taps<'T>) (image: 'T[]) width (sums: 'T[]) =
        optimised ()
        let v = nativeint Vector<'T>.Count

        for i in 0 .. m - 1 do
            let a = &at t.Panels (t.Start + i)

            for j in 0 .. 4 * int v .. width - 1 do
                let b = &at image j
                let c = &at sums (i * width + j)

                for first in t.First .. Depth .. t.Last - 1 do
                    let mutable x0, x1 = zeros<'T>(), zeros<'T>()

                    for p in first .. min t.Last (first + Depth) - 1 do
                        let y = &item &b (at t.Table p)
                        let s = spread &a (nativeint (p * Rows))
                        x0 <- mulAdds s (pair true &y 0n v) x0
                        x1 <- mulAdds s (pair true &y (2n * v) (3n * v)) x1

                    put2 (first > t.First) x0 &c 0n v
                    put2 (first > t.First) x1 &c (2n * v) v

    let rec private summed m (t: Taps<'T>) (image: 'T[]) width (sums: 'T[]) =
        let count = t.Last - t.First

        if count <= Longest then
            if m < 3 then thinProduct m t image width sums else product m t image width sums
        else
            let half = t.First + (count / 2 + Depth - 1) / Depth * Depth
            let length = sixes m * width
            let second = ArrayPool<'T>.Shared.Rent length
            summed m { t with Last = half } image width sums
            summed m { t with First = half } image width second
            let w = Vector<'T>.Count

            // Rows are whole vectors.
            for i in 0..w .. m * width - 1 do
                put (load &(at sums i) 0n + load &(at second i) 0n) &(at sums i) 0n

            ArrayPool<'T>.Shared.Return second

    /// The kernels of a group for one phase of the target, as panels of six rows: first the first elements of all
    /// six, then the second ones. What the last panel lacks is zero.
    let private panels (kernel: Placement<'T>) rowStep m channels (target: OutputPhase) (into: 'T[]) start =
        let places =
            seq { 1..3 }
            |> Seq.fold
                (fun found a -> [|
                    for place: int in found do
                        for tap in target.Taps[a] -> place + tap.Index * kernel.Steps[a]
                |])
                (Array.init channels (fun c -> c * kernel.Channel))

        let k = places.Length

        for i in 0..Rows .. m - 1 do
            let height = min Rows (m - i)
            let panel = start + i * k

            if height < Rows then Array.Clear(into, panel, Rows * k)

            for r in 0 .. height - 1 do
                let row = kernel.Offset + (i + r) * rowStep

                for p in 0 .. k - 1 do
                    into[panel + p * Rows + r] <- kernel.Items[row + places[p]]

    /// The sums of all groups: of each, `m` target channels from `channels` source channels, with the kernels of
    /// target channels `rowStep` apart.
    let run
        (axes: CorrelationAxis[])
        groups
        m
        channels
        (source: int -> Placement<'T>)
        (kernel: int -> Placement<'T>)
        rowStep
        (into: int -> Placement<'T>)
        =
        let targets = targets axes
        let deep = targets |> Array.map (fun t -> channels * t.Count)
        let sizes = deep |> Array.map (fun k -> int64 (sixes m) * int64 k)
        let packed = ArrayPool<'T>.Shared.Rent(workLength (int64 groups * Array.sum sizes |> max 1L))
        let starts = sizes |> Array.scan (fun at size -> at + int size) 0
        let perGroup = Array.last starts

        Strided.ranges groups (int64 groups * int64 perGroup) (fun first last ->
            for g in first .. last - 1 do
                for t in 0 .. targets.Length - 1 do
                    panels (kernel g) rowStep m channels targets[t] packed (g * perGroup + starts[t]))

        let flat = axes |> Array.fold (fun n a -> n * (int64 a.Places + int64 a.Reach)) 1L
        let phases = axes |> Array.fold (fun n a -> n * a.Phases.Length) 1
        // The images and sums of a block are to stay in the second-level cache, and blocks to occupy all cores.
        let limit =
            32768L / max (int64 channels * int64 phases) (int64 m)
            |> min (flat * int64 groups / 16L)
            |> min 4096L
            |> max 256L
            |> int

        let blocks = blocks axes limit
        let tables = blocks |> Array.map (fun b -> targets |> Array.map (table axes b channels))
        let longest f = blocks |> Seq.map f |> Seq.max
        let width block = tiled<'T>(flatPlaces axes block)
        let work = int64 groups * flat * int64 m * int64 (Array.sum deep)

        // Sixteen products are worth the work of an element elsewhere.
        Strided.ranges (groups * blocks.Length) (work / 16L) (fun first last ->
            let pixels = ArrayPool<'T>.Shared.Rent(imageLength<'T> channels (longest (channelSize axes)))
            let sums = ArrayPool<'T>.Shared.Rent(workLength (int64 (sixes m) * int64 (longest width)))

            for item in first .. last - 1 do
                let b, g = item % blocks.Length, item / blocks.Length
                let block = blocks[b]
                image axes block channels (channelSize axes block) (source g) pixels

                for t in 0 .. targets.Length - 1 do
                    // Phases that no tap reaches are zero from the start.
                    if deep[t] > 0 then
                        let taps = {
                            Panels = packed
                            Start = g * perGroup + starts[t]
                            K = deep[t]
                            Table = tables[b][t]
                            First = 0
                            Last = deep[t]
                        }

                        summed m taps pixels (width block) sums
                        write axes block targets[t] m sums (width block) (into g)

            ArrayPool<'T>.Shared.Return pixels
            ArrayPool<'T>.Shared.Return sums)

        ArrayPool<'T>.Shared.Return packed
