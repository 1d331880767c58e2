/// Fashion-MNIST (Xiao, Rasul & Vollgraf 2017): 60,000 and 10,000 grey images of 28 × 28 pixels, of ten kinds of clothing.
module Models.FashionMnist

open System
open System.Buffers.Binary
open System.IO
open System.IO.Compression
open Cotangent

/// What the labels 0 to 9 stand for.
let names = [|
    "T-shirt"
    "trousers"
    "pullover"
    "dress"
    "coat"
    "sandal"
    "shirt"
    "sneaker"
    "bag"
    "boot"
|]

/// Images (n, 1, 28, 28) in Float32 from 0 to 1, and labels (n,) in Int32.
type Images = Tensor * Tensor

type FashionMnist = { Train: Images; Test: Images }

/// The sizes and bytes of a file in the format IDX: two zeros, 8 for bytes, the number of axes, their lengths in big-endian
/// order, the data.
let private readIdx (path: string) : int[] * byte[] =
    use file = File.OpenRead path
    use unzipped = new GZipStream(file, CompressionMode.Decompress)
    use all = new MemoryStream()
    unzipped.CopyTo all
    let bytes = all.ToArray()

    if bytes.Length < 4 || bytes[0] <> 0uy || bytes[1] <> 0uy || bytes[2] <> 8uy then
        raise (InvalidDataException $"{path} is not a file of bytes in the format IDX.")

    let axes = int bytes[3]
    let start = 4 + 4 * axes
    let length i = BinaryPrimitives.ReadInt32BigEndian(ReadOnlySpan(bytes, 4 + 4 * i, 4))
    let shape = Array.init axes length

    if bytes.Length - start <> Array.fold (*) 1 shape then
        raise (InvalidDataException $"{path} ends early, or goes on too long.")

    shape, bytes[start..]

let private read folder (kind: string) : Images =
    let shape, pixels = readIdx (Path.Combine(folder, $"{kind}-images-idx3-ubyte.gz"))
    let _, labels = readIdx (Path.Combine(folder, $"{kind}-labels-idx1-ubyte.gz"))
    let scaled = pixels |> Array.map (fun p -> float32 p / 255.0f)

    Tensor.ofArray [ shape[0]; 1; shape[1]; shape[2] ] scaled, tensor (Array.map int labels)

let private isThere folder = File.Exists(Path.Combine(folder, "train-images-idx3-ubyte.gz"))

/// Where the images may be: a folder that COTANGENT_DATA names, or has in it; where Debian's package puts them.
let private places () = [
    match Environment.GetEnvironmentVariable "COTANGENT_DATA" with
    | null
    | "" -> ()
    | folder ->
        Path.Combine(folder, "fashion-mnist")
        folder
    "/usr/share/datasets/fashion-mnist"
]

/// The images, or a few of them that come with the program; or how to get them.
let load (quick: bool) : Result<FashionMnist, string> =
    let folder =
        if quick then
            Some(Path.Combine(AppContext.BaseDirectory, "data"))
        else
            List.tryFind isThere (places ())

    match folder with
    | Some folder -> Ok { Train = read folder "train"; Test = read folder "t10k" }
    | None ->
        let tried = places () |> String.concat ", "

        Error
            $"Fashion-MNIST is not on this machine (looked in {tried}). Install it with `apt install dataset-fashion-mnist`, or put the four files from https://github.com/zalandoresearch/fashion-mnist into a folder and name that in COTANGENT_DATA. `--quick` runs with the few images that come along."
