using System.Net;

namespace Gateway.Relay;

/// <summary>Accepts connections and moves their bytes: by .NET sockets anywhere, by event loops on Linux.</summary>
internal interface IRelayEngine : IDisposable
{
    /// <summary>Listens and accepts, alone on the port; throws <see cref="System.Net.Sockets.SocketException"/>, or
    /// <see cref="NotSupportedException"/> when the engine does not do the virtual server's protocol.</summary>
    IRelayListener Listen(IPEndPoint endPoint, VirtualServer virtualServer);
}

/// <summary>One address that connections are accepted on. Disposing stops accepting; connections run on.</summary>
internal interface IRelayListener : IDisposable
{
    /// <summary>The address listened on, with the port the system chose if it was asked to.</summary>
    IPEndPoint EndPoint { get; }

    /// <summary>The virtual server of the next connection.</summary>
    VirtualServer VirtualServer { get; set; }
}
