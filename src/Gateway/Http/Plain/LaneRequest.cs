using Gateway.Http.Forwarding;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Http.Plain;

/// <summary>A request that is served on its connection; one object serves all of a connection.</summary>
internal sealed class LaneRequest(ConnectionContext connection, LaneClient client) : ProxiedRequest
{
    public LaneClient Client => client;

    public Exchange Exchange { get; } = new();

    public override void Abort() =>
        connection.Abort(new ConnectionAbortedException("The destination was drained, and its deadline came."));
}
