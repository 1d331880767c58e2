namespace Cotangent.Video

open System
open System.IO
open System.Runtime.InteropServices
open Cotangent
open Cotangent.Images
open OpenCvSharp

/// OpenCV's reader of videos.
module internal Capture =
    let private noLibrary (operation: string) (e: exn) =
        let wayOut =
            if OperatingSystem.IsWindows() then
                "Reference the package OpenCvSharp4.runtime.win besides."
            elif OperatingSystem.IsMacOS() then
                "Reference the package OpenCvSharp4.runtime.osx_arm64 besides."
            else
                "It needs GTK 3 (on Debian and Ubuntu: `apt install libgtk-3-0`) and, elsewhere than on x64, a package of its own."

        DllNotFoundException(
            $"{operation}: OpenCV's native library does not load on this machine ({e.Message}). {wayOut}",
            e
        )

    /// Runs what calls OpenCV; that its library is missing is said in words.
    let calling (operation: string) (f: unit -> 'a) : 'a =
        try
            f ()
        with
        | :? TypeInitializationException as e ->
            match e.InnerException with
            | :? DllNotFoundException as inner -> raise (noLibrary operation inner)
            | _ -> reraise ()
        | :? DllNotFoundException as e -> raise (noLibrary operation e)

    /// A file to be read, which must be there and be a video.
    let openFile (operation: string) (path: string) : VideoCapture =
        if isNull (box path) then raise (ArgumentNullException "path")

        if Directory.Exists path then
            raise (FileException $"{operation}: '{path}' is a folder. Name a file in it.")

        if not (File.Exists path) then
            raise (FileNotFoundException($"{operation}: there is no file '{path}'.", path))

        calling operation (fun () ->
            // By FFmpeg alone: other readers of OpenCV take patterns of names and devices, too.
            let capture = new VideoCapture(Path.GetFullPath path, VideoCaptureAPIs.FFMPEG)

            if not (capture.IsOpened()) then
                capture.Dispose()

                raise (
                    FileException
                        $"{operation}: '{path}' is no video that FFmpeg can read, or damaged at its beginning. Convert it, as by `ffmpeg -i input output.mp4`, or get it again."
                )

            capture)

    /// What a frame shows: rows of blue, green and red bytes, as red, green and blue.
    let toImage (frame: Mat) : Image =
        use rgb = new Mat()
        Cv2.CvtColor(InputArray.op_Implicit frame, OutputArray.op_Implicit rgb, ColorConversionCodes.BGR2RGB)
        let height, width = rgb.Rows, rgb.Cols
        let bytes = Array.zeroCreate<byte>(height * width * 3)

        for row in 0 .. height - 1 do
            Marshal.Copy(rgb.Ptr row, bytes, row * width * 3, width * 3)

        Image.create height width 3 bytes

    /// The same the other way: a picture of any channels, on black where it is transparent.
    let ofImage (image: Image) : Mat =
        let rgb = image |> Image.flatten Color.Black |> Image.convert Channels.Rgb
        let pixels: byte[] = rgb.Pixels.ToArray()
        use mat = new Mat(rgb.Height, rgb.Width, MatType.CV_8UC3)

        for row in 0 .. rgb.Height - 1 do
            Marshal.Copy(pixels, row * rgb.Width * 3, mat.Ptr row, rgb.Width * 3)

        let bgr = new Mat()
        Cv2.CvtColor(InputArray.op_Implicit mat, OutputArray.op_Implicit bgr, ColorConversionCodes.RGB2BGR)
        bgr
