using System.Net;
using Gateway.ProxyProtocol;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <content>What is read of the client before it is led anywhere, and told the destination.</content>
internal abstract partial class RelayConnection
{
    /// <summary>What is left of the time in which all must have been agreed with the client, its opening and TLS.</summary>
    protected TimeSpan HandshakeTimeLeft =>
        VirtualServer.Options.HandshakeTimeout - Age is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>What is to be read of the client before it is led anywhere; null, as mostly, when nothing is.</summary>
    protected Opening? NewOpening()
    {
        var options = VirtualServer.Options;
        var needsHello = VirtualServer.Choice.NeedsHello;
        var expectsHeader = options.ProxyProtocol.From.Count > 0 && IsProxy(options.ProxyProtocol.From, _flow.Client!);
        return expectsHeader || needsHello ? new Opening(expectsHeader, needsHello) : null;
    }

    /// <summary>Takes over what was read of the client; false when it must be refused, and the end is then set.</summary>
    protected bool TryLead(Opening opening)
    {
        if (opening.Header is { Source: { } source, Destination: { } reached })
        {
            _flow = _flow with
            {
                Client = source.Address,
                ClientPort = source.Port,
                Local = reached.Address,
                LocalPort = reached.Port,
            };
            Volatile.Write(ref _announcedClient, source);
        }

        _extensions = opening.Header.Extensions;
        if (VirtualServer.Choice.Find(opening.Hello) is not { } clusterId)
        {
            TrySetEnd(ConnectionEnd.Handshake);
            return false;
        }

        _clusterId = clusterId;
        if (opening.Hello?.ServerName is { } name && VirtualServer.Scheduler(clusterId)?.KeySource == HashInput.ServerName)
        {
            _flow = _flow with { Key = FlowKey.OfText(name) };
        }

        return true;
    }

    /// <summary>Writes the header that the destination is to get; returns its length, 0 when it gets none.</summary>
    /// <param name="target">Room for <see cref="ProxyHeaderWriter.MaxLength"/>.</param>
    protected int WriteProxyHeader(Span<byte> target) => VirtualServer.Options.ProxyProtocol.Send is not 0 and var version
        ? ProxyHeaderWriter.Write(
            target,
            version,
            new IPEndPoint(_flow.Client!, _flow.ClientPort),
            new IPEndPoint(_flow.Local ?? IPAddress.Any, _flow.LocalPort),
            _extensions.Span)
        : 0;

    private static bool IsProxy(IReadOnlyList<IPNetwork> networks, IPAddress client)
    {
        foreach (var network in networks)
        {
            if (network.Contains(client))
            {
                return true;
            }
        }

        return false;
    }
}
