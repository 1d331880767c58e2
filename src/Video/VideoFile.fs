namespace Cotangent.Video

open System
open System.IO
open Cotangent
open Cotangent.Images
open OpenCvSharp

/// <summary>
/// Files of video, by OpenCV and FFmpeg: frames as pictures of three channels, red, green and blue. A frame is read when it is asked
/// for, and none is kept.
/// </summary>
[<RequireQualifiedAccess>]
module VideoFile =
    /// <summary>All frames.</summary>
    [<CompiledName "Defaults">]
    let defaults: VideoOptions = VideoOptions.Default

    /// <summary>Size, rate and number of frames, as the file says.</summary>
    /// <exception cref="T:Cotangent.FileException">It is no video that FFmpeg reads.</exception>
    /// <exception cref="T:System.IO.FileNotFoundException">It is not there.</exception>
    /// <exception cref="T:System.DllNotFoundException">OpenCV's native library does not load; says which package brings it.</exception>
    /// <example><code>
    /// let path = System.IO.Path.Combine(System.IO.Directory.CreateTempSubdirectory().FullName, "grey.avi")
    /// VideoFile.write 25.0 path (List.replicate 5 (Image.filled 16 32 Color.White))
    /// let info = VideoFile.info path
    /// info.Height, info.Width, info.Frames // (16, 32, 5)
    /// </code></example>
    [<CompiledName "Info">]
    let info (path: string) : VideoInfo =
        use capture = Capture.openFile "VideoFile.info" path

        {
            Width = capture.FrameWidth
            Height = capture.FrameHeight
            FramesPerSecond = if capture.Fps > 0.0 then capture.Fps else 0.0
            Frames = max 0L (int64 (capture.Get VideoCaptureProperties.FrameCount))
        }

    let private read (options: VideoOptions) (path: string) : Image seq = seq {
        use capture = Capture.openFile "VideoFile.frames" path
        use frame = new Mat()
        let mutable at = 0L
        let mutable given = 0L
        let mutable isThere = true

        while isThere && given < options.Most do
            // To grab a frame decodes it for those after it; to retrieve it makes a picture of it.
            isThere <- capture.Grab()

            if isThere && at >= options.Skip && (at - options.Skip) % int64 options.Every = 0L then
                if not (capture.Retrieve(OutputArray.op_Implicit frame)) || frame.Empty() then
                    raise (
                        FileException
                            $"VideoFile.frames: frame {at} of '{path}' can't be decoded. Get it again."
                    )

                given <- given + 1L
                yield Capture.toImage frame

            at <- at + 1L

        if at <= 1L && not isThere then
            raise (
                FileException $"VideoFile.frames: '{path}' has no frame that can be decoded. Get it again."
            )
    }

    /// <summary>
    /// Frames from the first on, those that the options choose. What comes behind a place that is damaged is lost: <c>info</c> tells how
    /// many frames there should be.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The options ask for fewer than one of a number of frames, or for negative numbers.</exception>
    /// <exception cref="T:Cotangent.FileException">When it is read: it is no video that FFmpeg reads.</exception>
    /// <exception cref="T:System.IO.FileNotFoundException">When it is read: it is not there.</exception>
    /// <example><code>
    /// let everyTenth (path: string) = VideoFile.framesWith { VideoFile.defaults with Every = 10 } path
    /// </code></example>
    [<CompiledName "Frames">]
    let framesWith (options: VideoOptions) (path: string) : DataStream<Image> =
        if isNull (box options) then raise (ArgumentNullException "options")
        if isNull (box path) then raise (ArgumentNullException "path")

        if options.Every < 1 then
            raise (
                ValueException $"VideoFile.frames: one of {options.Every} frames; one of 1 or more is wanted."
            )

        if options.Skip < 0L || options.Most < 0L then
            raise (
                ValueException
                    $"VideoFile.frames: {options.Skip} frames to skip and {options.Most} at most; both must be 0 or more."
            )

        DataStream.ofSeq path (fun _ -> read options path)

    /// <summary>All frames, from the first on.</summary>
    /// <exception cref="T:Cotangent.FileException">When it is read: it is no video that FFmpeg reads.</exception>
    /// <exception cref="T:System.IO.FileNotFoundException">When it is read: it is not there.</exception>
    /// <example><code>
    /// let tensors (path: string) = VideoFile.frames path |> DataStream.map Image.toTensor |> DataStream.batch 8
    /// </code></example>
    [<CompiledName "Frames">]
    let frames (path: string) : DataStream<Image> = framesWith defaults path

    /// How the frames of a file are written, by the ending of its name.
    let private codecOf (path: string) =
        match (Path.GetExtension path |> nonNull).ToLowerInvariant() with
        | ".avi" -> FourCC.FromFourChars('M', 'J', 'P', 'G')
        | ".mp4" -> FourCC.FromFourChars('m', 'p', '4', 'v')
        | other ->
            raise (
                ValueException
                    $"VideoFile.write: files that end in '{other}' are not written; name one that ends in .avi (Motion JPEG) or .mp4 (MPEG-4)."
            )

    /// <summary>
    /// Writes pictures of one size as the frames of a video: Motion JPEG in a file that ends in .avi, MPEG-4 in one that ends in .mp4. Both
    /// lose a little of each picture. The file is there under its name when it is whole.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The rate is not above 0, there is no picture, or the name ends otherwise.</exception>
    /// <exception cref="T:Cotangent.ShapeException">A picture has another size than the first.</exception>
    /// <exception cref="T:System.IO.IOException">The file can't be written.</exception>
    /// <example><code>
    /// let path = System.IO.Path.Combine(System.IO.Directory.CreateTempSubdirectory().FullName, "grey.avi")
    /// VideoFile.write 25.0 path [ for level in 0uy .. 24uy -> Image.filled 16 16 (Color.OfGray(10uy * level)) ]
    /// (VideoFile.info path).Frames // 25
    /// </code></example>
    [<CompiledName "Write">]
    let write (framesPerSecond: float) (path: string) (images: Image seq) : unit =
        if isNull (box path) then raise (ArgumentNullException "path")
        if isNull (box images) then raise (ArgumentNullException "images")

        if not (Double.IsFinite framesPerSecond && framesPerSecond > 0.0) then
            raise (
                ValueException
                    $"VideoFile.write: {framesPerSecond} frames per second; a finite number above 0 is wanted."
            )

        let codec = codecOf path
        let full = Path.GetFullPath path

        let unfinished =
            Path.Combine(
                nonNull (Path.GetDirectoryName full),
                $".{Guid.NewGuid():N}" + Path.GetExtension full
            )
        // OpenCV would say no more than that it failed.
        File.WriteAllBytes(unfinished, [||])

        try
            use all = images.GetEnumerator()

            if not (all.MoveNext()) then
                raise (ValueException "VideoFile.write: no pictures; a video has at least one frame.")

            let first = all.Current

            Capture.calling "VideoFile.write" (fun () ->
                use writer =
                    new VideoWriter(unfinished, codec, framesPerSecond, Size(first.Width, first.Height))

                if not (writer.IsOpened()) then
                    raise (IOException $"VideoFile.write: OpenCV can't write '{path}' by this codec.")

                let mutable image = first
                let mutable i = 0
                let mutable isThere = true

                while isThere do
                    if (image.Height, image.Width) <> (first.Height, first.Width) then
                        raise (
                            ShapeException
                                $"VideoFile.write: picture {i} has {image.Height} × {image.Width} pixels, the first {first.Height} × {first.Width}; all must be of one size. Use `Geometry.resize`."
                        )

                    use frame = Capture.ofImage image
                    writer.Write(InputArray.op_Implicit frame)
                    isThere <- all.MoveNext()

                    if isThere then
                        image <- all.Current
                        i <- i + 1)

            File.Move(unfinished, full, true)
        finally
            File.Delete unfinished
