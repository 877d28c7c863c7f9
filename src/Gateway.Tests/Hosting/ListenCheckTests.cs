using System.Net;
using System.Net.Sockets;
using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Tests.Support;

namespace Gateway.Tests.Hosting;

/// <summary>192.0.2.7 is an address for documentation, which no machine has.</summary>
public class ListenCheckTests
{
    private const string NotHere = "this machine does not have the address";
    private const string Taken = "the port is in use, by another program or for a connection that goes out (sysctl net.ipv4.ip_local_port_range)";

    [Theory]
    [InlineData("http://127.0.0.1:{0}", "http://192.0.2.7:{0}", NotHere)]
    [InlineData("http://*:{0}", "http://192.0.2.7:{0}", NotHere)]
    [InlineData("http://*:{0}", "http://127.0.0.1:{0}", null)]
    [InlineData("http://127.0.0.1:{0}", "http://*:{0}", null)]
    [InlineData("http://localhost:{0}", "http://127.0.0.1:{0}", null)]
    [InlineData("http://[::]:{0}", "http://127.0.0.1:{0}", null)]
    [InlineData("http://127.0.0.1:{0}", "http://127.0.0.1:{0}", null)]
    [InlineData("http://127.0.0.2:{0}", "http://127.0.0.1:{0}", Taken)]
    [InlineData(null, "http://*:{0}", Taken)]
    [InlineData(null, "http://+:{0}", Taken)]
    [InlineData(null, "http://localhost:{0}", Taken)]
    [InlineData(null, "http://name.example:{0}", Taken)]
    [InlineData(null, "http://127.0.0.1:{0}", Taken)]
    public void Check_PortOfASocket_ThatIsOursOrNot(string? ours, string wanted, string? expected)
    {
        using var open = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        open.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        open.Listen();
        var port = ((IPEndPoint)open.LocalEndPoint!).Port;

        var errors = ListenCheck.Check(Configuration(wanted, port), ours is null ? null : Configuration(ours, port)).ToArray();

        if (expected is null)
        {
            Assert.Empty(errors);
        }
        else
        {
            var error = Assert.Single(errors, e => e.Rule.EndsWith(expected, StringComparison.Ordinal));
            Assert.Equal("Kestrel:Endpoints:Http:Url", error.Key);
        }
    }

    [LinuxTheory]
    [InlineData("/nowhere/at/all.sock", "cannot be listened on: ")]
    [InlineData("{0}/taken.sock", "cannot be listened on: there is something at this path already")]
    [InlineData("{0}/00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000.sock", "cannot be listened on: ")]
    [InlineData("{0}/new.sock", null)]
    public void Check_SocketOfTheFileSystem_ThatCanBeMadeOrNot(string path, string? rule)
    {
        using var folder = new TemporaryFolder();
        path = string.Format(System.Globalization.CultureInfo.InvariantCulture, path, folder.Path);
        File.WriteAllText(Path.Combine(folder.Path, "taken.sock"), "");
        var next = Configuration($"http://unix:{path}", 0);

        var errors = ListenCheck.Check(next, null).ToArray();

        Assert.Equal(rule is null ? [] : ["Kestrel:Endpoints:Http:Url"], errors.Select(error => error.Key));
        Assert.All(errors, error => Assert.StartsWith(rule!, error.Rule, StringComparison.Ordinal));
        Assert.Empty(ListenCheck.Check(next, next));
        Assert.False(File.Exists(Path.Combine(folder.Path, "new.sock")));
    }

    [LinuxFact]
    public async Task Reload_SocketOfTheFileSystem_IsOpenedOrTheVersionRefused()
    {
        using var folder = new TemporaryFolder();
        string Configuration(string path) => $$"""
            { "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:0" }, "Local": { "Url": "http://unix:{{path}}" } } } }
            """;
        var (first, second) = (Path.Combine(folder.Path, "a.sock"), Path.Combine(folder.Path, "b.sock"));
        await using var gateway = await RunningGateway.StartAsync(Configuration(first));
        Assert.True(File.Exists(first));

        await gateway.ReloadAsync(Configuration(second));
        await Eventually.TrueAsync(() => File.Exists(second), "the new socket is there");

        await gateway.WriteAsync(Configuration("/nowhere/at/all.sock"));
        await Eventually.TrueAsync(() => gateway.Reloader.Status.LastResult == ReloadResult.Refused, "the version is refused");
        Assert.Equal("Kestrel:Endpoints:Local:Url", Assert.Single(gateway.Reloader.Status.LastErrors).Key);
        Assert.True(File.Exists(second));
    }

    [Fact]
    public void Check_PortOfAConnectionThatGoesOut_IsNotSaidToBeListenedOn()
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        server.Listen();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(server.LocalEndPoint!);

        var error = Assert.Single(ListenCheck.Check(Configuration("http://127.0.0.1:{0}", ((IPEndPoint)client.LocalEndPoint!).Port), null));

        Assert.Equal($"cannot be listened on: {Taken}", error.Rule);
    }

    [Fact]
    public void Check_VirtualServerOnAnAddressOfNobody_IsAnError()
    {
        var configuration = new ConfigurationText().With("VirtualServers:smtp:Listen:0", "\"192.0.2.7:2525\"")
            .With("Kestrel:Endpoints:Http:Url", "\"http://127.0.0.1:0\"").Load().Configuration!;

        var error = Assert.Single(ListenCheck.Check(configuration, current: null));

        Assert.Equal(("VirtualServers:smtp:Listen:0", $"cannot be listened on: {NotHere}"), (error.Key, error.Rule));
    }

    // The engine is that of the start, whatever the file says now.
    [Theory]
    [InlineData("sockets", "sockets")]
    [InlineData("sockets", "auto")]
    public void Check_TransparentForTheSocketsEngine_IsAnError(string started, string next)
    {
        LoadedConfiguration Of(string engine, string isTransparent) => new ConfigurationText()
            .With("VirtualServers:smtp:Listen:0", "\"127.0.0.1:0\"").With("VirtualServers:smtp:Transparent", isTransparent)
            .With("Kestrel:Endpoints:Http:Url", "\"http://127.0.0.1:0\"").With("Relay:Engine", $"\"{engine}\"").Load().Configuration!;
        var before = Of(started, "false");

        var error = Assert.Single(ListenCheck.Check(Of(next, "true"), before, before));

        Assert.Equal(
            ("VirtualServers:smtp:Transparent", "is for event loops only, and Relay:Engine was 'sockets' at the start"),
            (error.Key, error.Rule));
    }

    private static LoadedConfiguration Configuration(string url, int port) => new ConfigurationText()
        .With("VirtualServers:smtp:Listen:0", "\"127.0.0.1:0\"")
        .With("Kestrel:Endpoints:Http:Url", $"\"{url.Replace("{0}", $"{port}", StringComparison.Ordinal)}\"").Load().Configuration!;
}
