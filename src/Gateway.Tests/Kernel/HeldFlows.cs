using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Kernel;

/// <summary>Connections that stay open while things change, and what became of each.</summary>
internal sealed class HeldFlows : IDisposable
{
    private readonly List<(BedClient Client, string Server)> _flows = [];

    /// <summary>The server of each.</summary>
    public IEnumerable<string> Servers => _flows.Select(flow => flow.Server);

    public async Task OpenAsync(KernelBed bed, IPAddress vip, int count, int port = BedJson.Tcp)
    {
        for (var i = 0; i < count; i++)
        {
            var client = await BedClient.ConnectAsync(bed.Client, vip, port);
            _flows.Add((client, await client.AskAsync(isSeen: false)));
        }
    }

    /// <summary>Asks over all of them: how many answered from the server they had, how many were reset or moved.</summary>
    public async Task<string> AskAllAsync()
    {
        var results = new List<string>();
        foreach (var (client, server) in _flows.ToArray())
        {
            try
            {
                results.Add(await client.AskAsync(isSeen: false) == server ? "stayed" : "moved");
            }
            catch (SocketException)
            {
                results.Add($"of {server} reset");
                client.Dispose();
                _flows.Remove((client, server));
            }
        }

        return string.Join(", ", results.CountBy(result => result).OrderByDescending(pair => pair.Key == "stayed").Select(pair => $"{pair.Value} {pair.Key}"));
    }

    public void Dispose() => _flows.ForEach(flow => flow.Client.Dispose());
}
