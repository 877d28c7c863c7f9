using System.Net;

namespace Gateway.Tests.Support;

/// <summary>A real HAProxy with one TCP proxy on a free loopback port.</summary>
internal sealed class HAProxy : IAsyncDisposable
{
    private readonly string _file = Path.GetTempFileName();
    private DebianProcess? _process;

    private HAProxy(IPEndPoint endPoint) => EndPoint = endPoint;

    public IPEndPoint EndPoint { get; }

    /// <param name="directives">Lines of the proxy's section.</param>
    /// <param name="server">Its <c>server</c> line.</param>
    /// <param name="bind">Words after the address in <c>bind</c>.</param>
    public static async Task<HAProxy> StartAsync(string directives, string server, string bind = "")
    {
        var haproxy = new HAProxy(new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback)));
        await File.WriteAllTextAsync(haproxy._file, $$"""
            defaults
              mode tcp
              timeout connect 5s
              timeout client 30s
              timeout server 30s
            listen l
              bind {{haproxy.EndPoint}} {{bind}}
            {{directives}}
              {{server}}

            """);
        haproxy._process = DebianProcess.Start("haproxy", "-db", "-f", haproxy._file);
        await haproxy._process.WaitUntilListeningAsync(haproxy.EndPoint);
        return haproxy;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        File.Delete(_file);
    }
}
