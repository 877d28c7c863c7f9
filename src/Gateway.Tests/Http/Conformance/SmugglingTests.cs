using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Support;

namespace Gateway.Tests.Http.Conformance;

/// <summary>Raw requests of <see cref="SmugglingCases"/> before real servers: the hidden request is never answered, and the next
/// client never gets somebody else's answer.</summary>
public sealed class SmugglingTests
{
    private const int AtOnce = 12;

    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);

    public static IEnumerable<object[]> Stacks => HttpVariant.All.Select(stack => new object[] { stack });

    [Fact]
    public void Cases_AreMany() => Assert.InRange(SmugglingCases.All.Distinct().Count(), 60, 200);

    [NeedsTheory("nginx")]
    [MemberData(nameof(Stacks))]
    public async Task BeforeNginx_NothingIsSmuggled(HttpVariant stack)
    {
        await using var nginx = await Nginx.StartAsync("good", server: "location = /evil { return 200 evil; }");

        await AttackAsync(stack, nginx.EndPoint);
    }

    [NeedsTheory("haproxy")]
    [MemberData(nameof(Stacks))]
    public async Task BeforeHaproxy_NothingIsSmuggled(HttpVariant stack)
    {
        using var folder = new TemporaryFolder();
        var endPoint = new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));
        var file = Path.Combine(folder.Path, "haproxy.cfg");
        await File.WriteAllTextAsync(file, $"""
            defaults
              mode http
              timeout client 10s
              timeout connect 10s
              timeout server 10s
            frontend web
              bind {endPoint}
              http-request return status 200 content-type text/plain string evil if {"{ path /evil }"}
              http-request return status 200 content-type text/plain string good

            """);
        await using var haproxy = DebianProcess.Start("haproxy", "-db", "-f", file);
        await haproxy.WaitUntilListeningAsync(endPoint);

        await AttackAsync(stack, endPoint);
    }

    private static async Task AttackAsync(HttpVariant stack, IPEndPoint destination)
    {
        await using var gateway = await RunningGateway.StartAsync(
            stack.Configure(Json.Proxy("rr", [Json.Destination("a", $"http://{destination}")])));
        foreach (var attacks in SmugglingCases.All.Chunk(AtOnce))
        {
            var attacked = await Task.WhenAll(attacks.Select(attack => SendAsync(gateway, attack)));

            for (var i = 0; i < attacks.Length; i++)
            {
                var isAnswered = attacked[i].Contains("evil", StringComparison.Ordinal) && !IsInOrder(attacked[i]);
                Assert.False(isAnswered, $"{attacks[i]}\n->\n{attacked[i]}");
            }

            // More than connections were left behind.
            var victims = Enumerable.Range(0, AtOnce + 2).Select(_ => gateway.Client.GetStringAsync("/victim").WaitAsync(_deadline));
            Assert.All(await Task.WhenAll(victims), answer => Assert.Equal("good", answer));
        }
    }

    /// <summary>
    /// Where Kestrel reads the body as ended, what follows is a request of the same client, which it may well send: it is
    /// answered after, and apart from, the first one.
    /// </summary>
    private static bool IsInOrder(string answers) =>
        answers.Split("HTTP/1.1 ").Skip(1).ToArray() is [{ } first, { } second]
        && !first.Contains("evil", StringComparison.Ordinal)
        && second.StartsWith("200", StringComparison.Ordinal);

    private static async Task<string> SendAsync(RunningGateway gateway, string request)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", gateway.Client.BaseAddress!.Port);
        await socket.SendAsync(Encoding.Latin1.GetBytes(request));
        var answers = "";
        var buffer = new byte[16 * 1024];
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(150));
            while (await socket.ReceiveAsync(buffer.AsMemory(), patience.Token) is var length and > 0)
            {
                answers += Encoding.Latin1.GetString(buffer, 0, length);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // Refused with a reset, or waiting for the rest of a request that never comes.
        }

        return answers;
    }
}
