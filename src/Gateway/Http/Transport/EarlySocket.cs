using System.Net;
using Gateway.EventLoop;

namespace Gateway.Http.Transport;

/// <summary>The socket of a client of which Kestrel does not know yet. Used on the loop's thread.</summary>
/// <param name="loop">The loop.</param>
/// <param name="fd">The socket.</param>
/// <param name="remote">The client.</param>
/// <param name="local">What it has reached.</param>
internal abstract class EarlySocket(Loop loop, int fd, IPEndPoint remote, IPEndPoint local) : ClientOutlet(loop, fd)
{
    /// <summary>The client; whoever a trusted proxy says it is.</summary>
    public IPEndPoint Remote { get; protected set; } = remote;

    /// <summary>What the client has reached.</summary>
    public IPEndPoint Local { get; protected set; } = local;

    /// <summary>Whether the two come from the header of a proxy, which has been taken off.</summary>
    public bool IsIntroduced { get; protected set; }

    /// <summary>Its neighbours in <see cref="EarlyConnections"/>, which alone touches them.</summary>
    internal EarlySocket? After { get; set; }

    internal EarlySocket? Before { get; set; }

    /// <summary>Begins with what has come already.</summary>
    public abstract void Start();

    /// <summary>Has it end as soon as it has no request in progress.</summary>
    public abstract void RequestClose();

    /// <summary>Adds what is in progress on it; from any thread.</summary>
    internal abstract void AddFlows(List<Clusters.ILiveFlow> flows);
}
