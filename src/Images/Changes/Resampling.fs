namespace Cotangent.Images

open System

/// <summary>How the pixels of a picture of another size, or of one that is turned, are found.</summary>
/// <example><code>
/// Geometry.resize Resampling.Bicubic 50 60 (Image.filled 20 30 Color.White) // image 50 × 60 × 3
/// </code></example>
[<RequireQualifiedAccess; Struct>]
type Resampling =
    /// The pixel whose centre is nearest.
    | Nearest
    /// On straight lines between pixels.
    | Bilinear
    /// On cubics through pixels (Keys 1981).
    | Bicubic
    /// The mean of the area that a new pixel covers.
    | Area

/// A resampling along one axis: each new pixel is a weighted sum of neighbours, and the weights add up to 1.
type internal Taps = {
    /// For each new pixel, its first neighbour.
    First: int[]
    /// How many there are.
    Count: int[]
    /// Room for the weights of each new pixel.
    Room: int
    /// Those of new pixel i from i · Room on.
    Weights: float[]
}

module internal Taps =
    /// Keys's cubic for a distance x of 0 or more.
    let private cubic a x =
        if x < 1.0 then ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
        elif x < 2.0 then (((x - 5.0) * x + 8.0) * x - 4.0) * a
        else 0.0

    let private triangle x = Math.Max(0.0, 1.0 - x)

    /// A kernel as a function of signed distance, and how far it reaches. The cubic of antialiasing has a = -1/2, as in Pillow and PyTorch.
    let private kernel (resampling: Resampling) : (float -> float) * float =
        match resampling with
        | Resampling.Bilinear -> (fun x -> triangle (abs x)), 1.0
        | Resampling.Bicubic -> (fun x -> cubic -0.5 (abs x)), 2.0
        | Resampling.Nearest
        | Resampling.Area -> (fun x -> if x > -0.5 && x <= 0.5 then 1.0 else 0.0), 0.5

    /// With antialiasing: where pixels get fewer, the kernel is as much wider, so that none is passed over. Beyond the edge there is
    /// nothing, and the weights that are left are scaled to add up to 1.
    let antialiased (resampling: Resampling) (size: int) (wanted: int) : Taps =
        let kernel, reach = kernel resampling
        let scale = float size / float wanted
        let stretch = Math.Max(1.0, scale)
        let reach = reach * stretch
        let room = int (ceil reach) * 2 + 1
        let first, count = Array.zeroCreate wanted, Array.zeroCreate wanted
        let weights = Array.zeroCreate (wanted * room)

        for i in 0 .. wanted - 1 do
            let center = (float i + 0.5) * scale
            let low = Math.Max(0, int (center - reach + 0.5))
            let high = Math.Min(size, int (center + reach + 0.5))
            let mutable total = 0.0

            for tap in 0 .. high - low - 1 do
                let weight = kernel ((float (low + tap) - center + 0.5) / stretch)
                weights[i * room + tap] <- weight
                total <- total + weight

            for tap in 0 .. high - low - 1 do
                weights[i * room + tap] <- weights[i * room + tap] / total

            first[i] <- low
            count[i] <- high - low

        { First = first; Count = count; Room = room; Weights = weights }

    /// Without antialiasing: two or four neighbours, whatever the scale; beyond the edge its pixel goes on. The cubic has a = -3/4, as in
    /// PyTorch.
    let plain (resampling: Resampling) (size: int) (wanted: int) : Taps =
        let near, kernel =
            match resampling with
            | Resampling.Bicubic -> 2, (fun x -> cubic -0.75 (abs x))
            | Resampling.Bilinear
            | Resampling.Nearest
            | Resampling.Area -> 1, (fun x -> triangle (abs x))

        let room = Math.Min(size, 2 * near)
        let first, count = Array.zeroCreate wanted, Array.create wanted room
        let weights = Array.zeroCreate (wanted * room)

        for i in 0 .. wanted - 1 do
            let place = (float i + 0.5) * float size / float wanted - 0.5
            let low = int (floor place) - near + 1
            first[i] <- Math.Clamp(low, 0, size - room)

            for position in low .. low + 2 * near - 1 do
                let at = i * room + Math.Clamp(position, 0, size - 1) - first[i]
                weights[at] <- weights[at] + kernel (float position - place)

        { First = first; Count = count; Room = room; Weights = weights }

    /// The nearest of `size` pixels for each of those wanted.
    let nearest (size: int) (wanted: int) : int[] =
        Array.init wanted (fun i -> int ((2L * int64 i + 1L) * int64 size / (2L * int64 wanted)))

    /// The same sums as a matrix (wanted, size).
    let matrix (taps: Taps) (size: int) : float[,] =
        let matrix = Array2D.zeroCreate taps.First.Length size

        for i in 0 .. taps.First.Length - 1 do
            for tap in 0 .. taps.Count[i] - 1 do
                matrix[i, taps.First[i] + tap] <- taps.Weights[i * taps.Room + tap]

        matrix
