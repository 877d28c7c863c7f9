using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Commands;

namespace Gateway.Tests.Commands;

public class HealthCommandTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0)]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", 1)]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", 1)]
    [InlineData("nonsense\r\n\r\n", 1)]
    public async Task RunAsync_Answer_DecidesTheExitCode(string answer, int exitCode)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        var command = HealthCommand.RunAsync(new Uri($"http://{listener.LocalEndpoint}/healthz"));
        using var connection = await listener.AcceptTcpClientAsync();
        await connection.GetStream().ReadAtLeastAsync(new byte[1], 1);
        await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(answer));

        Assert.Equal(exitCode, await command);
    }

    [Fact]
    public async Task RunAsync_NobodyListens_Returns1()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = new Uri($"http://{listener.LocalEndpoint}/healthz");
        listener.Stop();

        Assert.Equal(1, await HealthCommand.RunAsync(address));
    }
}
