(**
---
title: Pictures
category: Use
categoryindex: 3
index: 7
description: Pictures decoded, resized, changed at random by key, made tensors of and drawn; one by one in workers, and as batches that differentiate.
---
*)
(*** hide ***)
#load "../site/page.fsx"
#I "../src/Images/bin/Release/net10.0"
#r "SkiaSharp.dll"
#r "Cotangent.Images.dll"

let folder = System.IO.Directory.CreateTempSubdirectory("pictures-").FullName
let inFolder name = System.IO.Path.Combine(folder, name)

(**
# Pictures

The package `Cotangent.Images` reads PNG, JPEG, WebP, BMP and GIF files, changes pictures as Pillow and torchvision do, and makes
tensors of them. Its codecs are native code, [Skia](https://skia.org)'s, which is why it is a package of its own.
*)
open Cotangent
open Cotangent.Images

(*** hide ***)
/// A landscape: hills, a lake and a sun, of a few formulas.
let landscape =
    let height, width = 240, 320

    let pixel y x =
        let v, u = float y / float height, float x / float width
        let far = 0.45 + 0.08 * sin (7.0 * u + 1.0) + 0.03 * sin (19.0 * u)
        let near = 0.62 + 0.07 * sin (5.0 * u + 4.0) + 0.02 * sin (31.0 * u)
        let sun = sqrt ((u - 0.72) ** 2.0 + (0.75 * (v - 0.22)) ** 2.0)

        if v < far && sun < 0.07 then
            [ 255.0; 236.0; 170.0 ]
        elif v < far then
            let glow = 120.0 * exp (-9.0 * sun)
            [ 90.0 + 130.0 * v + glow; 150.0 + 90.0 * v + 0.6 * glow; 215.0 + 20.0 * v ]
        elif v < near then
            [ 70.0 + 60.0 * v; 95.0 + 60.0 * v; 120.0 + 25.0 * v ]
        elif v < 0.8 then
            [
                60.0 + 70.0 * u
                130.0 - 60.0 * (v - 0.6) + 18.0 * sin (90.0 * u + 60.0 * v)
                55.0
            ]
        else
            let ripple = 14.0 * sin (220.0 * v + 6.0 * sin (9.0 * u))

            [
                70.0 + ripple + 60.0 * exp (-18.0 * abs (u - 0.72))
                115.0 + ripple
                165.0 + ripple
            ]

    [|
        for y in 0 .. height - 1 do
            for x in 0 .. width - 1 do
                for level in pixel y x -> byte (min 255.0 (max 0.0 level))
    |]
    |> Image.create height width 3

Image.save (inFolder "lake.png") landscape
Image.save (inFolder "lake.jpg") landscape

/// A picture as part of the page.
let show (alt: string) (image: Image) =
    let data = System.Convert.ToBase64String(Image.encodePng image)

    $"<figure><img alt=\"{alt}\" width=\"{image.Width}\" height=\"{image.Height}\" src=\"data:image/png;base64,{data}\"></figure>"

(** *)
let image = Image.load (inFolder "lake.jpg")
string image
(*** include-it ***)
(*** hide ***)
show "Hills, a lake and a sun" image
(*** include-it-raw ***)

(**
An `Image` is height × width × channels of 8 bits: 1 channel where the file is grey, 4 where it has transparency, else 3. A model wants
them all alike, which an option says; transparent pixels are then seen in front of a background:
*)
let gray =
    Image.loadWith { Image.defaults with Channels = Channels.Gray } (inFolder "lake.jpg")

gray.Channels
(*** include-it ***)

(**
Palettes become colours, 16 bits 8, CMYK red, green and blue. A picture is turned as the camera says that it was held (EXIF), unless
`Orient = false`. Colour profiles are not applied.

## Tensors

`Image.toTensor` gives Float32 numbers from 0 to 1, channels first; `Image.normalize` brings them to the mean and deviation that a model
was trained with. `Image.ofTensor` goes back, and refuses what is no level of a picture:
*)
(Image.toTensor image).Shape
(*** include-it ***)
let message f =
    try
        f () |> ignore
        ""
    with :? CotangentException as e ->
        e.Message.Replace(folder, "…")

message (fun () -> Image.ofTensor (2.0 * Image.toTensor image))
(*** include-it ***)

(**
`Image.ofTensorClamped` brings such numbers to the nearest end of the range. `Image.toTensorOf DType.UInt8` gives
the levels themselves, 0 to 255, in a byte each; `Image.ofTensor` takes them, too.

## Sizes and turns

Functions of `Geometry` give new pictures. Resizing looks at all pixels that a new one covers, as Pillow does and torchvision with
`antialias=True`, whose results these are, to the level:
*)
let small = Geometry.resizeShorter Resampling.Bilinear 96 image

let changed = [
    Geometry.cropCenter 96 96 small
    Geometry.flipHorizontal small |> Geometry.cropCenter 96 96
    Geometry.rotate Resampling.Bilinear Color.White 20.0 small
    |> Geometry.cropCenter 96 96
    small
    |> Geometry.affine Resampling.Bicubic Color.White {
        Affine.Identity with
            ShearX = 20.0
            Scale = 0.8
    }
    |> Geometry.cropCenter 96 96
    Geometry.cropCenter 64 64 small |> Geometry.pad Border.Reflect 16 16 16 16
    Geometry.resize Resampling.Area 12 12 image
    |> Geometry.resize Resampling.Nearest 96 96
]

let sheet = Image.gridOn Color.White 6 4 changed
(*** hide ***)
show
    "The middle, mirrored, turned, sheared, with a reflected border, and in few pixels"
    sheet
(*** include-it-raw ***)

(**
`Image.grid` is a way to look at many pictures at once; `Image.save` writes a PNG or a JPEG.
*)
Image.save (inFolder "sheet.png") sheet

(**
Batches of tensors are resized by the library itself: `x.Resize` as PyTorch's `interpolate` does, differentiable by the numbers, and
`resizeWith` by all that ONNX knows, with antialiasing as above, crops, and every way to place and to round pixels:
*)
let pixels = tensor [ 0.0; 0.0; 8.0; 0.0; 0.0; 0.0 ]

pixels.Resize([ 3 ], Interpolation.Linear),
resizeWith { resizeDefaults with Antialias = true } [ 3 ] pixels,
resizeWith
    { resizeDefaults with Coordinates = ResizeCoordinates.Crop([ 0.2 ], [ 0.6 ]) }
    [ 3 ]
    pixels
(*** include-it ***)

(**
A detector finds one thing many times. `Boxes.nonMaximumSuppression` keeps the best of boxes that overlap, and `Boxes.iou` says how much they
do:
*)
let found =
    tensor [
        [ 10.0; 10.0; 50.0; 50.0 ]
        [ 12.0; 8.0; 52.0; 50.0 ]
        [ 60.0; 20.0; 90.0; 40.0 ]
    ]

Boxes.nonMaximumSuppression 0.5 found (tensor [ 0.7; 0.9; 0.4 ]), Boxes.iou found found
(*** include-it ***)

(**
## Colours
*)
let middle = Geometry.cropCenter 96 96 small

[
    Adjust.brightness 1.5 middle
    Adjust.contrast 0.5 middle
    Adjust.saturation 2.0 middle
    Adjust.hue 0.3 middle
    Adjust.blur 9 2.0 middle
    Adjust.posterize 2 middle
]
|> Image.gridOn Color.White 6 4
(*** hide ***)
show
    "Brighter, with less contrast, more colourful, with other hues, blurred, and in few levels"
    (Image.gridOn Color.White 6 4 [
        Adjust.brightness 1.5 middle
        Adjust.contrast 0.5 middle
        Adjust.saturation 2.0 middle
        Adjust.hue 0.3 middle
        Adjust.blur 9 2.0 middle
        Adjust.posterize 2 middle
    ])
(*** include-it-raw ***)

(**
## At random, by key

Functions of `Augment` take a key, and nothing else decides: the same key gives the same picture, in whatever order
workers come to it. Each example of each epoch gets a key of its own, folded from its number.
*)
let augmented (key: Key) (image: Image) =
    let forCrop, forFlip, forColors = Key.split3 key

    image
    |> Augment.cropResized Augment.cropDefaults 96 96 forCrop
    |> Augment.flip 0.5 forFlip
    |> Augment.jitter
        { Augment.jitterDefaults with Brightness = 0.3; Saturation = 0.4; Hue = 0.05 }
        forColors

let twelve = [ for step in 0L .. 11L -> augmented (Key.fold step (Key.create 1L)) image ]
(*** hide ***)
show
    "Twelve crops of the picture, some mirrored, in changed colours"
    (Image.gridOn Color.White 6 4 twelve)
(*** include-it-raw ***)

(**
| function | |
| --- | --- |
| `Augment.crop`, `Augment.cropResized` | a rectangle at a random place; of a random size and shape, resized |
| `Augment.flip`, `Augment.flipVertical`, `Augment.rotate` | mirrored, upside down, turned |
| `Augment.jitter`, `Augment.grayscale`, `Augment.blur` | other colours, none, less sharp |
| `Augment.erase` | a rectangle in one colour |
| `Augment.randAugment` | RandAugment (Cubuk et al., 2019): some of fourteen changes, of one magnitude |

They are plain functions from picture to picture, for the workers of a loader:
*)
let forTraining (key: Key) (path: string) =
    Image.loadWith { Image.defaults with Channels = Channels.Rgb } path
    |> augmented key
    |> Image.normalize [| 0.485; 0.456; 0.406 |] [| 0.229; 0.224; 0.225 |]

(forTraining (Key.create 7L) (inFolder "lake.jpg")).Shape
(*** include-it ***)

(**
Where the pictures of each class are in a folder of their own, `ImageFolder.read` lists them with labels, in an order that is the same on
every machine:
*)
for name in [ "lake"; "desert" ] do
    let folder = System.IO.Directory.CreateDirectory(inFolder ("set/" + name)).FullName
    Image.save (System.IO.Path.Combine(folder, "1.png")) small

let set = ImageFolder.read (inFolder "set")
set.Classes
(*** include-it ***)
[
    for struct (path, label) in set.Files ->
        System.IO.Path.GetRelativePath(folder, path), label
]
(*** include-it ***)

(**
## Batches

What is in `ImageBatch` works on tensors (examples, channels, height, width): on any device, compiled with the step of training, and
differentiable. Each example is changed in its own way. `mixup` and `cutmix` change labels too, which are rows of probabilities:
*)
let batch = Image.stack [ for picture in [ middle; Adjust.hue 0.5 middle ] -> picture ]

let labels = Tensor.oneHot DType.Float32 2 (tensor [ 0; 1 ])

let augment =
    compile (fun (key, (x, y)) ->
        let forShift, forMix = Key.split key
        ImageBatch.cutmix 1.0 forMix (ImageBatch.shift 8 forShift x, y))

let x, y = augment (Key.create 6L, (batch, labels))
y
(*** include-it ***)
(*** hide ***)
show
    "Two pictures, each with a rectangle of the other"
    (Image.gridOn Color.White 2 4 (Image.unstack x))
(*** include-it-raw ***)

(**
`ImageBatch.resize` is two products of matrices, `ImageBatch.warp` looks through a matrix (2, 3) for each example. Both have derivatives, the
second also by its matrices. So a picture can be found again in another by descending a gradient: here how far it was moved.
*)
let moved =
    ImageBatch.affine 0.0 [ { Affine.Identity with TranslateX = 3.0; TranslateY = -2.0 } ]

let still = ((Image.toTensor (Adjust.blur 9 3.0 middle)).Unsqueeze 0)

let loss (shift: Tensor) =
    let straight = tensor [ [ 1.0f; 0.0f ]; [ 0.0f; 1.0f ] ]
    let matrix = (concat 1 [ straight; shift.Unsqueeze 1 ]).Unsqueeze 0
    Loss.meanSquaredError (moved still) (ImageBatch.warp 0.0 matrix still)

let step = compile (fun (shift: Tensor) -> shift - 300.0f * grad loss shift)

iterate 400 step (tensor [ 0.0f; 0.0f ])
(*** include-it ***)

(**
## Video

The package `Cotangent.Video` reads the frames of a video as a stream of such pictures, and writes pictures as a video. OpenCV and FFmpeg do the
decoding, native code again:

```text
open Cotangent.Video

let batches =
    VideoFile.framesWith { VideoFile.defaults with Every = 10 } "film.mp4"
    |> DataStream.map Image.toTensor
    |> DataStream.batch 8
```

## Files that are something else

A file from elsewhere is not trusted. One that is damaged, cut short, or no picture at all is an error that names it and says what it is.
How large a picture says it is gets judged before memory is taken: more than `MaxPixels` (100 million unless set) are refused.
*)
System.IO.File.WriteAllText(
    inFolder "1.jpg",
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a"
)

message (fun () -> Image.load (inFolder "1.jpg"))
(*** include-it ***)
System.IO.File.WriteAllBytes(
    inFolder "2.jpg",
    (System.IO.File.ReadAllBytes(inFolder "lake.jpg"))[..5000]
)

message (fun () -> Image.load (inFolder "2.jpg"))
(*** include-it ***)

(**
`AllowDamaged = true` takes of such a file what there is. PNG files carry checksums, so that any damage in them is noticed; the other
formats have none, and a few wrong bits within their pixels can't be told from a picture.

## Fast enough for training

Most of the time goes into decoding. Where photographs are much larger than what a model sees, `ShorterSide` has JPEG files decoded in a
half, a quarter or an eighth of their size, as long as that many pixels are left. On a photograph of 12 megapixels the eighth took about
an eighth of the time:
*)
let large = { Image.defaults with ShorterSide = 100 }
string (Image.loadWith large (inFolder "lake.jpg"))
(*** include-it ***)

(**
Workers make large arrays of bytes and soon drop them. .NET keeps arrays above 85,000 bytes apart and looks for dropped ones there only
when it goes through all memory, which then happens at every fourth picture or so. A line in the project file has it take them
for what they are, short-lived; with it, no such collection was seen in a thousand pictures of 375 × 500:

```xml
<ItemGroup>
  <RuntimeHostConfigurationOption Include="System.GC.LOHThreshold" Value="4194304" />
</ItemGroup>
```

## In C#

The same as methods: `ImageFile.Load`, and extensions of `Image` and `Tensor`.
*)
(*** hide ***)
let excerptOfTest =
    Page.lines
        "tests/Images/CSharp/InCSharp.cs"
        "An example as networks"
        "One as they are tested on"

// Without the comments at both ends.
Page.code "csharp" (Page.dedent excerptOfTest[1 .. excerptOfTest.Length - 3])
(*** include-it-raw ***)
(*** hide ***)
System.IO.Directory.Delete(folder, true)
