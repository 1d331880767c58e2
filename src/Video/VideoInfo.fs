namespace Cotangent.Video

open System

/// <summary>What a video file says of itself.</summary>
/// <example><code>
/// let path = System.IO.Path.Combine(System.IO.Directory.CreateTempSubdirectory().FullName, "grey.avi")
/// VideoFile.write 25.0 path (List.replicate 5 (Image.filled 16 32 Color.White))
/// let info = VideoFile.info path
/// info.Height, info.Width, info.Frames // (16, 32, 5)
/// </code></example>
[<Struct>]
type VideoInfo = {
    /// Columns of a frame, in pixels.
    Width: int
    /// Rows of a frame, in pixels.
    Height: int
    /// How many frames are shown in a second.
    FramesPerSecond: float
    /// How many frames there are, as the file says: some formats do not know exactly, and 0 stands for not at all.
    Frames: int64
} with

    /// How long the video takes, as far as the file says.
    member info.Duration: TimeSpan =
        if info.FramesPerSecond > 0.0 then
            TimeSpan.FromSeconds(float info.Frames / info.FramesPerSecond)
        else
            TimeSpan.Zero

/// <summary>Which frames are read.</summary>
/// <example><code>
/// let everyTenth (path: string) = VideoFile.framesWith { VideoFile.defaults with Every = 10 } path
/// </code></example>
type VideoOptions = {
    /// Frames to leave out at the beginning, 0 or more.
    Skip: int64
    /// One of so many frames, the first of them; 1 for all.
    Every: int
    /// How many are read at most.
    Most: int64
} with

    /// All frames.
    static member Default: VideoOptions = { Skip = 0L; Every = 1; Most = Int64.MaxValue }
