namespace Cotangent.Engines

// Which convolutions take Winograd's algorithm (see Winograd.fs), and by which tiles.

open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile
open Cotangent.Engines.BroadTile
open Cotangent.Engines.WinogradProducts
open Cotangent.Engines.WinogradVectors
open Cotangent.Inlined // in place of functions of Array and List

module internal WinogradChoice =

    /// Whether it knows these sums: by kernels of 3 × 3, of neighbouring elements at every place, in two axes.
    let isFor (axes: CorrelationAxis[]) =
        let isOne (a: CorrelationAxis) =
            let struct (first, taps) = a.Targets[0]

            a.Places = 1 && a.Reach = 0 && a.First = 0 && a.Targets.Length = 1 && first = 0 && taps.Length = 1

        let isThree (a: CorrelationAxis) =
            let struct (first, taps) = a.Targets[0]

            a.Step = 1
            && a.TargetStep = 1
            && a.Reach = Taps - 1
            && taps.Length = Taps
            && first = 0
            && a.Places = a.TargetSize

        isSupported () && isOne axes[1] && isThree axes[2] && isThree axes[3]

    /// All tiles of a batch.
    let tiles (size: TileSize) (axes: CorrelationAxis[]) =
        axes[0].Places
        * (WinogradTiles.inputs size axes[2]).Count
        * (WinogradTiles.inputs size axes[3]).Count

    [<Literal>]
    let private Few = 64

    /// Whether tiles are so few that kernels are read once: those that aren't kept are transformed where they are used.
    let areFew tiles = tiles <= Few

    /// Whether products have vectors of kernels, which fill most of their last panel.
    let isUpright tiles m =
        Vector512.IsHardwareAccelerated
        && areFew tiles
        && 4 * ColumnProducts.up (wideColumns<float32>()) m <= 5 * m

    /// As many elements as transformed kernels may take.
    [<Literal>]
    let private MostElements = 67_108_864.0

    /// Whether so many kernels are not too many to be transformed.
    let hasRoom (size: TileSize) groups m channels =
        float groups * float m * float channels * float size.Planes <= MostElements

    /// Kernels that are kept and take more elements come from memory, and are waited for where tiles are few.
    [<Literal>]
    let private Cached = 262_144.0

    /// The tiles that take less time than sums of products do, and less than the others, if any do: by what was measured of each step, in
    /// cycles.
    let faster (sums: CorrelationSums<float32>) : TileSize voption =
        let axes, lanes, isWide = sums.Axes, lanes<float32>(), Vector512.IsHardwareAccelerated
        let perCycle = float lanes * Processor.vectorsPerCycle
        let m, channels = float sums.Outputs, float sums.Channels
        let examples = float axes[0].Places
        let isKept, kernels = not (isNull sums.Packing), m * channels

        // Sums of products, which reach that share of the peak.
        let direct share =
            let places, taps = examples * float axes[2].Places * float axes[3].Places, float (Taps * Taps)

            let rows =
                if sums.Outputs <= ColumnProducts.ThinRows then
                    sums.Outputs
                else
                    ColumnProducts.up (height ()) sums.Outputs

            taps * places * float rows * channels / perCycle / share
            + (if isKept then 0.0 else 2.0 * taps * kernels)

        let cost (size: TileSize) =
            let tiles = tiles size axes
            let planes, area = float size.Planes, float (size.Outputs * size.Outputs)
            let isUpright = isUpright tiles sums.Outputs
            let unit, rows = (if isUpright then LowRows else lanes), KernelPlanes.RowsOf isUpright

            let products =
                float (ColumnProducts.up unit tiles)
                * float (ColumnProducts.up rows sums.Outputs)
                * planes
                * channels
                / perCycle
                / 0.9

            // Where they aren't used at once they go through memory, which few tiles wait for, even if kernels are kept.
            let kernels =
                if isKept then
                    if areFew tiles && planes * kernels > Cached then 0.5 * planes * kernels else 0.0
                elif areFew tiles then
                    0.55 * planes * kernels
                else
                    1.5 * planes * kernels

            let perEight = WinogradTiles.linesPerEight (WinogradTiles.inputs size axes[3])
            let data = float tiles * (4.5 + 1.1 * area) * perEight * channels
            let results = float tiles * (5.0 + 1.25 * area) * m
            // With vectors of 256 bits there are fewer registers, too.
            products + kernels + data + (if isWide then results else 1.2 * results)

        // Upright tiles reach 0.85 of the peak, the other forms 0.75, as measured. Which they are is asked only where it matters.
        let isLess size =
            let cost = cost size
            cost < direct 0.75 && (cost < direct 0.85 || not (Correlation.takesUpright sums))

        if isFor axes then
            let sizes =
                [ TileSize.Four; TileSize.Two ]
                |> List.filter (fun size ->
                    hasRoom size sums.Groups sums.Outputs sums.Channels && isLess size)

            if sizes.IsEmpty then ValueNone else ValueSome(List.minBy cost sizes)
        else
            ValueNone
