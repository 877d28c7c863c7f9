using Gateway.Commands;
using Gateway.Configuration;
using Gateway.Tests.Support;

namespace Gateway.Tests.Configuration;

public sealed class CheckCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _errors = new();

    [Fact]
    public void Run_TheExampleThatShips_IsValidWithoutAWarning()
    {
        var file = Path.Combine(AppContext.BaseDirectory, "appsettings.json");

        var exitCode = CheckCommand.Run([file], new ConfigurationLoader(), _output, _errors);

        Assert.Equal("", _errors.ToString());
        Assert.Equal(0, exitCode);
        Assert.Equal($"{file}: valid, 1 route, 1 virtual server, 2 clusters, 5 destinations\n", _output.ToString());
    }

    [Fact]
    public void Run_OneWrongFile_PrintsAllItsErrorsAndGivesTwo()
    {
        var right = Write("right.json", "{}");
        var wrong = Write("wrong.json", """
            {
              "ReverseProxy": {
                "Routes": { "web": { "ClusterId": "wbe" } },
                "Clusters": { "web": { "Destinations": { "a": { "Address": "http://10.0.0.1:80", "Wieght": 3, "Weight": -1 } } } }
              }
            }
            """);

        Assert.Equal(2, CheckCommand.Run([right, wrong, "/does/not/exist.json"], new ConfigurationLoader(), _output, _errors));
        Assert.Equal($"{right}: valid, 0 routes, 0 virtual servers, 0 clusters, 0 destinations\n", _output.ToString());
        Assert.Equal(
            $"""
            {wrong}:3:39: ReverseProxy:Routes:web:ClusterId: 'wbe' is no cluster. Did you mean 'web'?
            {wrong}:4:96: ReverseProxy:Clusters:web:Destinations:a:Wieght: is not a known key. Did you mean 'Weight'?
            {wrong}:4:109: ReverseProxy:Clusters:web:Destinations:a:Weight: '-1' is not a whole number from 0 to 65535. Use 0 to quiesce the destination, and larger numbers for larger shares.
            {wrong}: 3 errors
            /does/not/exist.json: cannot be read: Could not find a part of the path '/does/not/exist.json'. Name a file that exists and may be read.
            /does/not/exist.json: 1 error

            """, _errors.ToString());
    }

    [Fact]
    public void Run_ProbablyNotMeant_IsPrintedAndStillValid()
    {
        var file = Write("idle.json", """{ "ReverseProxy": { "Clusters": { "idle": { "Destinations": { "a": { "Address": "http://a" } } } } } }""");

        Assert.Equal(0, CheckCommand.Run([file], new ConfigurationLoader(), _output, _errors));
        Assert.Equal($"warning: {file}:1:43: ReverseProxy:Clusters:idle: is used by no route and no virtual server. Add a route, or remove the cluster.\n", _errors.ToString());
    }

    [Fact]
    public void Run_ChecksOfOtherFeatures_AreAsked()
    {
        var file = Write("right.json", "{}");

        Assert.Equal(2, CheckCommand.Run([file], new ConfigurationLoader(checks: configuration => [configuration.Error("Kestrel", "is missing", "Add it.")]), _output, _errors));
        Assert.Equal($"{file}: Kestrel: is missing. Add it.\n{file}: 1 error\n", _errors.ToString());
    }

    [Fact]
    public void Run_KeyThatTheOverlaySaysOtherwise_IsPrintedAndStillValid()
    {
        var file = Write("edge.json", """{ "ShutdownTimeout": "00:00:05" }""");
        var overlay = Overlay.FileFor(file, null);
        Directory.CreateDirectory(Path.GetDirectoryName(overlay)!);
        File.WriteAllText(overlay, """{ "ShutdownTimeout": "00:00:09" }""");

        Assert.Equal(0, CheckCommand.Run([file], new ConfigurationLoader(), _output, _errors));
        Assert.Equal(
            $"warning: {file}:1:22: ShutdownTimeout: '00:00:05' has no effect: {overlay} says otherwise. Change it by the API or the pages, or take it out there.\n",
            _errors.ToString());
    }

    [Fact]
    public async Task Check_ReadsWhatRunReads()
    {
        var file = Write("right.json", "{}");

        Assert.Equal(0, await CommandLine.RunAsync(["check", file]));
        Assert.Equal(0, await CommandLine.RunAsync(["check", file, "--Relay:Loops=2"]));
        Assert.Equal(2, await CommandLine.RunAsync(["check", file, "--Relay:Loops=many"]));
    }

    [Fact]
    public void Run_Folder_IsToldAsOne()
    {
        Assert.Equal(2, CheckCommand.Run([_folder.Path], new ConfigurationLoader(), _output, _errors));
        Assert.Contains($"{_folder.Path}: is a folder. Name a file in it.", _errors.ToString(), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private string Write(string name, string json)
    {
        var file = Path.Combine(_folder.Path, name);
        File.WriteAllText(file, json);
        return file;
    }
}
