using Microsoft.AspNetCore.Connections.Features;

namespace Gateway.Http.Transport;

/// <summary>What is done once a second for a connection: Kestrel looks at its timeouts. Goes on when Kestrel has let go of it.</summary>
/// <param name="kestrels">Kestrel's own, which calls while it has the connection.</param>
internal sealed class Heartbeat(IConnectionHeartbeatFeature kestrels) : IConnectionHeartbeatFeature
{
    private readonly Lock _gate = new();
    private readonly List<(Action<object> Action, object State)> _actions = new(1);

    public void OnHeartbeat(Action<object> action, object state)
    {
        lock (_gate)
        {
            _actions.Add((action, state));
        }

        kestrels.OnHeartbeat(action, state);
    }

    /// <summary>Does it once.</summary>
    public void Beat()
    {
        (Action<object> Action, object State)[] actions;
        lock (_gate)
        {
            actions = [.. _actions];
        }

        foreach (var (action, state) in actions)
        {
            action(state);
        }
    }
}
