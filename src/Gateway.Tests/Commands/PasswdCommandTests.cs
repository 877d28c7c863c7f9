using System.Collections;
using System.Diagnostics;
using System.Text;
using Gateway.Configuration;
using Gateway.Management.Access;
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
    public void AdminPassword_OfTheEnvironment_CountsWhileNoFileHasOne()
    {
        var environment = new Hashtable { [AdminPassword.Variable] = "from outside" };

        var logins = new Logins(new ConfigurationLoader(environment).Load(File).Configuration!);

        Assert.True(logins.IsPassword("admin", "from outside"));
        System.IO.File.WriteAllText(File, $$"""{ "Management": { "Users": { "admin": { "Password": "{{Logins.Hash("admin", "in the file")}}" } } } }""");
        logins = new Logins(new ConfigurationLoader(environment).Load(File).Configuration!);
        Assert.False(logins.IsPassword("admin", "from outside"));
    }

    public void Dispose() => _folder.Dispose();

    private async Task<(int Exit, string Output)> RunAsync(string input, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Gateway.dll"), "passwd", "--config", File, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return (process.ExitCode, output);
    }
}
