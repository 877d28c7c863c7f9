using System.Net;
using Gateway.Http.Forwarding;
using Gateway.Scheduling;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Http.Plain;

/// <summary>A request that is served on its connection; one object serves all of a connection.</summary>
internal sealed class LaneRequest(ConnectionContext connection, LaneClient client) : ProxiedRequest
{
    private readonly Flow _flow = FlowOf(connection);

    public LaneClient Client => client;

    public Exchange Exchange { get; } = new();

    /// <summary>What a scheduler may know of it.</summary>
    /// <param name="keySource">Null or <c>client</c>.</param>
    public Flow FlowFor(string? keySource) => keySource is null ? _flow : _flow with { Key = FlowKey.OfAddress(_flow.Client) };

    public override void Release()
    {
        base.Release();
        client.Release();
    }

    public override void Abort() =>
        connection.Abort(new ConnectionAbortedException("The destination was drained, and its deadline came."));

    private static Flow FlowOf(ConnectionContext connection)
    {
        var (client, local) = (connection.RemoteEndPoint as IPEndPoint, connection.LocalEndPoint as IPEndPoint);
        return new Flow(
            ClientAddresses.Unmap(client?.Address), client?.Port ?? 0, ClientAddresses.Unmap(local?.Address), local?.Port ?? 0);
    }
}
