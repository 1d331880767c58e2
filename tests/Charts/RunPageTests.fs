module Cotangent.Charts.Tests.RunPageTests
