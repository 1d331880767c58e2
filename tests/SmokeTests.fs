module Cotangent.Tests.SmokeTests

open Expecto

[<Tests>]
let tests = testList "smoke" [ test "the test runner runs" { Expect.equal (1 + 1) 2 "arithmetic" } ]
