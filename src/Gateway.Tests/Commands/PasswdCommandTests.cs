using System.Collections;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Configuration;
using Gateway.Management.Access;
using Gateway.Management.Changes;
using Gateway.Tests.Support;

namespace Gateway.Tests.Commands;

/// <summary><c>gateway passwd</c> as a process: what it writes is what the configuration then has.</summary>
public sealed class PasswdCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string File => Path.Combine(_folder.Path, "appsettings.json");

    public PasswdCommandTests() => System.IO.File.WriteAllText(File, "{ }");

    [Fact]
    public async Task Passwd_WritesUserAndToken_ThatOnlyTheOwnerCanRead()
    {
        Assert.Equal(0, (await RunAsync("a good password\n", "anna", "--role", "operator")).Exit);
        var (exit, token) = await RunAsync("", "--token", "ci");

        Assert.Equal(0, exit);
        var configuration = new ConfigurationLoader().Load(File).Configuration!;
        var logins = new Logins(configuration);
        Assert.True(logins.IsPassword("anna", "a good password"));
        Assert.Equal(Role.Operator, logins.FindUser("anna")!.Value.Role);
        Assert.Equal(Role.Viewer, logins.Verify(token.Trim())!.Role);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(configuration.Layers.Overlay.File!));
        }
    }

    [Fact]
    public async Task Passwd_TooShort_IsRefused()
    {
        Assert.Equal(2, (await RunAsync("short\n", "anna")).Exit);
        Assert.Equal(2, (await RunAsync("a good password\n", "an:na")).Exit);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "management")));
    }

    [Fact]
    public async Task Remove_WhatIsThere_TakesItAway_AndASecondTimeIsRefused()
    {
        System.IO.File.WriteAllText(File, $$"""{ "Management": { "Tokens": { "ci": { "Secret": "{{Logins.Hash("ci", "x")}}" } } } }""");
        Assert.Equal(0, (await RunAsync("a good password\n", "anna")).Exit);

        Assert.Equal((0, true), await RemoveAsync("removed", "CI", "--token"));
        Assert.Equal((0, true), await RemoveAsync("removed", "anna"));

        Assert.False(new Logins(new ConfigurationLoader().Load(File).Configuration!).Any);
        Assert.Equal((2, true), await RemoveAsync("no user 'anna'. There are no users at all", "anna"));
        Assert.Equal((2, true), await RemoveAsync("no token 'ci'", "ci", "--token"));
    }

    [Theory]
    [InlineData("There is no user 'ci'. There is a token of this name: add --token", "ci")]
    [InlineData("There is no token 'cj'. Known: ci.", "cj", "--token")]
    [InlineData("There is no user 'admin'", "admin")]
    public async Task Remove_WhatIsNotThere_IsRefusedAndChangesNothing(string why, params string[] arguments)
    {
        var token = (await RunAsync("", "--token", "ci")).Output.Trim();

        Assert.Equal((2, true), await RemoveAsync(why, arguments));

        Assert.NotNull(new Logins(new ConfigurationLoader().Load(File).Configuration!).Verify(token));
    }

    [Fact]
    public async Task Remove_WhatTheEnvironmentSets_IsRefused()
    {
        var (exit, _, errors) = await StartAsync("", ("Management__Tokens__ci__Secret", "hash"), "ci", "--token", "--remove");

        Assert.Equal(2, exit);
        Assert.Contains("is set by environment variable Management__Tokens__ci__Secret", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Passwd_OfOneThatWasRemoved_IsNew()
    {
        System.IO.File.WriteAllText(File, $$"""{ "Management": { "Users": { "anna": { "Password": "{{Logins.Hash("anna", "x")}}", "Role": "admin" } } } }""");
        Assert.Equal(0, (await RunAsync("", "anna", "--remove")).Exit);

        Assert.Equal(0, (await RunAsync("a good password\n", "anna")).Exit);

        Assert.Equal(Role.Viewer, new Logins(new ConfigurationLoader().Load(File).Configuration!).FindUser("anna")!.Value.Role);
    }

    [Fact]
    public void AdminPassword_OfTheEnvironment_CountsWhileNoFileHasOne()
    {
        var environment = new Hashtable { [AdminPassword.Variable] = "from outside" };

        var logins = new Logins(new ConfigurationLoader(environment).Load(File).Configuration!);

        Assert.True(logins.IsPassword("admin", "from outside"));
        System.IO.File.WriteAllText(File, $$"""{ "Management": { "Users": { "admin": { "Password": "{{Logins.Hash("admin", "in the file")}}" } } } }""");
        logins = new Logins(new ConfigurationLoader(environment).Load(File).Configuration!);
        Assert.False(logins.IsPassword("admin", "from outside"));
    }

    [Theory]
    [InlineData(7, false)]
    [InlineData(8, true)]
    [InlineData(256, true)]
    [InlineData(257, false)]
    public void AdminPassword_OfTheEnvironment_HasTheLengthThatPasswdWants(int characters, bool isRight)
    {
        var environment = new Hashtable { [AdminPassword.Variable] = new string('x', characters) };

        var errors = new ConfigurationLoader(environment).Load(File).Errors;

        Assert.Equal(isRight, errors.Count == 0);
        Assert.All(errors, error =>
        {
            Assert.Contains($"has {characters} characters. Set GATEWAY_ADMIN_PASSWORD to a password of 8 to 256", error.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("xxx", error.ToString(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void AdminPassword_ThatDoesNotCount_IsNotLookedAt()
    {
        System.IO.File.WriteAllText(File, $$"""{ "Management": { "Users": { "admin": { "Password": "{{Logins.Hash("admin", "in the file")}}" } } } }""");

        Assert.Empty(new ConfigurationLoader(new Hashtable { [AdminPassword.Variable] = "short" }).Load(File).Errors);
    }

    [Fact]
    public async Task Passwd_WaitsForWhoeverWritesTheOverlay_AndKeepsWhatTheyWrote()
    {
        var overlay = Overlay.FileFor(File, null);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        Task<(int Exit, string Output)> passwd;
        using (await OverlayTurn.TakeAsync(overlay, TimeProvider.System, patience.Token))
        {
            passwd = RunAsync("a good password\n", "anna");
            // One that does not wait is done by then, and is written over.
            await Task.WhenAny(passwd, Task.Delay(Timeout.Infinite, patience.Token));
            Versions.Write(overlay, Versions.Bytes(new JsonObject { ["ShutdownTimeout"] = "00:00:07" }));
        }

        Assert.Equal(0, (await passwd).Exit);
        var configuration = new ConfigurationLoader().Load(File).Configuration!;
        Assert.NotNull(new Logins(configuration).FindUser("anna"));
        Assert.Equal("00:00:07", configuration.Tree.At("ShutdownTimeout")?.Text);
    }

    [Fact]
    public async Task OverlayTurn_IsHeldByOneAtATime()
    {
        var overlay = Overlay.FileFor(File, null);
        var first = await OverlayTurn.TakeAsync(overlay, TimeProvider.System, CancellationToken.None);
        var second = OverlayTurn.TakeAsync(overlay, TimeProvider.System, CancellationToken.None);
        Assert.False(second.IsCompleted);

        first.Dispose();

        (await second).Dispose();
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Exit code, and whether the errors tell this.</summary>
    private async Task<(int Exit, bool IsTold)> RemoveAsync(string told, params string[] arguments)
    {
        var (exit, _, errors) = await StartAsync("", null, [.. arguments, "--remove"]);
        return (exit, errors.Contains(told, StringComparison.Ordinal));
    }

    private async Task<(int Exit, string Output)> RunAsync(string input, params string[] arguments)
    {
        var (exit, output, _) = await StartAsync(input, null, arguments);
        return (exit, output);
    }

    private async Task<(int Exit, string Output, string Errors)> StartAsync(
        string input, (string Name, string Value)? variable, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Gateway.dll"), "passwd", "--config", File, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        if (variable is { } set)
        {
            start.Environment[set.Name] = set.Value;
        }

        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return (process.ExitCode, output, await errors);
    }
}
