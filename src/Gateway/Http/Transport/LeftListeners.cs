namespace Gateway.Http.Transport;

/// <summary>Listeners that were taken away while the program goes on: their endpoint was changed, or removed.</summary>
/// <remarks>Kestrel stops an endpoint before it begins the new one, and gives its connections five seconds. So that it need not
/// wait, and cuts nothing off, it is made to let go of them; who does that is told here.</remarks>
internal sealed class LeftListeners(IHostApplicationLifetime lifetime)
{
    /// <summary>One was taken away; its <see cref="ClientListener.IsLeft"/> is set.</summary>
    public event Action<ClientListener>? Left;

    /// <summary>Tells of one that has stopped to listen; false when it did so because the program stops, in which case its connections
    /// end as they do then.</summary>
    public bool TryAdd(ClientListener listener)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return false;
        }

        listener.IsLeft = true;
        Left?.Invoke(listener);
        return true;
    }
}
