module internal Cotangent.Data.Tests.Fixture

open System.IO
open System.Text

/// A file of the folder Fixtures, which `make.py` there made by other programs.
let file (name: string) = Path.Combine(__SOURCE_DIRECTORY__, "Fixtures", name)

/// Files that a test writes, in a folder of their own.
type Folder() =
    let folder = Directory.CreateTempSubdirectory("cotangent-data-").FullName
    member _.Path(name: string) = Path.Combine(folder, name)

    member x.Write(name: string, bytes: byte[]) =
        File.WriteAllBytes(x.Path name, bytes)
        x.Path name

    member x.Write(name: string, text: string) = x.Write(name, Encoding.UTF8.GetBytes text)

    interface System.IDisposable with
        member _.Dispose() = Directory.Delete(folder, true)

/// Files that are something else than what they are read as, and what is said of them.
let others = [
    "", "empty"
    "<!DOCTYPE html>\n<html><body>404</body></html>\n", "a page of the web"
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n", "a pointer of Git LFS"
    "PK\u0003\u0004" + System.String('\000', 40), "a zip archive"
]
