using System.Net;
using Gateway.Clusters;

namespace Gateway.Kernel.Services;

/// <summary>Whether NAT can do without connection tracking, for the virtual servers of a snapshot that ask for it: wherever an
/// answer can be told by where it comes from and goes to.</summary>
internal sealed class StatelessChoice
{
    private readonly Topology _topology;
    private readonly Dictionary<(bool IsUdp, IPEndPoint EndPoint), List<string>> _users = [];

    /// <param name="snapshot">What is wanted.</param>
    /// <param name="topology">What is known of the machine.</param>
    public StatelessChoice(Snapshot snapshot, Topology topology)
    {
        _topology = topology;
        if (!snapshot.VirtualServers.Any(server => server.Stateless))
        {
            return;
        }

        // Where destinations see this machine as the client, answers are for itself; with direct they come from the virtual address.
        foreach (var server in snapshot.VirtualServers.Where(server =>
            server is { Forwarding: "nat", Masquerade: false } or { Forwarding: "relay", Transparent: true }))
        {
            foreach (var destination in snapshot.FindCluster(server.ClusterId)?.Destinations ?? [])
            {
                if (destination.EndPoint is IPEndPoint endPoint)
                {
                    var key = (server.Protocol == "udp", endPoint);
                    if (!_users.TryGetValue(key, out var users))
                    {
                        _users[key] = users = [];
                    }

                    if (!users.Contains(server.Id))
                    {
                        users.Add(server.Id);
                    }
                }
            }
        }
    }

    /// <summary>Why connection tracking is needed; null when it is not.</summary>
    /// <param name="options">The virtual server.</param>
    /// <param name="listen">Its addresses of a family.</param>
    /// <param name="destinations">Its destinations of that family.</param>
    public string? WhyNot(VirtualServerOptions options, IReadOnlyList<IPEndPoint> listen, IEnumerable<Destination> destinations)
    {
        if (_topology.WhyNotStateless is { } why)
        {
            return why;
        }

        if (options.Masquerade)
        {
            return "Masquerade gives connections ports of this machine";
        }

        if (options.OnePacket)
        {
            return "with OnePacket nothing tells whose answer a datagram is";
        }

        if (listen.Count > 1)
        {
            return $"it listens on {listen[0]} and {listen[1]}, and nothing tells from which of them an answer is";
        }

        foreach (var destination in destinations)
        {
            if (destination.EndPoint is IPEndPoint endPoint
                && _users.GetValueOrDefault((options.Protocol == "udp", endPoint)) is { Count: > 1 } users)
            {
                return $"destination {destination.Id}, {endPoint}, is one of {users.First(id => id != options.Id)} too, and nothing tells whose an "
                    + "answer is";
            }
        }

        return null;
    }
}
