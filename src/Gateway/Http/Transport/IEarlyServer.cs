using System.Net;

namespace Gateway.Http.Transport;

/// <summary>Somebody who serves the connections of an endpoint before Kestrel knows of them.</summary>
internal interface IEarlyServer
{
    /// <summary>Whether connections begin here; else they are Kestrel's from their first byte.</summary>
    bool IsOn { get; }

    /// <summary>Takes a connection on, which is among those of an entrance until it says that it is not; on its loop's thread.
    /// </summary>
    EarlySocket Open(EarlyConnections home, int fd, IPEndPoint remote, IPEndPoint local);

    /// <summary>An entrance begins to have connections.</summary>
    void Opened(EarlyConnections connections);

    /// <summary>The entrance has no connections any more, and gets none.</summary>
    void Closed(EarlyConnections connections);
}
