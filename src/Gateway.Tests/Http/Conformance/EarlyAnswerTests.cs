using System.Globalization;
using System.Text;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Http.Conformance;

/// <summary>Destinations that answer in the middle of an upload: the client gets the answer whole, what it still sends is
/// drained, and its connection goes on.</summary>
public sealed class EarlyAnswerTests
{
    private const int Length = 2_000_000;
    private const string Early = "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig";

    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);

    public static IEnumerable<object[]> Cases =>
        from stack in HttpVariant.Own
        from isChunked in (bool[])[false, true]
        from isLogged in (bool[])[false, true]
        select new object[] { stack, isChunked, isLogged };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task AnswerInTheMiddleOfAnUpload_TheRestIsDrained(HttpVariant stack, bool isChunked, bool isLogged)
    {
        using var folder = new TemporaryFolder();
        using var destination = new TcpDestination();
        await using var gateway = await RunningGateway.StartAsync(stack.Configure(Configuration(destination, folder, isLogged)));
        using var errors = new ErrorRecorder();
        gateway.Services.GetRequiredService<ILoggerFactory>().AddProvider(errors);
        using var client = await Plain.LaneRig.ConnectAsync(gateway);

        await client.SendAsync(
            $"POST /early HTTP/1.1\r\nHost: a\r\n{(isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {Length}")}\r\n\r\n");
        await SendAsync(client, 1000, isChunked);
        using var accepted = await destination.AcceptedAsync();
        Assert.True(await accepted.ReceiveAsync(new byte[4096]).WaitAsync(_deadline) > 0);
        await accepted.SendAllAsync(Encoding.ASCII.GetBytes(Early));
        var answer = await client.Reader.ReadAnswerAsync();
        await SendAsync(client, Length - 1000, isChunked);
        await client.SendAsync($"{(isChunked ? "0\r\n\r\n" : "")}GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        using var next = await destination.AcceptedAsync();
        Assert.StartsWith("GET /next", (await new WireReader(next).ReadRequestAsync())!.StartLine, StringComparison.Ordinal);
        await next.SendAllAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext"u8.ToArray());

        Assert.Equal((413, "big"), (answer.Status, answer.Text));
        Assert.Equal("next", (await client.Reader.ReadAnswerAsync()).Text);
        Assert.Empty(errors.Lines);
    }

    private static async Task SendAsync(WireClient client, int length, bool isChunked)
    {
        for (var left = length; left > 0;)
        {
            var piece = Math.Min(left, 50_000);
            left -= piece;
            await client.SendAsync(isChunked ? piece.ToString("x", CultureInfo.InvariantCulture) + "\r\n" : "");
            await client.SendAsync(new byte[piece]);
            await client.SendAsync(isChunked ? "\r\n" : "");
        }
    }

    private static string Configuration(TcpDestination destination, TemporaryFolder folder, bool isLogged)
    {
        var json = Json.Proxy("rr", [Json.Destination("a", $"http://{destination.EndPoint}")]);
        return isLogged
            ? json.Insert(json.IndexOf('{', StringComparison.Ordinal) + 1, $$"""
                 "Telemetry": { "Listen": "127.0.0.1:0", "AccessLog": { "Enabled": true, "Path": "{{Path.Combine(folder.Path, "access.log")}}" } },
                """)
            : json;
    }
}
