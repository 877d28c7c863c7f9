using System.Net;
using System.Net.Sockets;
using Gateway.EventLoop;

namespace Gateway.Http.Transport;

/// <summary>Listeners that were taken away while the program goes on: their endpoint was changed, or removed.</summary>
/// <remarks>Kestrel stops an endpoint before it begins the new one, and gives its connections five seconds. So that it need not
/// wait, and cuts nothing off, it is made to let go of them; who does that is told here. The sockets of an endpoint that is to go on
/// stay open meanwhile: clients wait in the kernel's queue for the next listener.</remarks>
internal sealed class LeftListeners(IHostApplicationLifetime lifetime, TimeProvider time) : IDisposable
{
    // Kestrel begins the new endpoint at once, unless it cannot.
    private static readonly TimeSpan _kept = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<EndPoint, (IReadOnlyList<Socket> Sockets, ITimer Expiry)> _sockets = [];

    /// <summary>One was taken away; its <see cref="ClientListener.IsLeft"/> is set.</summary>
    public event Action<ClientListener>? Left;

    /// <summary>Whether the configuration in force, which may be newer than the listeners, has an endpoint at this address.</summary>
    public Func<IPEndPoint, bool> IsWanted { get; set; } = _ => false;

    /// <summary>Whether a listener that is being stopped is one of them; else the program stops.</summary>
    public bool IsLeaving => !lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>Tells of one that has stopped to listen.</summary>
    public void Tell(ClientListener listener)
    {
        listener.IsLeft = true;
        Left?.Invoke(listener);
    }

    /// <summary>Keeps the sockets of an endpoint for the next listener there.</summary>
    public void Keep(EndPoint endPoint, IReadOnlyList<Socket> sockets)
    {
        lock (_gate)
        {
            _sockets[endPoint] = (sockets, time.CreateTimer(_ => Close(endPoint), null, _kept, Timeout.InfiniteTimeSpan));
        }
    }

    /// <summary>The sockets that were kept for an endpoint; null when there are none.</summary>
    public IReadOnlyList<Socket>? Take(EndPoint endPoint)
    {
        lock (_gate)
        {
            if (!_sockets.Remove(endPoint, out var kept))
            {
                return null;
            }

            kept.Expiry.Dispose();
            return kept.Sockets;
        }
    }

    /// <summary>Closes what nobody has taken: the start, or a change, has failed, and the program stops.</summary>
    public void Dispose()
    {
        EndPoint[] kept;
        lock (_gate)
        {
            kept = [.. _sockets.Keys];
        }

        Array.ForEach(kept, Close);
    }

    private void Close(EndPoint endPoint)
    {
        foreach (var socket in Take(endPoint) ?? [])
        {
            ListenSocket.Close(socket);
        }
    }
}
