/// Loading of the native libraries, each case in a process of its own.
module Cotangent.Torch.Tests.LoaderTests

open System
open System.IO
open Expecto
open Cotangent.Torch
open Cotangent.Torch.Tests.Child

let private torchFile = Platform.fileName "torch_cpu"
let private shimFile = Platform.fileName "LibTorchSharp"

/// Runs a test with a folder that is gone afterwards.
let private inFolder (test: string -> unit) =
    let folder = Directory.CreateTempSubdirectory("cotangent-test-").FullName

    try
        test folder
    finally
        Directory.Delete(folder, true)

let private says (outcome: Outcome) (text: string) =
    Expect.stringContains outcome.Output text $"output of a child with {outcome}"

let private lines (outcome: Outcome) (start: string) = [
    for line in outcome.Output.Split '\n' do
        if line.StartsWith(start + " ") then line.Substring(start.Length + 1).TrimEnd()
]

let private succeeds (outcome: Outcome) =
    Expect.equal outcome.ExitCode 0 $"exit code of a child with {outcome}"
    says outcome "product 16000000"

/// Links to files, in another folder.
let private link (target: string) (files: string seq) =
    for file in files do
        File.CreateSymbolicLink(Path.Combine(target, nonNull (Path.GetFileName file)), file) |> ignore

[<Tests>]
let tests =
    testList "Loading libtorch" [
        testCase "A reference is enough: a large product runs on the library beside the program" (fun () ->
            let outcome = run "multiply" []
            succeeds outcome
            says outcome "blas True"
            says outcome $"folder {natives}"

            Expect.equal
                (lines outcome "mapped" |> List.filter (fun f -> f.EndsWith torchFile)).Length
                1
                "one libtorch")

        testCase "Small tensors load nothing" (fun () ->
            let outcome = run "small" []
            says outcome "sum 20"
            says outcome "mapped 0 copies")

        testCase "Another libtorch on the library path is passed over" (fun () ->
            inFolder (fun decoy ->
                // Some small library in libtorch's name.
                File.Copy(Path.Combine(natives, "libtorch_global_deps.so"), Path.Combine(decoy, torchFile))
                let outcome = run "multiply" [ "LD_LIBRARY_PATH", decoy ]
                succeeds outcome
                says outcome "blas True"

                for mapped in lines outcome "mapped" do
                    Expect.isFalse (mapped.StartsWith decoy) $"{mapped} is the decoy"))

        testCase "COTANGENT_LIBTORCH chooses the libtorch" (fun () ->
            inFolder (fun other ->
                Directory.GetFiles natives
                |> Seq.filter (fun file -> Path.GetFileName file <> shimFile)
                |> link other

                let outcome = run "multiply" [ Locate.Variable, other ]
                succeeds outcome
                says outcome "blas True"
                says outcome $"folder {other}"

                Expect.equal
                    (lines outcome "mapped" |> List.filter (fun f -> f.EndsWith torchFile)).Length
                    1
                    "one libtorch"))

        testCase
            "COTANGENT_LIBTORCH without a libtorch is an error that says so; the managed engine goes on"
            (fun () ->
                inFolder (fun other ->
                    let outcome = run "multiply" [ Locate.Variable, other ]
                    succeeds outcome
                    says outcome "blas False"
                    says outcome "DeviceException: libtorch could not be loaded"
                    says outcome $"{Locate.Variable} names {other}"
                    says outcome $"no {torchFile} there"
                    Expect.isEmpty (lines outcome "mapped") "nothing was loaded"))

        testCase
            "Without native libraries the error says what to install; the managed engine goes on"
            (fun () ->
                inFolder (fun bare ->
                    // Without the list of dependencies, which names the native libraries.
                    for file in Directory.GetFiles folder do
                        if not (file.EndsWith ".deps.json") then
                            File.Copy(file, Path.Combine(bare, nonNull (Path.GetFileName file)))

                    let outcome = runFrom bare "multiply" []
                    succeeds outcome
                    says outcome "blas False"
                    says outcome "Cotangent-cpu"
                    says outcome $"{bare}{Path.DirectorySeparatorChar}: no {torchFile} there"))

        testCase "A libtorch that is not whole is an error that names the file" (fun () ->
            inFolder (fun broken ->
                for name in [ "c10"; "torch_cpu"; "torch" ] do
                    File.WriteAllText(Path.Combine(broken, Platform.fileName name), "not a library")

                let outcome = run "multiply" [ Locate.Variable, broken ]
                succeeds outcome
                says outcome "blas False"
                says outcome (Path.Combine(broken, torchFile))))

        testCase
            "The libtorch of the package has every operator that scripts call, and one that lacks some is told"
            (fun () ->
                let library = Loader.require ()

                let exports name =
                    fst (System.Runtime.InteropServices.NativeLibrary.TryGetExport(library.Torch, name))

                Expect.equal (Operators.missing exports) [] "none is missing"

                if OperatingSystem.IsLinux() then
                    let without (name: string) = Operators.missing (fun export -> not (export.Contains name))
                    Expect.equal (without "gelu_backward4call") [ "gelu_backward" ] "one"
                    Expect.equal (without "_ZN") Operators.names "all")

        testCase "TorchSharp used by itself afterwards takes the same copies" (fun () ->
            let outcome = run "torchsharp" []
            succeeds outcome
            says outcome "torchsharp 3"
            Expect.equal (lines outcome "mapped").Length 2 "one libtorch and one of TorchSharp's")

        testCase "A libtorch that is loaded already is taken" (fun () ->
            let outcome = run "preloaded" []
            succeeds outcome
            says outcome "blas True"
            Expect.equal (lines outcome "mapped").Length 2 "one libtorch and one of TorchSharp's")

        testCase "A second libtorch is refused, since two abort the process" (fun () ->
            inFolder (fun other ->
                File.WriteAllText(Path.Combine(other, torchFile), "another libtorch")
                let outcome = run "preloaded" [ Locate.Variable, other ]
                succeeds outcome
                says outcome "blas False"
                says outcome "Two copies of libtorch"
                says outcome (Path.Combine(natives, torchFile))
                says outcome (Path.Combine(other, torchFile))))

        testCase "The cache of libraries may be out of reach" (fun () ->
            inFolder (fun other ->
                let file = Path.Combine(other, "cache")
                File.WriteAllText(file, "in the way")
                let outcome = run "multiply" [ "XDG_CACHE_HOME", file ]
                succeeds outcome
                says outcome "blas True"))

        testCase "Version needs without a use are weakened, and nothing else changes" (fun () ->
            let library = File.ReadAllBytes(Path.Combine(natives, shimFile))
            let image, needs = Elf.weaken library
            Expect.equal needs [ "GLIBCXX_3.4.32" ] "needs"
            let changed = Array.zip library image |> Array.filter (fun (a, b) -> a <> b)
            Expect.equal changed [| (0uy, 2uy) |] "one flag"
            Expect.equal (Elf.weaken image |> snd) [] "once is enough")

        testCase "What is no library is refused" (fun () ->
            Expect.throwsT<BadImageFormatException>
                (fun () -> Elf.weaken (Array.zeroCreate 100) |> ignore)
                "zeros")
    ]
