/// Videos that FFmpeg made (`Fixtures/make.sh`), against the frames that it decodes itself; and what is written, read again.
module Cotangent.Video.Tests.VideoTests

open System
open System.IO
open Expecto
open Cotangent
open Cotangent.Images
open Cotangent.Video

let private fixture (name: string) = Path.Combine(AppContext.BaseDirectory, "Fixtures", name)
let private width, height = 48, 32

/// The frames of a video as FFmpeg decodes them.
let private expected (name: string) : byte[][] =
    File.ReadAllBytes(fixture (name + ".rgb")) |> Array.chunkBySize (width * height * 3)

let private bytes (image: Image) = image.Pixels.ToArray()

let private inFolder (work: string -> unit) =
    let folder = Directory.CreateTempSubdirectory("cotangent-video-").FullName

    try
        work folder
    finally
        Directory.Delete(folder, true)

let private distance (a: byte[]) (b: byte[]) = Array.map2 (fun (x: byte) (y: byte) -> abs (int x - int y)) a b

/// Whether OpenCV's native library loads on this machine.
let private isThere =
    try
        VideoFile.info (fixture "lossless.avi") |> ignore
        true
    with :? DllNotFoundException ->
        false

/// A test that is skipped, and says why, where the library does not load.
let private video (name: string) (body: unit -> unit) =
    if isThere then
        testCase name body
    else
        ptestCase $"{name} (skipped: OpenCV's native library does not load here; it needs GTK 3)" body

let private message<'error when 'error :> exn> (f: unit -> unit) : string =
    try
        f ()
        failtest "no error"
    with :? 'error as e ->
        e.Message

[<Tests>]
let tests =
    testList "Video" [
        if not isThere then
            testCase "without the library, the error says what to install" (fun () ->
                let text =
                    message<DllNotFoundException>(fun () ->
                        VideoFile.info (fixture "lossless.avi") |> ignore)

                Expect.stringContains text "libgtk-3-0" "the way out")

        video "what a file says" (fun () ->
            let info = VideoFile.info (fixture "lossless.avi")
            Expect.equal (info.Width, info.Height, info.Frames) (width, height, 12L) "size and frames"
            Expect.equal info.FramesPerSecond 10.0 "rate"
            Expect.equal info.Duration (TimeSpan.FromSeconds 1.2) "duration")

        video "every frame of a lossless video, bit for bit, in each epoch" (fun () ->
            let frames = VideoFile.frames (fixture "lossless.avi")

            for epoch in 0..1 do
                let read = frames.Epoch epoch |> Seq.map bytes |> Array.ofSeq
                Expect.equal read (expected "lossless.avi") $"epoch {epoch}")

        video "of a lossy one, as FFmpeg has them" (fun () ->
            let read = (VideoFile.frames (fixture "lossy.mp4")).Epoch 0 |> Seq.map bytes |> Array.ofSeq
            let wanted = expected "lossy.mp4"
            Expect.equal read.Length wanted.Length "frames"

            for i in 0 .. read.Length - 1 do
                // Both make colours of brightness and two differences, which they round and interpolate on their own.
                let apart = distance read[i] wanted[i]
                Expect.isLessThan (apart |> Array.averageBy float) 3.0 $"frame {i}, on average")

        video "some of them" (fun () ->
            let all = expected "lossless.avi"

            for skip, every, most, places in
                [
                    0L, 5, Int64.MaxValue, [ 0; 5; 10 ]
                    3L, 1, 2L, [ 3; 4 ]
                    1L, 4, 2L, [ 1; 5 ]
                    20L, 1, 5L, []
                    0L, 1, 0L, []
                ] do
                let options = { Skip = skip; Every = every; Most = most }
                let read = (VideoFile.framesWith options (fixture "lossless.avi")).Epoch 0 |> Seq.map bytes
                Expect.sequenceEqual read (places |> List.map (fun i -> all[i])) $"{options}")

        video "as batches of tensors" (fun () ->
            let batches =
                VideoFile.frames (fixture "lossless.avi")
                |> DataStream.map Image.toTensor
                |> DataStream.batch 8

            let shapes = [ for batch in batches.Epoch 0 -> List.ofSeq batch.Shape ]
            Expect.equal shapes [ [ 8; 3; height; width ]; [ 4; 3; height; width ] ] "shapes")

        for ending in [ ".avi"; ".mp4" ] do
            video $"written and read again: {ending}" (fun () ->
                inFolder (fun folder ->
                    let path = Path.Combine(folder, "made" + ending)

                    let made = [
                        for i in 0..9 ->
                            Image.filled 32 48 (Color.OfRgb(byte (20 * i), byte (200 - 20 * i), 90uy))
                    ]

                    VideoFile.write 12.5 path made
                    Expect.equal (Directory.GetFiles folder) [| path |] "nothing else is left"
                    let info = VideoFile.info path
                    Expect.equal (info.Width, info.Height, info.Frames) (48, 32, 10L) "size and frames"
                    Expect.equal info.FramesPerSecond 12.5 "rate"
                    let read = (VideoFile.frames path).Epoch 0 |> List.ofSeq
                    Expect.equal read.Length 10 "frames"

                    for i in 0..9 do
                        let apart = distance (bytes read[i]) (bytes made[i]) |> Array.max
                        Expect.isLessThan apart 16 $"frame {i}"))

        video "what is no video, or not there" (fun () ->
            inFolder (fun folder ->
                let text = Path.Combine(folder, "text.mp4")
                File.WriteAllText(text, "no video")
                let read (path: string) () = Seq.iter ignore ((VideoFile.frames path).Epoch 0)
                let says (part: string) (message: string) = Expect.stringContains message part "the message"
                says "is no video" (message<FileException>(fun () -> VideoFile.info text |> ignore))
                says "is a folder" (message<FileException>(fun () -> VideoFile.info folder |> ignore))

                says
                    "there is no file"
                    (message<FileNotFoundException>(fun () -> VideoFile.info (text + "x") |> ignore))

                says "text.mp4" (message<ExampleException>(read text))
                says "cut.mp4" (message<ExampleException>(read (fixture "cut.mp4")))))

        video "bad options, and pictures that make no video" (fun () ->
            inFolder (fun folder ->
                let path = Path.Combine(folder, "made.avi")
                let says (part: string) (message: string) = Expect.stringContains message part "the message"
                let options = VideoFile.defaults
                let framesWith options () = VideoFile.framesWith options path |> ignore
                says "one of 0 frames" (message<ValueException>(framesWith { options with Every = 0 }))
                says "-1 frames to skip" (message<ValueException>(framesWith { options with Skip = -1L }))

                let write rate (name: string) images () =
                    VideoFile.write rate (Path.Combine(folder, name)) images

                let grey h w = Image.filled h w (Color.OfGray 9uy)
                says "0 frames per second" (message<ValueException>(write 0.0 "a.avi" [ grey 16 16 ]))
                says "no pictures" (message<ValueException>(write 9.0 "a.avi" []))
                says "end in '.gif'" (message<ValueException>(write 9.0 "a.gif" [ grey 16 16 ]))

                says
                    "picture 1 has 16 × 18"
                    (message<ShapeException>(write 9.0 "a.avi" [ grey 16 16; grey 16 18 ]))

                Expect.isEmpty (Directory.GetFiles folder) "nothing is left behind"))
    ]
