namespace Cotangent.Images

open System
open Microsoft.FSharp.NativeInterop
open Cotangent

/// An array that each thread keeps from one picture to the next of its size: fresh large ones would have the collector look through
/// all memory again and again.
[<Sealed; AbstractClass>]
type internal Scratch<'T> =
    [<ThreadStatic; DefaultValue>]
    static val mutable private kept: 'T[] | null

    /// Of exactly so many elements, whatever they are.
    static member Take(count: int) : 'T[] =
        match Scratch<'T>.kept with
        | null -> Scratch<'T>.Keep(GC.AllocateUninitializedArray count)
        | kept when kept.Length = count -> kept
        | _ -> Scratch<'T>.Keep(GC.AllocateUninitializedArray count)

    /// Not more than four million elements.
    static member private Keep(array: 'T[]) : 'T[] =
        Scratch<'T>.kept <- if array.Length <= (1 <<< 22) then array else null
        array

/// Between pictures, whose channels lie side by side, and tensors (channels, height, width).
module internal Tensors =
    /// Every byte by its channel's table, plane by plane, from `start` on.
    let private planesInto<'T when 'T: unmanaged> (tables: 'T[][]) (image: Image) (into: 'T[]) (start: int) =
        let count, channels = image.Height * image.Width, image.Channels
        use bytes = fixed image.Bytes
        use planes = fixed into

        for c in 0 .. channels - 1 do
            use table = fixed tables[c]
            let plane = NativePtr.add planes (start + c * count)
            let mutable from = NativePtr.add bytes c

            for pixel in 0 .. count - 1 do
                NativePtr.set plane pixel (NativePtr.get table (int (NativePtr.read from)))
                from <- NativePtr.add from channels

    let private shapeOf (image: Image) = [| image.Channels; image.Height; image.Width |]

    /// Pictures of one size as a tensor of the shape, of what their channels' tables say of each byte.
    let private made<'T when 'T: unmanaged> (tables: 'T[][]) (shape: int[]) (images: Image[]) =
        let each = images[0].Bytes.Length
        let numbers = Scratch<'T>.Take(images.Length * each)
        images |> Array.iteri (fun n image -> planesInto tables image numbers (n * each))
        Tensor.ofArray shape numbers

    let private tables (channels: int) (f: int -> 'T) = Array.replicate channels (Array.init 256 f)

    let private levels (operation: string) (dtype: DType) shape (images: Image[]) =
        let channels = images[0].Channels

        match dtype with
        | DType.Float32 -> made (tables channels (fun b -> float32 b / 255.0f)) shape images
        | DType.Float64 -> made (tables channels (fun b -> float b / 255.0)) shape images
        | DType.Float16 ->
            made (tables channels (fun b -> Half.op_Explicit (float32 b / 255.0f): Half)) shape images
        | DType.BFloat16 -> (made (tables channels (fun b -> float32 b / 255.0f)) shape images).Convert dtype
        | DType.UInt8 -> made (tables channels byte) shape images
        | DType.UInt16 -> made (tables channels uint16) shape images
        | DType.UInt32 -> made (tables channels uint32) shape images
        | DType.UInt64 -> made (tables channels uint64) shape images
        | DType.Int16 -> made (tables channels int16) shape images
        | DType.Int32 -> made (tables channels id) shape images
        | DType.Int64 -> made (tables channels int64) shape images
        | DType.Int8 ->
            raise (
                DTypeException $"{operation}: Int8 can't hold the levels of a picture, 0 to 255. Take UInt8."
            )
        | DType.Complex64
        | DType.Complex128 ->
            (made (tables channels (fun b -> float32 b / 255.0f)) shape images).Convert dtype
        | DType.Bool ->
            raise (
                DTypeException
                    $"{operation}: Bool can't hold the levels of a picture. Take Float32, and compare: `(Image.toTensor image).Greater 0.5`."
            )

    let ofImage (operation: string) (dtype: DType) (image: Image) : Tensor =
        levels operation dtype (shapeOf image) [| image |]

    /// A table for each channel of (x / 255 - mean) / deviation.
    let private normalizing (operation: string) (mean: float[]) (deviation: float[]) (image: Image) =
        let channels = image.Channels

        if mean.Length <> channels || deviation.Length <> channels then
            raise (
                ShapeException
                    $"{operation}: {mean.Length} means and {deviation.Length} deviations for an {image}; give one of each for each channel, or convert the picture's channels."
            )

        Array.map2
            (fun mean deviation ->
                if not (Double.IsFinite mean && Double.IsFinite deviation && deviation > 0.0) then
                    raise (
                        ValueException
                            $"{operation}: mean {mean} and deviation {deviation}; finite numbers are wanted, and a deviation above 0."
                    )

                Array.init 256 (fun b -> float32 ((float b / 255.0 - mean) / deviation)))
            mean
            deviation

    let normalized (operation: string) mean deviation (image: Image) : Tensor =
        made (normalizing operation mean deviation image) (shapeOf image) [| image |]

    let private same (operation: string) (images: Image[]) =
        if images.Length = 0 then
            raise (ValueException $"{operation}: there are no pictures. Give at least one.")

        images
        |> Array.iteri (fun n image ->
            if shapeOf image <> shapeOf images[0] then
                raise (
                    ShapeException
                        $"{operation}: picture {n} is an {image}, picture 0 an {images[0]}; all must have one size. Resize or crop them, or load them with the same Channels."
                ))

    let stack (operation: string) (images: Image[]) : Tensor =
        same operation images
        levels operation DType.Float32 (Array.append [| images.Length |] (shapeOf images[0])) images

    /// How a number out of range is met.
    [<Struct>]
    type OutOfRange =
        | Refused
        | Clamped

    /// Planes of numbers, in levels of 0 to 255, as pixels.
    let private pixels
        (operation: string)
        (outOfRange: OutOfRange)
        channels
        height
        width
        (levels: float[])
        start
        : Image =
        let count = height * width

        Image.Make(
            height,
            width,
            channels,
            fun into ->
                for c in 0 .. channels - 1 do
                    for i in 0 .. count - 1 do
                        let level = Math.Round(levels[start + c * count + i], MidpointRounding.AwayFromZero)

                        match outOfRange with
                        | Refused when not (level >= 0.0 && level <= 255.0) ->
                            raise (
                                ValueException
                                    $"{operation}: the number at channel {c}, row {i / width}, column {i % width} is no level of a picture: floating-point numbers go from 0 to 1, integers from 0 to 255. Scale them, or clamp: `Image.ofTensorClamped`."
                            )
                        | Clamped when Double.IsNaN level ->
                            raise (
                                ValueException
                                    $"{operation}: NaN at channel {c}, row {i / width}, column {i % width}, which is no level of a picture."
                            )
                        | Refused
                        | Clamped -> into[i * channels + c] <- byte (min 255.0 (max 0.0 level))
        )

    let private levelsOf (operation: string) (t: Tensor) : float[] =
        match t.DType with
        | DType.Float32
        | DType.Float64
        | DType.BFloat16
        | DType.Float16 -> ((t.Convert DType.Float64).Flatten() * 255.0).ToData<float[]>()
        | DType.Int8
        | DType.Int16
        | DType.Int32
        | DType.Int64
        | DType.UInt8
        | DType.UInt16
        | DType.UInt32
        | DType.UInt64 -> ((t.Convert DType.Float64).Flatten()).ToData<float[]>()
        | DType.Complex64
        | DType.Complex128 ->
            raise (
                DTypeException $"{operation}: a tensor of {t.DType}; take `real` or `abs` of it for levels."
            )
        | DType.Bool ->
            raise (
                DTypeException $"{operation}: a tensor of Bool; convert it to Float32 for black and white."
            )

    let private requireChannels (operation: string) (wanted: string) rank (t: Tensor) =
        let shape = t.Shape
        let shown = String.Join(", ", shape)

        if
            shape.Length <> rank
            || Array.contains 0 shape
            || not (Array.contains shape[rank - 3] [| 1; 3; 4 |])
        then
            raise (
                ShapeException
                    $"{operation}: a tensor of shape ({shown}); {wanted} is wanted, with 1, 3 or 4 channels and no axis empty."
            )

        shape

    let toImage (operation: string) (outOfRange: OutOfRange) (t: Tensor) : Image =
        let shape = requireChannels operation "(channels, height, width)" 3 t
        pixels operation outOfRange shape[0] shape[1] shape[2] (levelsOf operation t) 0

    let unstack (operation: string) (outOfRange: OutOfRange) (t: Tensor) : Image[] =
        let shape = requireChannels operation "(examples, channels, height, width)" 4 t
        let levels = levelsOf operation t

        Array.init shape[0] (fun n ->
            pixels
                operation
                outOfRange
                shape[1]
                shape[2]
                shape[3]
                levels
                (n * shape[1] * shape[2] * shape[3]))
