namespace Cotangent.CSharp.Tests;

public class ProfileTests
{
    private readonly Tensor x = Tensor.Ones(64, 64);

    [Fact]
    public void Tells_what_the_time_went_to()
    {
        var (result, report) = Profile.Run(() => x.MatMul(x).Exp());
        Assert.Equal([64, 64], result.Shape);
        var row = Assert.Single(report.Rows, row => row.Name == "matmul");
        Assert.Equal(1, row.Calls);
        Assert.Equal("(64, 64) (64, 64)", row.Shapes);
        Assert.Equal(ProfiledWork.Primitive, row.Work);
        Assert.Contains("ProfileTests.cs:", row.Place);
        Assert.True(row.Time <= report.Total);
        Assert.Contains("matmul", report.ToString());
    }

    [Fact]
    public void Takes_code_that_returns_nothing()
    {
        var report = Profile.Run(() =>
        {
            x.MatMul(x);
        });
        Assert.Equal("matmul", Assert.Single(report.Rows).Name);
    }

    [Fact]
    public void Writes_a_trace()
    {
        var path = Path.GetTempFileName();
        try
        {
            Profile.Run(() => x.MatMul(x)).Report.WriteTrace(path);
            using var json = System.Text.Json.JsonDocument.Parse(File.ReadAllText(path));
            Assert.Equal(1, json.RootElement.GetProperty("traceEvents").GetArrayLength());
        }
        finally
        {
            File.Delete(path);
        }
    }
}
