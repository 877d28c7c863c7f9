using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Http.Conformance;
using Gateway.Tests.Support;

namespace Gateway.Tests.Http.Transport;

/// <summary>Clients that do not take the end of an answer, which Kestrel has handed over and has no time limit for.</summary>
public class UntakenAnswerTests
{
    // More than the kernel takes for a client whose window is closed, as a rule, and no more than that and what Kestrel may write ahead.
    private const int Length = 112 * 1024;

    [Theory]
    [InlineData("Connection: close\r\n")]
    [InlineData("")]
    public async Task ClientTakesNoMore_AnswerIsWrittenAndConnectionIsOver_IsClosed(string field)
    {
        await using var destination = await HttpDestination.StartAsync(
            "a", context => context.Response.Body.WriteAsync(new byte[Length]).AsTask());
        // So fast that Kestrel, if it had to wait for room, would not wait for minutes: it gives each byte its time.
        await using var gateway = await RunningGateway.StartAsync(new HttpVariant("loops", "yarp").Configure(
            Json.Proxy("rr", [Json.Destination("a", destination.Address)]).Insert(1, """
                 "Kestrel": {
                   "Endpoints": { "http": { "Url": "http://127.0.0.1:0" } },
                   "Limits": {
                     "KeepAliveTimeout": "00:00:02", "MinResponseDataRate": { "BytesPerSecond": 100000, "GracePeriod": "00:00:02" } } },
                """)));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await client.ConnectAsync("127.0.0.1", gateway.Client.BaseAddress!.Port);

        await client.SendAllAsync(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: a\r\n{field}\r\n"));

        Assert.Equal(1, await client.ReceiveAsync(new byte[1]));
        await Eventually.TrueAsync(() => !IsOpen(client), "Gateway has closed the connection");
    }

    private static bool IsOpen(Socket client) => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections().Any(
        end => end.LocalEndPoint.Equals(client.RemoteEndPoint) && end.RemoteEndPoint.Equals(client.LocalEndPoint)
            && end.State == TcpState.Established);
}
