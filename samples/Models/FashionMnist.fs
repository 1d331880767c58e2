/// Fashion-MNIST, as the package of data reads it, or the few images of it that come with the program.
module Models.FashionMnist

open System
open System.IO
open Cotangent

/// Images (n, 1, 28, 28) in Float32 from 0 to 1, and labels (n,) in Int32.
type Images = Tensor * Tensor

type FashionMnist = { Train: Images; Test: Images }

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

let private whole (training: bool) : Images =
    let set = ReadySets.fashionMnist training
    set.Images, set.Labels

/// In files of the same kind beside the program.
let private slice (part: string) : Images =
    let file kind = Path.Combine(AppContext.BaseDirectory, "data", $"{part}-{kind}-ubyte.gz")
    let pixels = Idx.read (file "images-idx3")
    (pixels.Convert DType.Float32 / 255.0f).Unsqueeze 1, (Idx.read (file "labels-idx1")).Convert DType.Int32

/// The images, or a few of them that come with the program; or how to get them.
let load (quick: bool) : Result<FashionMnist, string> =
    if quick then
        Ok { Train = slice "train"; Test = slice "t10k" }
    else
        try
            Ok { Train = whole true; Test = whole false }
        with :? FileNotFoundException as e ->
            Error $"{e.Message} `--quick` runs with the few images that come along."
