module Cotangent.Charts.Tests.RecordTests
