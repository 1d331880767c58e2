namespace Cotangent.Checkpoints

open System
open System.IO
open System.Runtime.InteropServices
open System.Text

/// Files that are there as a whole or not at all: written under another name beside the one they are to get, flushed to the disk,
/// and renamed. Whatever ends the program in between, the file that was there before is.
module internal AtomicFile =
    [<DllImport("libc", EntryPoint = "open")>]
    extern int private openFolder(byte[] path, int flags)

    [<DllImport("libc", EntryPoint = "fsync")>]
    extern int private flushFolder(int descriptor)

    [<DllImport("libc", EntryPoint = "close")>]
    extern int private closeFolder(int descriptor)

    /// Flushes what a folder says of its files to the disk: a new name is lost otherwise if the power fails. Windows has no such call;
    /// a file system that refuses has its own ways.
    let private flushNames (folder: string) =
        if not (OperatingSystem.IsWindows()) then
            try
                let descriptor = openFolder (Encoding.UTF8.GetBytes(folder + "\000"), 0)

                if descriptor >= 0 then
                    flushFolder descriptor |> ignore
                    closeFolder descriptor |> ignore
            with
            | :? DllNotFoundException
            | :? EntryPointNotFoundException -> ()

    [<Literal>]
    let Ending = ".partial"

    /// Windows renames an open file only if others may delete it; elsewhere a lock shows that somebody is writing.
    let private share = if OperatingSystem.IsWindows() then FileShare.Delete else FileShare.None

    /// Removes what writers left that were ended: files that nobody holds open.
    let removeLeftovers (folder: string) (name: string) =
        for left in Directory.EnumerateFiles(folder, name + ".*" + Ending) do
            try
                use _ = new FileStream(left, FileMode.Open, FileAccess.ReadWrite, FileShare.None)
                File.Delete left
            with
            | :? IOException
            | :? UnauthorizedAccessException -> ()

    let private create (path: string) (size: int64) =
        let options = FileStreamOptions()
        options.Mode <- FileMode.CreateNew
        options.Access <- FileAccess.ReadWrite
        options.Share <- share
        options.BufferSize <- 1 <<< 20
        // A disk without room says so now.
        options.PreallocationSize <- size
        new FileStream(path, options)

    /// Where a link leads, or the path itself.
    let private target (path: string) : string =
        match FileInfo(path).LinkTarget with
        | null -> Path.GetFullPath path
        | _ ->
            match File.ResolveLinkTarget(path, true) with
            | null -> Path.GetFullPath path
            | found -> found.FullName

    /// Puts a file of such a size in the place of the one that is there, if one is. The folder is made if it is missing.
    let write (path: string) (size: int64) (fill: FileStream -> unit) : unit =
        let path = target path
        let folder = Unchecked.nonNull (Path.GetDirectoryName path)
        let name = Unchecked.nonNull (Path.GetFileName path)

        if not (Directory.Exists folder) then
            Directory.CreateDirectory folder |> ignore
            Path.GetDirectoryName folder |> Option.ofObj |> Option.iter flushNames

        removeLeftovers folder name
        let beside = Path.Combine(folder, $"{name}.{Path.GetRandomFileName().Substring(0, 8)}{Ending}")

        try
            using (create beside size) (fun file ->
                fill file
                file.Flush true
                // While it is open: nobody takes it for a leftover.
                File.Move(beside, path, overwrite = true))
        with _ ->
            try
                File.Delete beside
            with _ ->
                ()

            reraise ()

        flushNames folder
