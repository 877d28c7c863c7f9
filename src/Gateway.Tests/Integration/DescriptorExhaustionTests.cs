using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Support;

namespace Gateway.Tests.Integration;

/// <summary>The program with far fewer file descriptors than its clients need.</summary>
public class DescriptorExhaustionTests
{
    private const int Clients = 150;

    // Some hundred are .NET's and Kestrel's own.
    private const int Descriptors = 320;

    private static readonly string _program = Path.Combine(AppContext.BaseDirectory, "Gateway.dll");
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    [NeedsTheory("prlimit")]
    [InlineData("auto")]
    [InlineData("sockets")]
    public async Task Run_OutOfDescriptors_KeepsClientsWaitingAndServesThemAll(string engine)
    {
        using var folder = new TemporaryFolder();
        using var destination = TcpDestination.Named("A");
        var listener = new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));
        var file = Path.Combine(folder.Path, "appsettings.json");
        var json = Json.Relay(
            "rr", [Json.Destination("a", $"tcp://{destination.EndPoint}")], listen: $"\"{listener}\"",
            serverMore: """ "ConnectTimeout": "00:01:00", """);
        await File.WriteAllTextAsync(file, json.Insert(json.IndexOf('{') + 1, $$"""
             "Telemetry": { "Listen": "127.0.0.1:0" }, "Management": { "Listen": [] }, "Relay": { "Engine": "{{engine}}", "Loops": 2 },
            """));
        await using var gateway = DebianProcess.Start(
            "prlimit", $"--nofile={Descriptors}", "dotnet", _program, "run", "--config", file);
        await gateway.WaitUntilListeningAsync(listener);

        // All are connected as far as they can tell: those that are not accepted wait in the kernel's queue.
        var clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => ConnectAsync(listener)));
        var answers = clients.ToDictionary(client => client, ReadAsync);
        await Eventually.TrueAsync(
            () => gateway.Output.Contains("cannot accept connections", StringComparison.Ordinal), "the shortage is told");
        await Eventually.TrueAsync(() => gateway.IsQuietAsync(), "nothing spins");
        Assert.InRange(answers.Values.Count(answer => answer.IsCompleted), 1, Clients - 1);

        // Each that is served makes room for another, until none is left.
        for (var served = 0; served < Clients; served++)
        {
            var answer = await Task.WhenAny(answers.Values).WaitAsync(_deadline);
            var client = answers.First(entry => entry.Value == answer).Key;
            Assert.Equal("A", await answer);
            answers.Remove(client);
            client.Dispose();
        }

        // By each loop once, however often the shortage came and went.
        Assert.InRange(gateway.Output.Split("cannot accept connections").Length - 1, 1, 2);
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint endPoint)
    {
        var client = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(endPoint);
        return client;
    }

    private static async Task<string> ReadAsync(Socket client)
    {
        var answer = new byte[1];
        return await client.ReceiveAsync(answer) == 1 ? ((char)answer[0]).ToString() : "the end";
    }
}
